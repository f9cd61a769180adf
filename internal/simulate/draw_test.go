package simulate

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/split"
)

// Both ways of drawing, and the seam between them, against the distribution
// itself: the chi-square statistic of 200,000 draws stays below the value that
// a right generator exceeds once in 10,000 times.
func TestBinomialDrawsTheDistribution(t *testing.T) {
	const draws = 200_000
	random := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct {
		n int64
		p float64
	}{{500, 0.001}, {40, 0.2}, {49, 0.2}, {51, 0.2}, {4000, 0.3}, {4000, 0.95}, {1_000_000, 1e-5}, {20, 0.5}} {
		seen := map[int64]float64{}
		for range draws {
			seen[binomial(random, c.n, c.p)]++
		}
		var statistic, other, rest float64
		cells := 0.
		other, rest = draws, draws
		for x := int64(0); x <= c.n; x++ {
			expected := draws * analysis.BinomialProbability(x, c.n, c.p)
			if expected < 10 {
				continue
			}
			statistic += (seen[x] - expected) * (seen[x] - expected) / expected
			other, rest, cells = other-expected, rest-seen[x], cells+1
		}
		if other > 5 {
			statistic += (rest - other) * (rest - other) / other
			cells++
		}
		limit := cells - 1 + 3.72*math.Sqrt(2*(cells-1)) + 10
		assert.Less(t, statistic, limit, "n %d, p %g, %g cells", c.n, c.p, cells)
	}
	assert.Zero(t, binomial(random, 10, 0))
	assert.EqualValues(t, 10, binomial(random, 10, 1))
}

func TestMultinomialSumsToItsSize(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 4))
	counts := make([]int64, 3)
	for range 1000 {
		unknown := multinomial(random, 1000, []float64{0.7, 0.2, 0.1}, counts)
		assert.Zero(t, unknown, "the shares leave nothing")
		assert.EqualValues(t, 1000, counts[0]+counts[1]+counts[2])
	}
	var strayed int64
	for range 1000 {
		strayed += multinomial(random, 1000, []float64{0.7, 0.2, 0.09}, counts)
	}
	assert.InDelta(t, 10_000, strayed, 500)
	assert.Zero(t, multinomial(random, 1000, []float64{0, 0, 1}, counts))
	assert.Equal(t, []int64{0, 0, 1000}, counts)
}

func planned(t testing.TB, text string) *analysis.Plan {
	t.Helper()
	p, err := analysis.NewPlan(analysis.Question{Weights: weights(t, text), MaxErrors: -1})
	require.NoError(t, err)
	return p
}

func run(t testing.TB, e Experiment) *Result {
	t.Helper()
	result, err := Run(t.Context(), e)
	require.NoError(t, err)
	var sum float64
	for _, each := range result.Verdicts {
		sum += each.Probability
	}
	require.InDelta(t, 1, sum, 1e-9)
	return result
}

// A sum and draws of the same truth agree, whichever way they are drawn.
func TestWaysAgree(t *testing.T) {
	plan, err := analysis.PlanFor(analysis.Question{Weights: weights(t, "v1=70,v2=30"), MaxErrors: -1}, 2000)
	require.NoError(t, err)
	e := Experiment{Plan: plan, Truth: Truth{Shares: weights(t, "v1=66,v2=34")}, Seed: 1, Workers: 2}
	summed := run(t, e)
	assert.Equal(t, Summed, summed.Way)
	assert.Zero(t, summed.Runs)
	e.Truth.Reuse, e.Runs = 5, 400
	requests := run(t, e)
	assert.Equal(t, Requests, requests.Way)
	assert.EqualValues(t, 400, requests.Runs)
	for _, each := range requests.Verdicts {
		exact := summed.Probability(each.Verdict).Probability
		low, high := analysis.ClopperPearson(each.Runs, requests.Runs, 1e-4)
		assert.True(t, low <= exact && exact <= high, "%s: %g is not in %g to %g", each.Verdict, exact, low, high)
	}
	// Errors so few that they change next to nothing.
	e.Truth.Reuse, e.Truth.Errors, e.Runs = 0, 1e-9, 1000
	failing := run(t, e)
	assert.Equal(t, Counts, failing.Way)
	low, high := analysis.ClopperPearson(failing.Probability(analysis.Violated).Runs, 1000, 1e-4)
	exact := summed.Probability(analysis.Violated).Probability
	assert.True(t, low <= exact && exact <= high)
}

// By the sequential method, too: carried from request to request, drawn without
// order, and drawn with order and connections, where gates may cost a little.
func TestWaysOfTheSequentialMethodAgree(t *testing.T) {
	plan, err := analysis.NewPlan(analysis.Question{
		Weights: weights(t, "v1=90,v2=10"), Method: analysis.Sequentially, Alpha: 0.02, Power: 0.9, MaxErrors: -1,
	})
	require.NoError(t, err)
	e := Experiment{Plan: plan, Truth: Truth{Shares: weights(t, "v1=88,v2=12")}, Seed: 1, Workers: 2}
	carried := run(t, e)
	assert.Equal(t, Summed, carried.Way)
	assert.Less(t, carried.Used.Median, carried.Used.P99)
	assert.Less(t, carried.Used.P99, plan.Requests+1)
	agree := func(r *Result, gates float64) {
		t.Helper()
		for _, each := range r.Verdicts {
			low, high := analysis.ClopperPearson(each.Runs, r.Runs, 1e-4)
			exact := carried.Probability(each.Verdict).Probability
			assert.True(t, low-gates <= exact && exact <= high+gates, "%s: %g is not in %g to %g", each.Verdict, exact, low, high)
		}
		assert.InEpsilon(t, carried.Used.Median, r.Used.Median, 0.1)
	}
	e.Truth.Errors, e.Runs = 1e-9, 2000
	agree(run(t, e), 0)
	e.Truth.Errors, e.Truth.Reuse, e.Runs = 0, 4, 500
	agree(run(t, e), plan.GatesBudget())
}

func TestDrawsDoNotDependOnTheWorkers(t *testing.T) {
	e := Experiment{
		Plan: planned(t, "a=80,b=10,c=10"), Truth: Truth{Shares: weights(t, "a=79,b=11,c=10")},
		Runs: 5500, Seed: 7,
	}
	one := run(t, e)
	e.Workers = 4
	assert.Equal(t, one, run(t, e))
	e.Seed = 8
	assert.NotEqual(t, one.Verdicts, run(t, e).Verdicts)
}

func TestWhatMustNotBeIsViolated(t *testing.T) {
	plan := planned(t, "v1=70,v2=30,v3=0")
	n := float64(plan.Requests)
	leak := run(t, Experiment{Plan: plan, Truth: Truth{Shares: weights(t, "v1=69.93,v2=29.97,v3=0.1")}})
	assert.GreaterOrEqual(t, leak.Probability(analysis.Violated).Probability, 1-math.Pow(0.999, n), "one hit is enough")
	stranger := run(t, Experiment{Plan: plan, Truth: Truth{Shares: weights(t, "v1=69.93,v2=29.97,v9=0.1")}})
	assert.InDelta(t, leak.Probability(analysis.Violated).Probability, stranger.Probability(analysis.Violated).Probability, 1e-9)
	all := run(t, Experiment{Plan: plan, Truth: Truth{Shares: weights(t, "v9=1")}})
	assert.Equal(t, 1., all.Probability(analysis.Violated).Probability)
	requests := run(t, Experiment{Plan: plan, Runs: 20, Truth: Truth{Shares: weights(t, "v1=65,v2=25,v9=10"), Reuse: 1}})
	assert.EqualValues(t, 20, requests.Probability(analysis.Violated).Runs)

	single := planned(t, "v1=100,v2=0")
	right := run(t, Experiment{Plan: single, Truth: Truth{Shares: weights(t, "v1=1")}})
	assert.Equal(t, 1., right.Probability(analysis.Verified).Probability)
	assert.Zero(t, right.GatesAtMost)
}

func TestCancellingKeepsWhatWasDrawn(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	plan := planned(t, "v1=90,v2=10")
	result, err := Run(ctx, Experiment{Plan: plan, Runs: 100, Source: func(_ context.Context, number, n int64) (Drawn, error) {
		if number == 10 {
			cancel()
		}
		return Drawn{Tally: &split.Tally{Versions: map[string]int64{"v1": n * 9 / 10, "v2": n - n*9/10}}}, nil
	}})
	require.NoError(t, err)
	assert.True(t, result.Interrupted)
	assert.EqualValues(t, 10, result.Runs, "the sample under way is not counted")
	assert.EqualValues(t, 100, result.Wanted)
	assert.Equal(t, 1., result.Probability(analysis.Verified).Probability)
	assert.Greater(t, result.Probability(analysis.Verified).Low, 0.6)

	_, err = Run(t.Context(), Experiment{Plan: plan, Source: func(context.Context, int64, int64) (Drawn, error) {
		return Drawn{}, errors.New("it is down")
	}})
	assert.ErrorContains(t, err, "it is down")
}

func TestExperimentsThatCannotBe(t *testing.T) {
	plan := planned(t, "v1=90,v2=10")
	for says, truth := range map[string]Truth{
		"no versions are given": {},
		"at least 1":            {Shares: weights(t, "v1=1"), PerConnection: true},
		"share of errors is 2":  {Shares: weights(t, "v1=1"), Errors: 2},
	} {
		_, err := Run(t.Context(), Experiment{Plan: plan, Truth: truth})
		assert.ErrorContains(t, err, says)
	}
}
