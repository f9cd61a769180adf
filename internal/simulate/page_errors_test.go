package simulate

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/split"
)

// withErrors sums, over the sizes at which a sample of 100/0 may end, with which
// probability it is verified when each request fails with the probability rate,
// and how many requests it takes on average. From the answers alone errors of a
// correct split and hits of a leak that all fail are the same.
func withErrors(p *analysis.Plan, rate float64) (verified, mean float64) {
	const most = 80
	states := [most + 1]float64{1}
	var before int64
	for _, size := range p.Sizes() {
		var next [most + 1]float64
		for had, probability := range states {
			for more := 0; probability > 0 && had+more <= most; more++ {
				next[had+more] += probability * analysis.BinomialProbability(int64(more), size-before, rate)
			}
		}
		states, before = [most + 1]float64{}, size
		for failed, probability := range next {
			tally := &split.Tally{
				Versions: map[string]int64{"v1": size - int64(failed)}, Errors: map[string]int64{"failed": int64(failed)},
			}
			if p.GoesOn(tally) {
				states[failed] = probability
				continue
			}
			mean += probability * float64(size)
			if analysis.Judge(p, tally).Verdict == analysis.Verified {
				verified += probability
			}
		}
	}
	return verified, mean
}

// What is promised where requests fail: a leak that is to be excluded is taken for
// none with at most alpha, though no answer shows it.
func TestALeakThatFailsIsNotVerified(t *testing.T) {
	for _, alpha := range []float64{0.0005, 0.01, 1e-6} {
		plan := allToOne(t, alpha)
		verified, _ := withErrors(plan, plan.Question.Leak)
		assert.LessOrEqual(t, verified, alpha)
	}
}

func allToOne(t *testing.T, alpha float64) *analysis.Plan {
	t.Helper()
	plan, err := analysis.NewPlan(analysis.Question{
		Weights: split.Weights{{Version: "v1", Weight: 100}, {Version: "v2"}}, Alpha: alpha, Power: 1 - 3*alpha, MaxErrors: -1,
	})
	require.NoError(t, err)
	return plan
}

// errorTable shows what errors cost where a weight is 0.
func errorTable(t *testing.T, b *strings.Builder) {
	t.Helper()
	plan := allToOne(t, analysis.DefaultAlpha)
	b.WriteString("| requests that fail | verified | requests, on average |\n|---|--:|--:|\n")
	for _, rate := range []float64{0, 0.0001, 0.0002, 0.0003, 0.0005, 0.001, 0.002, 0.005} {
		verified, mean := withErrors(plan, rate)
		fmt.Fprintf(b, "| %s %% | %s | %s |\n", fmt.Sprintf("%.4g", 100*rate), percent(verified), thousands(int64(mean+0.5)))
	}
}
