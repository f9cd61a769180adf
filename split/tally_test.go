package split_test

import (
	"encoding/json"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/split"
)

func hit(number, connection uint64, version string) split.Answer {
	return split.Answer{Number: number, Connection: connection, Outcome: split.Hit, Version: version}
}

func TestTallyCountsEveryAnswer(t *testing.T) {
	var tally split.Tally
	assert.Zero(t, tally.Requests(), "the zero value is an empty tally")
	tally.Add(hit(0, 1, "v1"))
	tally.Add(hit(1, 1, "v1"))
	tally.Add(split.Answer{Number: 2, Connection: 1, Outcome: split.Error, Kind: "timeout", Example: "after 10 s"})
	tally.Add(hit(3, 2, "v2"))
	tally.Add(split.Answer{Number: 4, Connection: 2, Outcome: split.Unidentified, Kind: "no marker", Example: "<html>"})
	tally.Add(split.Answer{Number: 5, Connection: 2, Outcome: split.Error, Kind: "timeout", Example: "another"})
	tally.Close()

	assert.Equal(t, map[string]int64{"v1": 2, "v2": 1}, tally.Versions)
	assert.Equal(t, map[string]int64{"timeout": 2}, tally.Errors)
	assert.Equal(t, map[string]int64{"no marker": 1}, tally.Unidentified)
	assert.Equal(t, map[string]string{"timeout": "after 10 s", "no marker": "<html>"}, tally.Examples, "the first of a kind")
	assert.EqualValues(t, 3, tally.Hits())
	assert.EqualValues(t, 2, tally.Failed())
	assert.EqualValues(t, 1, tally.Unknown())
	assert.EqualValues(t, 6, tally.Requests())
	assert.Equal(t, map[string]map[string]int64{"v1": {"v1": 1, "v2": 1}}, tally.Sequence.Transitions,
		"errors and unidentified answers are left out of the order")
	assert.EqualValues(t, 1, tally.Sequence.Segments)
	assert.EqualValues(t, 2, tally.Connections.Count)
	assert.Equal(t, map[int]int64{2: 1}, tally.Connections.Sizes, "one hit alone shows nothing of its connection")
	assert.Equal(t, map[string]map[int]map[int]int64{"v1": {2: {2: 1}}}, tally.Connections.Hits)
}

// answers draws a sample whose connections carry at most reuse requests.
func answers(random *rand.Rand, n, reuse int) []split.Answer {
	list := make([]split.Answer, n)
	for i := range list {
		list[i] = split.Answer{Number: uint64(i), Connection: uint64(i / reuse)}
		switch u := random.IntN(20); {
		case u < 12:
			list[i].Version = "v1"
		case u < 17:
			list[i].Version = "v2"
		case u < 18:
			list[i].Outcome, list[i].Kind, list[i].Example = split.Error, "status 503", string(rune('a'+random.IntN(26)))
		default:
			list[i].Outcome, list[i].Kind, list[i].Example = split.Unidentified, "no marker", string(rune('a'+random.IntN(26)))
		}
	}
	return list
}

func tallied(list []split.Answer) *split.Tally {
	tally := &split.Tally{}
	for _, each := range list {
		tally.Add(each)
	}
	tally.Close()
	return tally
}

func TestMergingLosesNothingInAnyOrder(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 1))
	for range 50 {
		list := answers(random, 600, 5)
		whole := tallied(list)
		// Workers whose connections do not cross.
		parts := []*split.Tally{tallied(list[:100]), tallied(list[100:105]), tallied(list[105:400]), tallied(nil), tallied(list[400:])}
		forwards, backwards := &split.Tally{}, &split.Tally{}
		for i := range parts {
			forwards.Merge(parts[i])
			backwards.Merge(parts[len(parts)-1-i])
		}
		require.Equal(t, forwards, backwards, "merging commutes")

		assert.Equal(t, whole.Versions, forwards.Versions)
		assert.Equal(t, whole.Errors, forwards.Errors)
		assert.Equal(t, whole.Unidentified, forwards.Unidentified)
		assert.Equal(t, whole.Connections, forwards.Connections)
		assert.Equal(t, whole.Blocks, forwards.Blocks)
		var followed int64
		for from, row := range forwards.Sequence.Transitions {
			for to, n := range row {
				followed += n
				assert.LessOrEqual(t, n, whole.Sequence.Transitions[from][to])
			}
		}
		assert.Equal(t, forwards.Hits(), followed+forwards.Sequence.Segments, "a segment has one hit more than transitions")
	}
}

func TestMergeLeavesTheOtherAlone(t *testing.T) {
	list := answers(rand.New(rand.NewPCG(1, 1)), 100, 5)
	other, before := tallied(list), tallied(list)
	var sum split.Tally
	sum.Merge(other)
	sum.Merge(other)
	assert.Equal(t, before, other)
	assert.Equal(t, 2*before.Hits(), sum.Hits())
	assert.Equal(t, 2*before.Connections.Count, sum.Connections.Count)
}

func TestTallyTravelsAsJSON(t *testing.T) {
	tally := tallied(answers(rand.New(rand.NewPCG(2, 1)), 200, 7))
	written, err := json.Marshal(tally)
	require.NoError(t, err)
	var read split.Tally
	require.NoError(t, json.Unmarshal(written, &read))
	assert.Equal(t, tally.Versions, read.Versions)
	assert.Equal(t, tally.Sequence.Transitions, read.Sequence.Transitions)
	assert.Equal(t, tally.Sequence.Segments, read.Sequence.Segments)
	assert.Equal(t, tally.Blocks, read.Blocks)
	assert.Equal(t, tally.Connections.Hits, read.Connections.Hits)
	assert.Equal(t, tally.Connections.Sizes, read.Connections.Sizes)
	assert.Equal(t, tally.Examples, read.Examples)
}
