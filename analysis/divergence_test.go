package analysis

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
)

// Read and Cressie (1984), table 4, through scipy's test_power_divergence: the
// statistics of a log-linear time trend with λ = 0, 0.67 and 1.
func TestCressieReadAsPublished(t *testing.T) {
	counts := []float64{15, 11, 14, 17, 5, 11, 10, 4, 8, 10, 7, 9, 11, 3, 6, 1, 1, 4}
	const beta = -0.083769
	shares := make([]float64, len(counts))
	var sum float64
	for i := range shares {
		shares[i] = math.Exp(beta * float64(i+1))
		sum += shares[i]
	}
	for i := range shares {
		shares[i] /= sum
	}
	assert.InDelta(t, 24.6, gStatistic(counts, shares), 0.05)
	assert.InDelta(t, 23.1, cressieReadStatistic(counts, shares), 0.05)
	assert.InDelta(t, 22.7, chiSquareStatistic(counts, shares), 0.05)
}

// The same sum in 40 digits (mpmath).
func TestCressieReadToTheLastDigits(t *testing.T) {
	for _, test := range []struct {
		counts, weights []float64
		want            float64
	}{
		{[]float64{4, 8, 12, 8}, []float64{1, 1, 1, 1}, 4.03972283707763},
		{[]float64{650, 350}, []float64{70, 30}, 11.7874464665188},
		{[]float64{315, 108, 101, 32}, []float64{9, 3, 3, 1}, 0.471798958259252},
	} {
		shares := make([]float64, len(test.weights))
		for i, each := range test.weights {
			shares[i] = each / total(test.weights)
		}
		agrees(t, test.want, cressieReadStatistic(test.counts, shares), 12)
	}
	assert.Zero(t, cressieReadStatistic([]float64{7e11, 3e11}, []float64{0.7, 0.3}))
	// Where a version is silent its term is 0 and the other's is all.
	agrees(t, 1.8*70*(math.Pow(1/0.7, 2./3)-1), cressieReadStatistic([]float64{0, 70}, []float64{0.3, 0.7}), 12)
}

// Tails down to where a float ends, in 40 digits (mpmath gammainc).
func TestTailsToTheEndOfFloats(t *testing.T) {
	for _, test := range []struct {
		df   int
		x, p float64
	}{
		{1, 1370, 6.94293736464327e-300},
		{2, 1380, 2.17173828138983e-300},
		{3, 1380, 6.44171425478462e-299},
		{4, 1300, 3.3278807185719e-280},
		{5, 700, 4.9119861035732e-149},
		{9, 1350, 4.9022794290238e-285},
		{17, 1400, 1.54730305035706e-287},
		{99, 1700, 1.03298026509739e-289},
	} {
		agrees(t, test.p, chiSquareUpper(test.x, test.df), 10)
	}
	// Σ of the binomial probabilities, in 40 digits.
	agrees(t, 1.02520863224e-299, exactTwo(4433, 0.5, 1199.5), 9)
	agrees(t, 1.24587570495e-225, exactTwo(1920, 0.9, 528), 9)
}

// DescTools, BinomCI 19 of 38, and statistics of the method: (700, 300) at
// alpha/2 has (.666314, .732185).
func TestExactIntervalsTogether(t *testing.T) {
	low, high := exactInterval(700, 1000, 2, 0.05)
	agrees(t, .666314, low, 6)
	agrees(t, .732185, high, 6)
	low, high = exactInterval(0, 0, 2, 0.05)
	assert.Equal(t, [2]float64{0, 1}, [2]float64{low, high})
	// 1-(alpha/2k)^(1/n), in closed form.
	low, high = exactInterval(0, 500, 2, 0.05)
	assert.Zero(t, low)
	agrees(t, 1-math.Pow(0.0125, 1./500), high, 9)
	j := Judge(planned(t, "v1=70,v2=30"), counted(map[string]int64{"v1": 700, "v2": 300}))
	agrees(t, .666314, j.Versions[0].ExactLow, 6)
	agrees(t, .732185, j.Versions[0].ExactHigh, 6)
	agrees(t, 11.7874464665188, Judge(planned(t, "v1=70,v2=30"),
		counted(map[string]int64{"v1": 650, "v2": 350})).CressieRead.Statistic, 12)
}
