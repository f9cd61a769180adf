package analysis_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/split"
)

// The p-values are Fisher's exact test's of R 4: fisher.test(matrix(c(3,1,1,3),2))
// is the lady tasting tea, 0.4857; the second is of Agresti, Categorical Data
// Analysis (2002), table 3.8: 21 of 23 against 15 of 18, 0.6384.
func TestAgreeIsFishersTest(t *testing.T) {
	for _, test := range []struct {
		a, b map[string]int64
		want float64
	}{
		{map[string]int64{"v1": 3, "v2": 1}, map[string]int64{"v1": 1, "v2": 3}, 0.4857},
		{map[string]int64{"v1": 21, "v2": 2}, map[string]int64{"v1": 15, "v2": 3}, 0.6384},
		{map[string]int64{"v1": 5}, map[string]int64{"v1": 50}, 1},
		{nil, nil, 1},
	} {
		assert.InDelta(t, test.want, analysis.Agree(&split.Tally{Versions: test.a}, &split.Tally{Versions: test.b}), 0.0001)
	}
}

// TestAgreementIsKept holds the level of the test: windows of one split disagree at
// 0.2 in no more than a fifth of all pairs, whatever the shares.
func TestAgreementIsKept(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, shares := range [][]float64{{0.5, 0.5}, {0.9, 0.1}, {0.99, 0.01}, {1}, {0.4, 0.3, 0.2, 0.1}, {0.97, 0.02, 0.01}} {
		disagree := 0
		const pairs = 2000
		for range pairs {
			if analysis.Agree(window(random, 100, shares), window(random, 100, shares)) <= 0.2 {
				disagree++
			}
		}
		// 0.2·2000 plus three standard deviations of a binomial count.
		assert.LessOrEqual(t, disagree, 400+54, "%v", shares)
	}
}

// window draws n answers from shares.
func window(random *rand.Rand, n int, shares []float64) *split.Tally {
	t := &split.Tally{Versions: map[string]int64{}}
	for range n {
		u, at := random.Float64(), 0
		for at < len(shares)-1 && u >= shares[at] {
			u -= shares[at]
			at++
		}
		t.Versions[string(rune('a'+at))]++
	}
	return t
}
