package analysis

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
)

// Lindon and Malek's e-process with the prior counts 100·w, and its 95 %
// confidence sequence: computed with savvi's formulas, its convex solver
// replaced by the profile; ln e by scipy's gammaln.
func TestEvidenceAsPublished(t *testing.T) {
	for _, test := range []struct {
		counts, weights []float64
		log             float64
		low, high       []float64
	}{
		{[]float64{700, 300}, []float64{.7, .3}, -1.2017974562, []float64{.656976}, []float64{.740791}},
		{[]float64{650, 350}, []float64{.7, .3}, 4.0307764805, []float64{.602681}, []float64{.695425}},
		{[]float64{312, 188}, []float64{.7, .3}, 4.5817978959, []float64{.554133}, []float64{.690575}},
		{[]float64{880, 120}, []float64{.9, .1}, 0.6403833035, []float64{.847092}, []float64{.908406}},
		{[]float64{9000, 1000}, []float64{.9, .1}, -2.3158999884, []float64{.889939}, []float64{.909494}},
		{[]float64{50, 25, 25}, []float64{.5, .25, .25}, -0.6968968526, []float64{.366591, .146173}, []float64{.633409, .37788}},
	} {
		u := newUrn(test.weights, 100)
		assert.InDelta(t, test.log, u.logEvidence(test.counts, test.weights), 6e-11, "%v", test.counts)
		low, high := u.confidence(test.counts, 0.05)
		for i := range test.low {
			assert.InDelta(t, test.low[i], low[i], 6e-7, "%v", test.counts)
			assert.InDelta(t, test.high[i], high[i], 6e-7, "%v", test.counts)
		}
	}
}

// logGamma is the formula as it is printed.
func logGammaEvidence(prior, counts, shares []float64) float64 {
	gamma := func(x float64) float64 { g, _ := math.Lgamma(x); return g }
	a, n := total(prior), total(counts)
	log := gamma(a) - gamma(a+n)
	for i, count := range counts {
		log += gamma(prior[i]+count) - gamma(prior[i])
		if count > 0 {
			log -= count * math.Log(shares[i])
		}
	}
	return log
}

// The stable form is the printed one, for priors and shares of all sizes.
func TestEvidenceIsTheFormula(t *testing.T) {
	for _, test := range []struct {
		concentration           float64
		counts, weights, shares []float64
	}{
		{1, []float64{0, 3}, []float64{.5, .5}, []float64{.5, .5}},
		{35, []float64{123, 0}, []float64{.9, .1}, []float64{.9, .1}},
		{998, []float64{2000, 1}, []float64{.999, .001}, []float64{.998, .002}},
		{22, []float64{500, 260, 130, 1, 0}, []float64{.5, .25, .125, .124, .001}, []float64{.4, .3, .1, .15, .05}},
		{83, []float64{7, 3}, []float64{.7, .3}, []float64{.75, .25}},
		{1e5, []float64{40000, 60000}, []float64{.4, .6}, []float64{.401, .599}},
	} {
		u := newUrn(test.weights, test.concentration)
		want := logGammaEvidence(u.prior, test.counts, test.shares)
		assert.InDelta(t, want, u.logEvidence(test.counts, test.shares), 1e-9+1e-8*math.Abs(want), "%v", test)
		if len(test.counts) == 2 {
			assert.InDelta(t, want, shareEvidence(test.counts[0], total(test.counts), test.weights[0], test.concentration, test.shares[0]), 1e-8)
		}
	}
}
