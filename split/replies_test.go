package split_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/split"
)

func TestRepliesByVersion(t *testing.T) {
	tally := &split.Tally{}
	for n, a := range []split.Answer{
		{Version: "v1", Status: 200, Latency: time.Millisecond},
		{Version: "v1", Status: 503, Latency: time.Second},
		{Version: "v2", Status: 200, Latency: 2 * time.Millisecond},
		{Version: "v3"},
		{Outcome: split.Error, Kind: "status 502", Status: 502, Latency: 3 * time.Millisecond},
		{Outcome: split.Error, Kind: "timeout"},
		{Outcome: split.Unidentified, Kind: "404 without a marker", Status: 404, Latency: 4 * time.Millisecond},
		{Outcome: split.Unidentified, Kind: "not HTTP at all", Status: 65535},
	} {
		a.Number = uint64(n)
		tally.Add(a)
	}
	assert.Equal(t, map[int]int64{200: 1, 503: 1}, tally.Replies["v1"].Statuses)
	assert.Equal(t, map[int]int64{200: 1}, tally.Replies["v2"].Statuses)
	assert.NotContains(t, tally.Replies, "v3", "nothing is known of it")
	assert.Equal(t, map[int]int64{502: 1}, tally.ErrorReplies.Statuses)
	assert.Equal(t, map[int]int64{404: 1}, tally.UnidentifiedReplies.Statuses)
	assert.EqualValues(t, 2, tally.Replies["v1"].Latencies.Count())
	assert.EqualValues(t, 5, tally.Latencies().Count())
	assert.InEpsilon(t, time.Second, tally.Latencies().Quantile(1), 0.008)

	twice := &split.Tally{}
	twice.Merge(tally)
	twice.Merge(tally)
	assert.Equal(t, map[int]int64{200: 2, 503: 2}, twice.Replies["v1"].Statuses)
	assert.EqualValues(t, 10, twice.Latencies().Count())
	assert.EqualValues(t, 5, tally.Latencies().Count())
}

// Quantiles are held against those of all durations, sorted.
func TestQuantiles(t *testing.T) {
	assert.Zero(t, split.Latencies(nil).Quantile(0.5))
	random := rand.New(rand.NewPCG(12, 4))
	for _, scale := range []float64{1e4, 1e6, 1e9} {
		whole, parts := &split.Tally{}, []*split.Tally{{}, {}, {}}
		var all []time.Duration
		for n := range 300_000 / 10 {
			// Log-normal, as latencies are, over some powers of ten.
			d := time.Duration(scale * math.Exp(random.NormFloat64()))
			all = append(all, d)
			a := split.Answer{Number: uint64(n), Version: "v1", Latency: d}
			whole.Add(a)
			parts[random.IntN(3)].Add(a)
		}
		slices.Sort(all)
		for _, q := range []float64{0.001, 0.5, 0.95, 0.99, 1} {
			exact := all[max(0, int(math.Ceil(q*float64(len(all))))-1)]
			assert.InDelta(t, exact, whole.Latencies().Quantile(q), 0.0079*float64(exact)+1000, "%g of %g", q, scale)
		}
		merged := &split.Tally{}
		for _, each := range parts {
			merged.Merge(each)
		}
		require.Equal(t, whole.Latencies(), merged.Latencies())
	}
}

func TestLatenciesAreBounded(t *testing.T) {
	tally := &split.Tally{}
	tally.Add(split.Answer{Version: "v1", Latency: math.MaxInt64})
	assert.Less(t, len(tally.Latencies()), 3100)
	assert.InEpsilon(t, float64(math.MaxInt64), float64(tally.Latencies().Quantile(0.5)), 0.008)
	tally.Add(split.Answer{Version: "v1", Latency: -1})
	assert.EqualValues(t, 1, tally.Latencies().Count(), "a clock that was set back tells nothing")
}
