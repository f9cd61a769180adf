package analysis

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
)

// agrees holds got to the printed digits of a published value.
func agrees(t *testing.T, want, got float64, digits int, what ...any) {
	t.Helper()
	assert.InEpsilon(t, want, got, 0.6*math.Pow(10, -float64(digits-1)), what...)
}

func normalised(expected ...float64) []float64 {
	sum := total(expected)
	for i := range expected {
		expected[i] /= sum
	}
	return expected
}

func TestChiSquareAndGAsPublished(t *testing.T) {
	for _, test := range []struct {
		source             string
		observed, expected []float64
		x2, p, g, gp       float64
	}{
		{
			"scipy documentation of chisquare and power_divergence",
			[]float64{16, 18, 16, 14, 12, 12}, []float64{1, 1, 1, 1, 1, 1},
			2.0, 0.84914503608460956, 2.006573162632538, 0.84823476779463769,
		},
		{
			"scipy documentation of chisquare",
			[]float64{16, 18, 16, 14, 12, 12}, []float64{8, 20, 20, 16, 12, 12}, // both sum to 88
			9.25, 0.09949846, 0, 0,
		},
		{
			"statsmodels test_gof.py, from R chisq.test; G by scipy",
			[]float64{1048, 660, 510, 420, 362}, []float64{1020, 690, 510, 420, 360},
			2.084086388178453, 0.72029651761105, 2.09645322964, 0,
		},
		{
			"statsmodels test_gof.py, from R chisq.test",
			[]float64{1048, 660, 510, 420, 362}, []float64{1050, 660, 510, 420, 360},
			0.01492063492063492, 0.999972309849908, 0, 0,
		},
		{
			"Mendel's peas, by scipy",
			[]float64{315, 108, 101, 32}, []float64{9, 3, 3, 1},
			0.470023980815, 0.925425895104, 0.475445238998, 0,
		},
		{
			"scipy 1.10.1, R agrees",
			[]float64{650, 350}, []float64{70, 30},
			11.9047619, 0.000559906248, 11.56511208, 0.0006720083951,
		},
	} {
		shares := normalised(test.expected...)
		n := total(test.observed)
		x2 := asymptotic(chiSquareStatistic(test.observed, shares), n, shares)
		agrees(t, test.x2, x2.Statistic, 9, test.source)
		agrees(t, test.p, x2.PValue, 7, test.source)
		assert.Equal(t, len(shares)-1, x2.DF)
		assert.True(t, x2.Valid)
		g := asymptotic(gStatistic(test.observed, shares), n, shares)
		if test.g > 0 {
			agrees(t, test.g, g.Statistic, 10, test.source)
		}
		if test.gp > 0 {
			agrees(t, test.gp, g.PValue, 10, test.source)
		}
	}
}

// Critical values by scipy 1.10.1.
func TestChiSquareCriticalValues(t *testing.T) {
	for i, want := range []float64{10.8276, 13.8155, 16.2662} {
		agrees(t, want, chiSquareCritical(0.001, i+1), 6)
	}
	for i, want := range []float64{3.84146, 5.99146, 7.81473} {
		agrees(t, want, chiSquareCritical(0.05, i+1), 6)
	}
}

func TestExactPValuesAsPublished(t *testing.T) {
	for _, test := range []struct {
		source   string
		observed []float64
		expected []float64
		p        float64
		digits   int
	}{
		{"EMT man/multinomial.test.Rd, .0596; digits by enumeration", []float64{5, 2, 1}, []float64{1, 2, 1}, 0.05957031, 7},
		{"EMT man/multinomial.test.Rd; digits by enumeration", []float64{4, 5, 2, 7, 0, 1}, []float64{1, 1, 1, 1, 1, 1}, 0.05414115, 7},
		{"XNomial vignette, .9272 over 28,956,759 tables; digits by enumeration", []float64{315, 108, 101, 32}, []float64{9, 3, 3, 1}, 0.92719147, 8},
		{"by enumeration", []float64{18, 2}, []float64{8, 2}, 0.40187693, 8},
		{"by enumeration", []float64{95, 5}, []float64{9, 1}, 0.13014985, 8},
		{"by enumeration", []float64{98, 2}, []float64{99, 1}, 0.63027036, 8},
		{"by enumeration", []float64{312, 188}, []float64{7, 3}, 0.00025194, 5},
	} {
		shares := normalised(test.expected...)
		statistic := chiSquareStatistic(test.observed, shares)
		assert.True(t, affordable(total(test.observed), shares, statistic), test.source)
		agrees(t, test.p, exactPValue(total(test.observed), shares, statistic), test.digits, test.source)
	}
}

// sampleSize is the least number of observations, not rounded, with which a
// chi-square test finds Cohen's effect size w: w² = Σ(p1-p0)²/p0.
func sampleSize(w float64, df int, alpha, power float64) float64 {
	return noncentrality(df, alpha, power) / (w * w)
}

// The sample size tables of Cohen (1988), power 0.8 at alpha 0.05, for 1, 2
// and 3 degrees of freedom.
func TestSampleSizesOfCohen(t *testing.T) {
	for w, sizes := range map[float64][]float64{0.1: {785, 964, 1091}, 0.3: {88, 108, 122}, 0.5: {32, 39, 44}} {
		for i, want := range sizes {
			assert.Equal(t, want, math.Ceil(sampleSize(w, i+1, 0.05, 0.8)), "w %g, df %d", w, i+1)
		}
	}
}

// statsmodels results_power.py and test_gof.py, from R's pwr: df 4, alpha 0.05.
func TestPowerAsPublished(t *testing.T) {
	for _, test := range []struct{ w, n, power float64 }{
		{0.1, 5, 0.05246644635810126},
		{0.1, 100, 0.1054845044462312},
		{0.1, 1000, 0.715986350467412},
		{1, 5, 0.396188517504065},
		{0.005, 30000, 0.0904799545200348},
		{1, 100, 0.999999999999644},
	} {
		agrees(t, test.power, NoncentralChiSquareUpper(chiSquareCritical(0.05, 4), 4, test.n*test.w*test.w), 12, "w %g, n %g", test.w, test.n)
	}
	// ES.w1 of the same: Cohen's w of one set of shares against another.
	truth := []float64{1050, 660, 510, 420, 360}
	w := math.Sqrt(chiSquareStatistic(truth, normalised(1020, 690, 510, 420, 360)) / total(truth))
	agrees(t, 0.02699815282115563, w, 12)
}

// Requests for a power, by the noncentral chi-square distribution (scipy), for
// a split and what it is taken for.
func TestSampleSizesForSplits(t *testing.T) {
	for _, test := range []struct {
		weights, truth []float64
		sizes          [3]float64 // alpha 0.05 power 0.8, 0.001/0.95, 0.001/0.99
	}{
		{[]float64{.7, .3}, []float64{.65, .35}, [3]float64{660, 2047, 2651}},
		{[]float64{.7, .3}, []float64{.6, .4}, [3]float64{165, 512, 663}},
		{[]float64{.7, .3}, []float64{.5, .5}, [3]float64{42, 128, 166}},
		{[]float64{.9, .1}, []float64{.85, .15}, [3]float64{283, 877, 1136}},
		{[]float64{.9, .1}, []float64{.88, .12}, [3]float64{1766, 5481, 7099}},
		{[]float64{.8, .1, .1}, []float64{.75, .15, .1}, [3]float64{343, 980, 1254}},
		{[]float64{.99, .01}, []float64{.98, .02}, [3]float64{778, 2412, 3124}},
		{[]float64{.9, .1}, []float64{1, 0}, [3]float64{71, 220, 284}},
	} {
		var w2 float64
		for i, p := range test.truth {
			w2 += (p - test.weights[i]) * (p - test.weights[i]) / test.weights[i]
		}
		for i, level := range [][2]float64{{0.05, 0.8}, {0.001, 0.95}, {0.001, 0.99}} {
			n := sampleSize(math.Sqrt(w2), len(test.weights)-1, level[0], level[1])
			assert.InDelta(t, test.sizes[i], n, 1, "%v for %v at %v", test.truth, test.weights, level)
		}
	}
}

// Table 2 of Sangeetha (2013) in DescTools man/MultinomCI.Rd: x = 56 72 73 59
// 62 87 58, to three digits; six by R.
func TestGoodmanIntervalsAsPublished(t *testing.T) {
	counts := []float64{56, 72, 73, 59, 62, 87, 58}
	for i, want := range [][2]float64{
		{.085167, .166261}, {.114533, .204373}, {.116395, .206728}, {.090606, .173475},
		{.096077, .180655}, {.142749, .239416}, {.088789, .171074},
	} {
		low, high := goodman(counts[i], total(counts), len(counts), 0.05)
		assert.InDelta(t, want[0], low, 6e-7)
		assert.InDelta(t, want[1], high, 6e-7)
	}
	low, high := goodman(5, 250, 50, 0.05) // 50 cells of 5: (.005, .075)
	assert.InDelta(t, .005, low, 5e-4)
	assert.InDelta(t, .075, high, 5e-4)
	low, high = goodman(700, 1000, 2, 0.05)
	assert.InDelta(t, .666585, low, 6e-7)
	assert.InDelta(t, .731415, high, 6e-7)
	low, high = goodman(0, 395, 7, 0.05)
	assert.Zero(t, low)
	assert.Greater(t, high, 0.)
}

// Clopper and Pearson at 0.025 each side, Bonferroni over two versions.
func TestClopperPearsonAsPublished(t *testing.T) {
	assert.InDelta(t, .666314, boundBelow(700, 1000, 0.0125), 6e-7)
	assert.InDelta(t, .732185, boundAbove(700, 1000, 0.0125), 6e-7)
}

// By scipy 1.10.1.
func TestEquivalenceAsPublished(t *testing.T) {
	for _, test := range []struct{ x, n, w, m, p float64 }{
		{700, 1000, .7, .05, .0004532244038},
		{350, 500, .7, .05, .01018090519},
		{325, 500, .7, .05, .5205580816},
		{1000, 10000, .1, .01, .000641951634},
	} {
		agrees(t, test.p, equivalent(test.x, test.x, test.n, arm{test.w, test.m}), 10)
	}
	// What the test accepts at alpha 0.05, and how often a correct split is.
	for n, want := range map[float64][3]float64{500: {343, 358, .565}, 1000: {676, 726, .921}, 2000: {1336, 1467, .9987}} {
		d := newDesign([]arm{{.7, .05}, {.3, .05}}, 0.05)
		low, high := d.accepted(n, d.arms[0], 0)
		assert.Equal(t, want[0], low)
		assert.Equal(t, want[1], high)
		assert.InDelta(t, want[2], between(low, high, n, .7), 6e-4)
	}
}

// Upper 95 % bounds of a leak without a hit: 1 - 0.05^(1/n).
func TestLeakBoundsAsPublished(t *testing.T) {
	for n, want := range map[float64]float64{500: .00597, 1000: .00299, 3000: .000998, 10000: .000300} {
		agrees(t, want, boundAbove(0, n, 0.05), 3)
	}
}

// R's p.adjust(method = "holm") on the fifteen p-values of Benjamini and
// Hochberg (1995).
func TestHolmAsPublished(t *testing.T) {
	adjusted := Holm([]float64{.0001, .0004, .0019, .0095, .0201, .0278, .0298, .0344, .0459, .3240, .4262, .5719, .6528, .7590, 1})
	assert.InDeltaSlice(t, []float64{.0015, .0056, .0247, .1140, .2211, .2780, .2780, .2780, .3213, 1, 1, 1, 1, 1, 1}, adjusted, 1e-12)
	assert.Equal(t, []float64{0.06, 0.03, 0.06}, Holm([]float64{0.03, 0.01, 0.04}), "in the order in which they came")
	assert.Empty(t, Holm(nil))
}
