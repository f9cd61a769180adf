package split_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/splitcheck/splitcheck/split"
)

func TestConnectionsInterleaved(t *testing.T) {
	// Two connections taking turns, as from a pool: three hits on each.
	tally := &split.Tally{}
	tally.Connections.Reuse = 3
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
		answer := hit(i, i/2, "v1")
		answer.Ends = i%2 == 1
		tally.Add(answer)
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

// A connection that is open at the end is one that a slow answer holds: it is
// counted, and not compared.
func TestConnectionsThatHaveNotEndedAreNotCompared(t *testing.T) {
	tally := &split.Tally{}
	tally.Connections.Reuse = 4
	for i, connection := range []uint64{1, 2, 1, 2, 3, 1, 1} {
		tally.Add(hit(uint64(i), connection, "v1"))
	}
	tally.Close()
	assert.EqualValues(t, 3, tally.Connections.Count)
	assert.Equal(t, map[int]int64{4: 1}, tally.Connections.Sizes)
	assert.Equal(t, []int64{3, 2, 1, 1}, tally.Connections.Places["v1"])
}

// Where a connection may carry any number, each is compared in pieces of 2, 2, 4,
// 8, 16 and 32 hits: of 100 that leaves 4 + 32.
func TestLongConnectionsAreComparedInPieces(t *testing.T) {
	for _, reuse := range []int{0, 1000} {
		tally := &split.Tally{}
		tally.Connections.Reuse = reuse
		for i := range uint64(200) {
			tally.Add(hit(i, i%2, "v1"))
		}
		tally.Close()
		assert.EqualValues(t, 2, tally.Connections.Count)
		assert.Equal(t, map[int]int64{2: 4, 4: 2, 8: 2, 16: 2, 32: 4}, tally.Connections.Sizes)
		assert.EqualValues(t, 100-15, tally.Connections.Places["v1"][15]/2, "all from the sixteenth on")
	}
}

func TestLengthsAreDrawnUpToTheReuse(t *testing.T) {
	assert.Zero(t, split.Length(7, 0))
	assert.Equal(t, 1, split.Length(7, 1))
	seen := map[int]int{}
	for connection := range uint64(6000) {
		seen[split.Length(connection, 10)]++
	}
	for length := 5; length <= 10; length++ {
		// Six lengths with 1,000 each; the standard deviation is 29.
		assert.InDelta(t, 1000, seen[length], 130, "%d requests", length)
	}
	assert.Len(t, seen, 6)
}

// Of six connections with two requests each, one is cut by the middle of twelve
// requests. Parts are in units of 2^-32.
func TestSpansTellTheHalvesApart(t *testing.T) {
	tally := &split.Tally{}
	tally.Connections.Reuse = 2
	for i, connection := range []uint64{1, 1, 2, 2, 3, 4, 3, 4, 5, 5, 6, 6} {
		answer := hit(uint64(i), connection, []string{"v1", "v2"}[i%2])
		if i == 1 {
			answer.Outcome, answer.Kind = split.Error, "timeout"
		}
		tally.Add(answer)
	}
	first, second := tally.Connections.Spans.Between(0, 6), tally.Connections.Spans.Between(6, 12)
	assert.EqualValues(t, 2, first.Connections)
	assert.Equal(t, map[string]int64{"v1": 1 << 32, "v2": 1 << 31}, first.Parts)
	assert.EqualValues(t, 1<<31, first.Lost)
	assert.EqualValues(t, 2, second.Connections)
	for i := range uint64(5000) {
		tally.Add(hit(12+i, 7+i/2, "v1"))
	}
	assert.EqualValues(t, 8, tally.Connections.Spans.Size, "5,012 requests in at most 1,024 blocks")
	assert.EqualValues(t, 2506, tally.Connections.Spans.Between(0, 6000).Connections)
}

// Requests that are dispatched at once may change places on their connection: the
// one that ends it comes before another here.
func TestAConnectionEndsWithItsLastRequest(t *testing.T) {
	tally := &split.Tally{}
	tally.Connections.Reuse = 10
	for i, place := range []int{1, 3, 2} {
		answer := hit(uint64(i), 5, []string{"", "v1", "v2", "v3"}[place])
		answer.Place, answer.Ends = place, place == 3
		tally.Add(answer)
	}
	assert.EqualValues(t, 1, tally.Connections.Count)
	assert.Equal(t, map[int]int64{3: 1}, tally.Connections.Sizes)
	assert.Equal(t, map[string][]int64{"v1": {1}, "v2": {0, 1}, "v3": {0, 0, 1}}, tally.Connections.Places)
}
