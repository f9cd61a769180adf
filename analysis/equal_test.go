package analysis

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Exact p-values by the order of chi-square: that of 4, 5, 2, 7, 0, 1 is from the
// manual of EMT (multinomial.test); that of 16, 17, 12, 15, 15, 25 was found by
// enumeration with another program. The rest are against the enumeration here.
func TestEqualWeightsByRecursion(t *testing.T) {
	for _, test := range []struct {
		counts []float64
		want   float64
	}{
		{[]float64{16, 17, 12, 15, 15, 25}, 0.32844549},
		{[]float64{4, 5, 2, 7, 0, 1}, 0.05414115},
	} {
		k, n := len(test.counts), total(test.counts)
		statistic := chiSquareStatistic(test.counts, equally(k))
		e := newEqualTable(n, k, statistic)
		require.True(t, e.affordable())
		assert.InDelta(t, test.want, e.pValues([]float64{statistic})[0], 6e-9, "%v", test.counts)
	}
	for _, test := range []struct {
		n float64
		k int
	}{{10, 3}, {100, 3}, {101, 3}, {1000, 3}, {57, 4}, {200, 4}, {31, 5}, {40, 5}} {
		statistics := []float64{40, 0.1, 3, 7.8, 15, 24.5}
		e := newEqualTable(test.n, test.k, 40)
		require.True(t, e.affordable())
		for i, p := range e.pValues(statistics) {
			assert.InDelta(t, exactPValue(test.n, equally(test.k), statistics[i]), p, 1e-12, "%v at %g", test, statistics[i])
		}
	}
}

func equally(k int) []float64 {
	shares := make([]float64, k)
	for i := range shares {
		shares[i] = 1 / float64(k)
	}
	return shares
}

// Ten equal versions, counts that two seeds judged differently: the p-value is
// beside the level, and all tables are summed.
func TestNoSeedDecidesOnEqualWeights(t *testing.T) {
	counts := map[string]int64{
		"v1": 217, "v2": 277, "v3": 256, "v4": 250, "v5": 306, "v6": 254, "v7": 243, "v8": 233, "v9": 305, "v10": 279,
	}
	p := planned(t, "v1=1,v2=1,v3=1,v4=1,v5=1,v6=1,v7=1,v8=1,v9=1,v10=1")
	verdicts := map[Verdict]bool{}
	for seed := range uint64(3) {
		p.Question.Seed = seed
		j := Judge(p, counted(counts))
		require.NotNil(t, j.Exact)
		assert.Equal(t, "enumeration", j.Exact.Method)
		assert.InDelta(t, 5e-4, j.Exact.PValue, 5e-5)
		verdicts[j.Verdict] = true
	}
	assert.Len(t, verdicts, 1)
}

// Weights that are not equal, too many tables to sum: counts whose p-value is
// within what a few draws leave open have one verdict, whatever the seed.
func TestNoSeedDecidesOnOtherWeights(t *testing.T) {
	shares := []float64{0.25, 0.22, 0.2, 0.18, 0.15}
	const n = 4000
	// The statistic whose asymptotic p-value is alpha and those beside it.
	critical := chiSquareCritical(DefaultAlpha, 4)
	for _, off := range []float64{0.9, 1.1} {
		verdicts := map[bool]bool{}
		for seed := range uint64(3) {
			f := fit{shares, DefaultAlpha, seed}
			require.Nil(t, f.exact(n, []float64{critical * off}))
			found := f.levels(n, critical*off)[0]
			assert.False(t, found.unclear)
			verdicts[found.p <= DefaultAlpha] = true
		}
		assert.Len(t, verdicts, 1)
	}
}

// Where no number of tables tells, neither side is taken.
func TestAPValueAtAlphaIsUnclear(t *testing.T) {
	shares := []float64{0.25, 0.22, 0.2, 0.18, 0.15}
	statistics := []float64{4}
	f := fit{shares, 0.5, 1}
	f.alpha = f.drawn(1000, statistics, 4e5)[0].p // about the p-value itself
	found := f.drawn(1000, statistics, 4e5)[0]
	assert.True(t, found.unclear)
	assert.Equal(t, 80_000, found.exact.Draws)
}
