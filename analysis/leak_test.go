package analysis

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/split"
)

// The sizes that DESIGN.md names ("about"), and the exact ones of the levels in
// the doc comment of leaks, summed term by term with Python's math.lgamma.
func TestALeakIsExcludedByTheTable(t *testing.T) {
	p := planned(t, "v1=100,v2=0")
	sizes := p.Sizes()
	for e, about := range []float64{3910, 7200, 8360, 9420} {
		assert.InEpsilon(t, about, float64(sizes[e]), 0.005)
	}
	assert.Equal(t, []int64{3909, 7210, 8373, 9433, 10428, 11376, 12289, 13174, 14037, 14880}, sizes)
	assert.EqualValues(t, 14880, p.Most(), "the next, 15,706, is more than four times the plan")
	for e, want := range map[int64]float64{11: 16519, 12: 17834, 40: 43820, 100: 86602} {
		assert.Equal(t, want, p.Question.leaks().size(e), "%d errors", e)
	}

	strict := question(t, "v1=100,v2=0")
	strict.Alpha, strict.Power = 1e-6, 0.99999
	demanding, err := NewPlan(strict)
	require.NoError(t, err)
	assert.Equal(t, []int64{7013, 10491, 11803, 12995}, demanding.Sizes()[:4])
}

func TestALeakIsExcludedFromItsSizeOn(t *testing.T) {
	l := leaks{DefaultLeak, DefaultAlpha}
	for e := range int64(60) {
		n := l.size(e)
		assert.True(t, l.excluded(n, e))
		assert.False(t, l.excluded(n-1, e))
		assert.True(t, l.excluded(n+1, e))
		assert.False(t, l.excluded(n, e+1))
		assert.LessOrEqual(t, l.bound(n, e), DefaultLeak)
		assert.Greater(t, l.bound(n-1, e), DefaultLeak)
	}
}

// A leak of the size that is to be excluded, of which every request fails, is
// taken for none with at most alpha, whenever one looks: at each size the paths
// that pass there are taken out, so the sum is exact.
func TestALeakThatFailsIsExcludedWithAtMostAlpha(t *testing.T) {
	for _, l := range []leaks{{0.002, 0.0005}, {0.002, 0.05}, {0.02, 1e-6}, {0.0001, 0.0005}} {
		t.Run(fmt.Sprint(l), func(t *testing.T) {
			var levels float64
			for e := range int64(1_000_000) {
				levels += l.level(e)
			}
			assert.LessOrEqual(t, levels, l.alpha)

			const most = 40
			states := [most + 1]float64{1}
			var passed, before float64
			for e := range int64(most) {
				n := l.size(e)
				var next [most + 1]float64
				for had, p := range states {
					for more := 0; p > 0 && had+more <= most; more++ {
						next[had+more] += p * BinomialProbability(int64(more), int64(n-before), l.share)
					}
				}
				for had := range e + 1 {
					passed += next[had]
					next[had] = 0
				}
				states, before = next, n
			}
			assert.LessOrEqual(t, passed, l.alpha)
			assert.Greater(t, passed, 0.8*l.alpha, "the table gives nothing away")
		})
	}
}

// An error in two thousand is not enough to doubt a split that sends nothing to a
// version; one in a thousand is, whatever the size.
func TestFewErrorsOfACorrectSplit(t *testing.T) {
	p := planned(t, "v1=100,v2=0")
	judged := func(one int64) (Verdict, int64) {
		for _, n := range p.Sizes() {
			tally := &split.Tally{Versions: map[string]int64{"v1": n - n/one}, Errors: map[string]int64{"timeout": n / one}}
			if !p.GoesOn(tally) {
				return Judge(p, tally).Verdict, n
			}
		}
		return "", 0
	}
	verdict, n := judged(2000)
	assert.Equal(t, Verified, verdict)
	assert.EqualValues(t, 11376, n)
	verdict, _ = judged(1000)
	assert.Equal(t, Inconclusive, verdict)
	verdict, n = judged(100)
	assert.Equal(t, Inconclusive, verdict)
	assert.Equal(t, p.Requests, n, "39 errors are more than any size accounts for")
}

func TestASampleGoesOnOnlyForItsErrors(t *testing.T) {
	p := planned(t, "v1=90,v2=10,v3=0")
	tally := func(n, failed, strayed int64) *split.Tally {
		v1 := (n - failed) * 9 / 10
		return &split.Tally{
			Versions: map[string]int64{"v1": v1, "v2": n - failed - strayed - v1, "v3": strayed},
			Errors:   map[string]int64{"timeout": failed},
		}
	}
	assert.False(t, p.GoesOn(tally(p.Requests, 0, 0)))
	assert.True(t, p.GoesOn(tally(p.Requests, 1, 0)))
	assert.False(t, p.GoesOn(tally(p.Requests, 1, 1)), "a hit convicts")
	assert.False(t, p.GoesOn(tally(p.Most(), 9, 0)), "there is no greater size")

	chosen, err := PlanFor(question(t, "v1=90,v2=10,v3=0"), 5000)
	require.NoError(t, err)
	assert.Equal(t, []int64{5000}, chosen.Sizes(), "somebody chose the size")
	assert.Len(t, planned(t, "v1=90,v2=10").Sizes(), 1, "no weight is 0")
	assert.Less(t, len(planned(t, "v1=999999,v2=1,v3=0").Sizes()), 200, "sizes are not too near each other")
}

func TestPlanForErrorsExcludesALeak(t *testing.T) {
	q := question(t, "v1=100,v2=0")
	p, err := PlanForErrors(q, 0.0005)
	require.NoError(t, err)
	assert.EqualValues(t, 11376, p.Requests, "of which five fail")
	_, err = PlanForErrors(q, 0.005)
	assert.ErrorContains(t, err, "so many may be a leak of 0.2 % to one that must get nothing")

	several, err := PlanForErrors(question(t, "v1=50,v2=50,v3=0"), 0.0005)
	require.NoError(t, err)
	e := math.Floor(float64(several.Requests) * 0.0005)
	assert.True(t, several.Question.leaks().excluded(float64(several.Requests), int64(e)))
}

// The only version is shown to get its share although some of its requests may
// have been another's; what was bet on its getting all is lost then.
func TestEvidenceOfASingleVersion(t *testing.T) {
	assert.InDelta(t, math.Log(0.8)-100*math.Log(0.95), aloneEvidence(100, 0, 0.95), 0.3)
	assert.Less(t, aloneEvidence(100, 1, 0.95), aloneEvidence(100, 0, 0.95))
	// Where the share is t, e has an expectation of 1 at any n: summed over all counts.
	for _, n := range []int64{1, 10, 200} {
		var mean float64
		for stray := range n + 1 {
			mean += BinomialProbability(stray, n, 0.05) * math.Exp(aloneEvidence(float64(n), float64(stray), 0.95))
		}
		assert.InDelta(t, 1, mean, 1e-9)
	}
}
