package analysis

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/split"
)

// The sizes that DESIGN.md names, at the defaults.
func TestPlannedSizes(t *testing.T) {
	for weights, want := range map[string]float64{
		"v1=50,v2=50":       4440,
		"v1=70,v2=30":       3870,
		"v1=90,v2=10":       1920,
		"v1=80,v2=10,v3=10": 3300,
		"v1=1,v2=1,v3=1":    4450,
		"v1=99,v2=1":        6360,
		"v1=999,v2=1":       64000,
		"v1=100,v2=0":       3800,
	} {
		p := planned(t, weights)
		assert.InEpsilon(t, want, float64(p.Requests), 0.03, "%s: %d", weights, p.Requests)
		assert.Equal(t, p.Requests, p.Needed)
		assert.Equal(t, "chi-square", p.Method)
	}
}

func TestPlanFillsTheDefaults(t *testing.T) {
	p := planned(t, "v1=97,v2=3,v3=0")
	assert.Equal(t, 0.0005, p.Question.Alpha)
	assert.Equal(t, 0.999, p.Question.Power)
	assert.Equal(t, 0.002, p.Question.Leak)
	assert.Equal(t, 0.01, p.Question.MaxErrors)
	assert.Equal(t, []PlannedVersion{
		{Version: "v1", Weight: 97, ExpectedShare: 0.97, Margin: 0.05},
		{Version: "v2", Weight: 3, ExpectedShare: 0.03, Margin: 0.03},
		{Version: "v3"},
	}, p.Versions)

	q := question(t, "v1=1,v2=1")
	q.Alpha, q.MaxErrors = 0.05, 0
	p, err := NewPlan(q)
	require.NoError(t, err)
	assert.Equal(t, 0.9, p.Question.Power, "0.999 has no room beside an alpha of 0.05")
	assert.Zero(t, p.Question.MaxErrors, "none at all is a limit too")
}

// A plan of two versions is checked against what it promises by summing over
// every count, for many sizes from the planned one on; the sums here know
// nothing of the shortcuts of the planner.
func TestPromisesOfTwoVersions(t *testing.T) {
	for _, weights := range []string{"v1=50,v2=50", "v1=70,v2=30", "v1=90,v2=10", "v1=99,v2=1"} {
		p := planned(t, weights)
		q := p.Question
		for _, extra := range []int64{0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 610, p.Requests} {
			n := float64(p.Requests + extra)
			assert.LessOrEqual(t, falseViolated(q, n), q.Alpha, "%s at %g", weights, n)
			assert.GreaterOrEqual(t, probability(q, n, q.arms()[0].share, Verified), q.Power+0.2*(1-q.Power), "%s at %g", weights, n)
			for i, a := range q.arms() {
				for _, off := range []float64{-a.margin, a.margin} {
					truth := a.share + off
					if truth < 0 || truth > 1 {
						continue
					}
					if i == 1 {
						truth = 1 - truth
					}
					assert.GreaterOrEqual(t, probability(q, n, snap(truth), Violated), q.Power+0.2*(1-q.Power), "%s at %g for %g", weights, n, truth)
					assert.LessOrEqual(t, probability(q, n, snap(truth), Verified), q.Alpha, "%s at %g for %g", weights, n, truth)
				}
			}
		}
	}
}

func falseViolated(q Question, n float64) float64 {
	return probability(q, n, q.arms()[0].share, Violated)
}

// probability of a verdict where the first of two versions has the share
// truth: the binomial probability of every count with that verdict.
func probability(q Question, n, truth float64, verdict Verdict) float64 {
	arms := q.arms()
	shares := []float64{arms[0].share, arms[1].share}
	var sum, other float64
	spread := 12*math.Sqrt(n*truth*(1-truth)) + 20
	for x := math.Max(0, math.Floor(n*truth-spread)); x <= math.Min(n, n*truth+spread); x++ {
		p := math.Exp(logBinomial(x, n, truth))
		if p < 1e-12 {
			continue
		}
		if got := verdictOf(q, n, x, shares); got == verdict {
			sum += p
		} else {
			other += p
		}
	}
	return sum / (sum + other)
}

// verdictOf applies the contract's rules to two counts.
func verdictOf(q Question, n, x float64, shares []float64) Verdict {
	counts := []float64{x, n - x}
	if exactPValue(n, shares, chiSquareStatistic(counts, shares)) <= q.Alpha {
		return Violated
	}
	for i, a := range q.arms() {
		if counts[i] == 0 && math.Pow(1-a.share, n) <= q.Alpha {
			return Violated
		}
	}
	for i, a := range q.arms() {
		if counts[i] == 0 || equivalent(counts[i], counts[i], n, a) > q.Alpha {
			return Inconclusive
		}
	}
	return Verified
}

func TestPlanNamesEveryMistake(t *testing.T) {
	q := Question{
		Weights: split.Weights{{Version: "v1", Weight: 1}, {Version: "v2", Weight: -1}, {Version: "v1", Weight: 3}},
		Margins: map[string]float64{"v1": 2, "v9": 0.1, "v2": math.NaN()},
		Alpha:   0.7, Power: 1, Leak: -3, MaxErrors: 2,
	}
	_, err := NewPlan(q)
	for _, says := range []string{
		"weight of v2, -1, is negative", "v1 is given twice", "alpha is 0.7", "power is 1", "leak is -3", "maxErrors is 2",
		"the margin of v1 is 2", "a margin is given for v9", "the margin of v2 is NaN",
	} {
		assert.ErrorContains(t, err, says)
	}
	_, err = PlanFor(question(t, "v1=1,v2=1"), 0)
	assert.ErrorContains(t, err, "must be at least 1")
	_, err = NewPlan(Question{})
	assert.ErrorContains(t, err, "no versions are given")
}

func TestPlanSaysWhenThereIsNoRoom(t *testing.T) {
	q := question(t, "v1=1,v2=1")
	q.Alpha, q.Power = 0.05, 0.95
	_, err := NewPlan(q)
	assert.ErrorContains(t, err, "alpha 0.05 leaves no room for a power of 0.95")
	assert.ErrorContains(t, err, "alpha of at most 0.025, or a power of at most 0.9")
	q.Alpha = 0.025
	_, err = NewPlan(q)
	assert.NoError(t, err, "its own advice holds")

	p, err := PlanFor(Question{Weights: q.Weights, Alpha: 0.05, Power: 0.95, MaxErrors: -1}, 1000)
	require.NoError(t, err, "a sample that is there is judged all the same")
	assert.Zero(t, p.Needed)
}

func TestWeirdWeightsEndInANumberOrAClearError(t *testing.T) {
	assert.InEpsilon(t, 6.6e10, planned(t, "v1=1,v2=1e-9").Requests, 0.1)

	_, err := NewPlan(question(t, "v1=1,v2=1e-11"))
	assert.ErrorContains(t, err, "a share of 1e-11")
	assert.ErrorContains(t, err, "about 4.4e+12 requests")

	_, err = NewPlan(question(t, "v1=1,v2=1e-13"))
	assert.ErrorContains(t, err, "v2 is to get a share of 1e-13")

	_, err = NewPlan(question(t, "v1=1,v2=5e-324"))
	assert.ErrorContains(t, err, "nothing can tell")

	q := question(t, "v1=1,v2=0")
	q.Leak = 1e-13
	_, err = NewPlan(q)
	assert.ErrorContains(t, err, "a leak of 1e-13")

	q = question(t, "v1=1,v2=1")
	q.Margins = map[string]float64{"v1": 1e-9}
	_, err = NewPlan(q)
	assert.ErrorContains(t, err, "off by 1e-09")

	q = question(t, "v1=1,v2=1")
	q.Alpha = 1e-30
	p, err := NewPlan(q)
	require.NoError(t, err)
	assert.Greater(t, p.Requests, planned(t, "v1=1,v2=1").Requests)

	q = question(t, "v1=9,v2=1")
	q.Margins = map[string]float64{"v1": 0.9, "v2": 0.9}
	p, err = NewPlan(q)
	require.NoError(t, err)
	assert.GreaterOrEqual(t, p.Requests, int64(100), "a silent version of a correct split must be rare")

	hundred := make([]string, 100)
	for i := range hundred {
		hundred[i] = fmt.Sprintf("v%d=%d", i, i+1)
	}
	assert.Positive(t, planned(t, strings.Join(hundred, ",")).Requests)
}

func TestPowerOfASampleAgreesWithItsPlan(t *testing.T) {
	for _, weights := range []string{"v1=50,v2=50", "v1=90,v2=10", "v1=80,v2=10,v3=10"} {
		p := planned(t, weights)
		power := p.power(float64(p.Requests))
		assert.GreaterOrEqual(t, power.Achieved, 0.999, weights)
		assert.InDelta(t, 0.05, power.Margin, 0.001, weights)

		few := p.power(float64(p.Requests / 2))
		assert.Less(t, few.Achieved, 0.9)
		assert.InEpsilon(t, 0.05*math.Sqrt2, few.Margin, 0.05)
		// A plan for that margin is that sample again.
		q := p.Question
		for version := range q.Margins {
			q.Margins[version] = few.Margin
		}
		again, err := NewPlan(q)
		require.NoError(t, err)
		assert.InEpsilon(t, p.Requests/2, again.Requests, 0.03)
	}
	one, err := PlanFor(question(t, "v1=100,v2=0"), 3000)
	require.NoError(t, err)
	assert.Zero(t, one.power(3000).Achieved, "a leak of 0.2 % is not excluded by 3,000")
}

func TestSuiteSharesItsErrorRates(t *testing.T) {
	q := question(t, "v1=9,v2=1")
	assert.Equal(t, 0.0005, Suite(1, q).Alpha)
	assert.Equal(t, 0.999, Suite(1, q).Power)
	hundred := Suite(100, q)
	assert.InDelta(t, 0.00005, hundred.Alpha, 1e-15)
	assert.InDelta(t, 0.9999, hundred.Power, 1e-15)
	one, err := NewPlan(Suite(1, q))
	require.NoError(t, err)
	many, err := NewPlan(hundred)
	require.NoError(t, err)
	assert.Greater(t, many.Requests, one.Requests)

	q.Alpha, q.Power = 1e-6, 0.5
	assert.Equal(t, 1e-6, Suite(10, q).Alpha, "its own, where that is stricter")
	assert.Equal(t, 0.999, Suite(10, q).Power)
	assert.Equal(t, q, Suite(0, q))
}

// A plan for thousands of versions is made of those that differ, and is not smaller
// than the textbook's for the least of them: Cohen's noncentrality over w squared.
func TestPlanForThousandsOfVersions(t *testing.T) {
	var weights split.Weights
	for i := range 5000 {
		weights = append(weights, split.Weight{Version: fmt.Sprintf("v%d", i), Weight: 1})
	}
	plan, err := NewPlan(Question{Weights: weights, MaxErrors: -1})
	require.NoError(t, err)
	d := newDesign(plan.Question.arms(), plan.Question.Alpha)
	textbook, _ := d.guess(plan.Question.budget())
	assert.GreaterOrEqual(t, float64(plan.Requests), 0.9*textbook)
	assert.LessOrEqual(t, d.at(float64(plan.Requests), 0).worst(), plan.Question.budget())
}
