package split_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/splitcheck/splitcheck/split"
)

func TestBlocksDoubleWhenTheyAreFull(t *testing.T) {
	tally := &split.Tally{}
	for n := range uint64(1024) {
		tally.Add(hit(n, n, "v1"))
	}
	assert.EqualValues(t, 1, tally.Blocks.Size)
	assert.Len(t, tally.Blocks.Hits["v1"], 1024)
	tally.Add(hit(1024, 1024, "v2"))
	assert.EqualValues(t, 2, tally.Blocks.Size)
	assert.Len(t, tally.Blocks.Hits["v1"], 512)
	assert.EqualValues(t, 2, tally.Blocks.Hits["v1"][511])
	assert.Equal(t, int64(1), tally.Blocks.Hits["v2"][512])
	for n := uint64(1025); n < 10_000; n++ {
		tally.Add(hit(n, n, "v2"))
	}
	// 10,000 requests take blocks of 16: the first 64 held v1 alone.
	assert.EqualValues(t, 16, tally.Blocks.Size)
	assert.Len(t, tally.Blocks.Hits["v1"], 64)
	assert.Len(t, tally.Blocks.Hits["v2"], 625)
	assert.Equal(t, []int64{0, 16}, tally.Blocks.Hits["v2"][63:65])
}

func TestBlocksTakeAnyNumber(t *testing.T) {
	tally := &split.Tally{}
	for _, n := range []uint64{0, math.MaxUint64, 1 << 63, 5} {
		tally.Add(hit(n, 0, "v1"))
	}
	assert.EqualValues(t, uint64(1)<<54, tally.Blocks.Size)
	assert.EqualValues(t, 2, tally.Blocks.Hits["v1"][0])
	assert.EqualValues(t, 1, tally.Blocks.Hits["v1"][1023])
	twice := &split.Tally{}
	twice.Merge(tally)
	twice.Merge(tally)
	assert.EqualValues(t, 4, twice.Blocks.Hits["v1"][0])
}

func TestBlocksCountWhatMayHaveBeenAnyVersion(t *testing.T) {
	tally := &split.Tally{}
	for n := range uint64(2000) {
		tally.Add(split.Answer{Number: n, Outcome: split.Error, Kind: "timeout"})
	}
	twice := &split.Tally{}
	twice.Merge(tally)
	twice.Merge(tally)
	assert.Len(t, twice.Blocks.Lost, 1000)
	assert.EqualValues(t, 4, twice.Blocks.Lost[999])
}

// Workers that send every third request each, at their own pace: the counts are
// those of one worker, whoever is merged first.
func TestBlocksOfWorkersAreThoseOfOne(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 5))
	for range 20 {
		whole := &split.Tally{}
		parts := []*split.Tally{{}, {}, {}, {}}
		for n := range uint64(1 + random.IntN(5000)) {
			a := hit(n, n, []string{"v1", "v2", "v3"}[random.IntN(3)])
			whole.Add(a)
			parts[min(random.IntN(4), int(n/1000))].Add(a)
		}
		for range 4 {
			random.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
			left, right, all := &split.Tally{}, &split.Tally{}, &split.Tally{}
			left.Merge(parts[0])
			left.Merge(parts[1])
			right.Merge(parts[2])
			right.Merge(parts[3])
			all.Merge(right)
			all.Merge(left)
			assert.Equal(t, whole.Blocks, all.Blocks)
		}
	}
}

func TestForeignBlocksAreNotTakenIn(t *testing.T) {
	for _, foreign := range []split.Blocks{
		{Hits: map[string][]int64{"v1": {1}}},
		{Size: 3, Hits: map[string][]int64{"v1": {1}}},
		{Size: 1 << 60, Hits: map[string][]int64{"v1": {1}}},
		{Size: 2, Hits: map[string][]int64{"v1": make([]int64, 1025)}},
	} {
		tally := &split.Tally{}
		tally.Add(hit(0, 0, "v1"))
		before := tally.Blocks.Size
		tally.Merge(&split.Tally{Blocks: foreign})
		assert.Equal(t, before, tally.Blocks.Size)
		assert.Equal(t, []int64{1}, tally.Blocks.Hits["v1"])
	}
}
