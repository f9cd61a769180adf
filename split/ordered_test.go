package split_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/split"
)

func TestOrderedIsTheTallyOfTheDispatchOrder(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	for range 20 {
		list := answers(random, 500, 5)
		arrived := make([]split.Answer, 0, len(list))
		// A slow canary: v2 arrives up to 40 answers late.
		var late []split.Answer
		for _, each := range list {
			if each.Version == "v2" {
				late = append(late, each)
			} else {
				arrived = append(arrived, each)
			}
			if len(late) == 40 {
				random.Shuffle(len(late), func(i, j int) { late[i], late[j] = late[j], late[i] })
				arrived, late = append(arrived, late...), nil
			}
		}
		arrived = append(arrived, late...)

		ordered := split.Ordered{Tally: &split.Tally{}}
		for _, each := range arrived {
			ordered.Add(each)
		}
		require.Zero(t, ordered.Waiting())
		ordered.Close()
		assert.Equal(t, tallied(list), ordered.Tally)
	}
}

func TestOrderedHoldsOnlyWhatWaits(t *testing.T) {
	ordered := split.Ordered{Tally: &split.Tally{}}
	for n := uint64(1); n <= 1000; n++ {
		ordered.Add(hit(n, n, "v1"))
	}
	assert.Equal(t, 1000, ordered.Waiting(), "number 0 is still in flight")
	assert.Zero(t, ordered.Tally.Requests())
	ordered.Add(hit(0, 0, "v2"))
	assert.Zero(t, ordered.Waiting())
	assert.EqualValues(t, 1001, ordered.Tally.Requests())
	assert.EqualValues(t, 1, ordered.Tally.Sequence.Transitions["v2"]["v1"])
}

func TestAnInterruptedSampleKeepsWhatArrived(t *testing.T) {
	ordered := split.Ordered{Tally: &split.Tally{}}
	for _, n := range []uint64{0, 1, 7, 4, 5} {
		ordered.Add(hit(n, n, map[bool]string{true: "late", false: "v1"}[n > 3]))
	}
	ordered.Close()
	assert.EqualValues(t, 5, ordered.Tally.Requests())
	assert.EqualValues(t, 1, ordered.Tally.Sequence.Transitions["v1"]["late"])
	assert.EqualValues(t, 2, ordered.Tally.Sequence.Transitions["late"]["late"])
}

func TestOrderedDropsNothingWhoseNumberRecurs(t *testing.T) {
	ordered := split.Ordered{Tally: &split.Tally{}}
	for _, n := range []uint64{0, 0, 3, 3, 1, 2, 1} {
		ordered.Add(hit(n, n, "v1"))
	}
	ordered.Close()
	assert.EqualValues(t, 7, ordered.Tally.Requests())
}

func TestASampleEndsWithTheAnswerThatStopsIt(t *testing.T) {
	for _, arrival := range [][]uint64{{0, 1, 2, 3, 4, 5}, {5, 4, 3, 2, 1, 0}, {2, 0, 1, 5, 3, 4}} {
		var asked []uint64
		ordered := split.Ordered{Tally: &split.Tally{}, Stop: func(t *split.Tally, last split.Answer) bool {
			asked = append(asked, last.Number)
			return t.Requests() == 4
		}}
		for _, n := range arrival {
			ordered.Add(hit(n, n, "v1"))
		}
		ordered.Close()
		assert.Equal(t, []uint64{0, 1, 2, 3}, asked, "whoever was faster")
		assert.True(t, ordered.Stopped())
		assert.EqualValues(t, 4, ordered.Tally.Requests())
	}
}

func TestCutLeavesOutWhatWaits(t *testing.T) {
	ordered := split.Ordered{Tally: &split.Tally{}}
	for _, n := range []uint64{0, 1, 7, 4} {
		ordered.Add(hit(n, n, "v1"))
	}
	ordered.Cut()
	assert.EqualValues(t, 2, ordered.Tally.Requests())
	assert.Zero(t, ordered.Waiting())
	assert.False(t, ordered.Stopped())
}
