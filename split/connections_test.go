package split_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/splitcheck/splitcheck/split"
)

func TestConnectionsInterleaved(t *testing.T) {
	// Two connections taking turns, as from a pool: three hits on each.
	tally := &split.Tally{}
	for i := range uint64(6) {
		tally.Add(hit(i, i%2, map[uint64]string{0: "v1", 1: "v2"}[i%2]))
	}
	tally.Close()
	assert.EqualValues(t, 2, tally.Connections.Count)
	assert.Equal(t, map[int]int64{3: 2}, tally.Connections.Sizes)
	assert.Equal(t, map[string]map[int]map[int]int64{"v1": {3: {3: 1}}, "v2": {3: {3: 1}}}, tally.Connections.Hits)
}

func TestAConnectionThatHasCarriedAllIsCountedAtOnce(t *testing.T) {
	for _, reuse := range []int{1, 2, 10} {
		tally := &split.Tally{}
		tally.Connections.Reuse = reuse
		for i := range uint64(1000) {
			tally.Add(hit(i, i/uint64(reuse), "v1"))
		}
		before := tally.Connections.Count
		tally.Close()
		assert.EqualValues(t, 1000/reuse, before)
		assert.Equal(t, before, tally.Connections.Count)
		assert.Equal(t, map[int]int64{reuse: int64(1000 / reuse)}, tally.Connections.Sizes)
	}
}

func TestConnectionsInBoundedMemory(t *testing.T) {
	// A hundred thousand connections that a server closed after two of at
	// most a hundred requests: the histogram stays as small as it is.
	tally := &split.Tally{}
	tally.Connections.Reuse = 100
	for i := range uint64(200_000) {
		tally.Add(hit(i, i/2, "v1"))
	}
	tally.Close()
	assert.EqualValues(t, 100_000, tally.Connections.Count)
	assert.Equal(t, map[int]int64{2: 100_000}, tally.Connections.Sizes)
}

func TestErrorsOpenNoConnection(t *testing.T) {
	tally := &split.Tally{}
	tally.Add(split.Answer{Connection: 5, Outcome: split.Error, Kind: "refused"})
	tally.Close()
	assert.Zero(t, tally.Connections.Count)
}
