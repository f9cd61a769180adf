package simulate

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/split"
)

// The grid of the page and of the tests: what is promised, and what comes out.

// A question of the grid, and the size that the contract names for it, 0 where
// it names none.
type question struct {
	weights string
	size    float64
}

var questions = []question{
	{"v1=50,v2=50", 4440},
	{"v1=70,v2=30", 3870},
	{"v1=90,v2=10", 1920},
	{"v1=99,v2=1", 6360},
	{"v1=999,v2=1", 64000},
	{"v1=80,v2=10,v3=10", 3300},
	{"v1=1,v2=1,v3=1", 4450},
	{"v1=512,v2=256,v3=128,v4=64,v5=32,v6=16,v7=8,v8=4,v9=2,v10=1", 0},
	{"v1=100,v2=0", 3800},
}

// A cell is one question and one truth.
type cell struct {
	question question
	plan     *analysis.Plan
	truth    split.Weights
	// kind is how the truth relates to the weights.
	kind   kind
	label  string
	result *Result
	peers  []PeerResult
}

type kind int

const (
	correct kind = iota
	atMargin
	beyond
)

const cellRuns = 200_000

// grid and sequentialGrid compute every cell once for all tests.
var (
	grid           = sync.OnceValues(func() ([]cell, error) { return gridOf(analysis.ChiSquare) })
	sequentialGrid = sync.OnceValues(func() ([]cell, error) { return gridOf(analysis.Sequentially) })
)

func gridOf(method string) ([]cell, error) {
	var cells []cell
	for _, q := range questions {
		w, err := split.ParseWeights(q.weights)
		if err != nil {
			return nil, err
		}
		plan, err := analysis.NewPlan(analysis.Question{Weights: w, Method: method, MaxErrors: -1})
		if err != nil {
			return nil, err
		}
		runs := int64(cellRuns)
		var judge *analysis.Verdicts
		if method == analysis.Sequentially {
			// These are drawn request by request: fewer, and fewer still of ten
			// versions.
			runs = min(20_000, 10_000_000/plan.Requests)
		} else {
			judge = analysis.NewVerdicts(plan)
			judge.Learn()
		}
		for i, c := range truthsOf(q, plan) {
			c.result, err = Run(context.Background(), Experiment{
				Plan: plan, Truth: Truth{Shares: c.truth}, Judge: judge,
				Runs: runs, Seed: uint64(i), Workers: 2,
			})
			if err != nil {
				return nil, err
			}
			c.peers = Peers(plan.Question.Weights, c.truth)
			cells = append(cells, c)
		}
	}
	return cells, nil
}

// truthsOf are the weights themselves; the heaviest version short of its margin
// and the lightest beyond its own; and twice as far off.
func truthsOf(q question, plan *analysis.Plan) []cell {
	heavy, light := plan.Versions[0], plan.Versions[len(plan.Versions)-1]
	made := func(kind kind, label string, version analysis.PlannedVersion, by float64) cell {
		return cell{question: q, plan: plan, kind: kind, label: label, truth: offBy(plan, version, by)}
	}
	cells := []cell{made(correct, "as asked", heavy, 0)}
	if light.Weight == 0 {
		return append(cells,
			made(atMargin, "a leak of 0.2 %", heavy, -0.002),
			made(beyond, "a leak of 0.5 %", heavy, -0.005))
	}
	cells = append(cells,
		made(atMargin, light.Version+" more by its margin", light, light.Margin),
		made(atMargin, light.Version+" less by its margin", light, -light.Margin))
	if len(plan.Versions) > 2 {
		cells = append(cells, made(atMargin, heavy.Version+" less by its margin", heavy, -heavy.Margin))
	}
	return append(cells, made(beyond, light.Version+" more by twice its margin", light, 2*light.Margin))
}

// offBy moves one version and lets the others share the rest in proportion.
func offBy(plan *analysis.Plan, moved analysis.PlannedVersion, by float64) split.Weights {
	var truth split.Weights
	for _, each := range plan.Versions {
		share := each.ExpectedShare
		switch rest := 1 - moved.ExpectedShare; {
		case each.Version == moved.Version:
			share = max(0, share+by)
		case rest > 0:
			share *= 1 - by/rest
		default:
			share = -by / float64(len(plan.Versions)-1)
		}
		truth = append(truth, split.Weight{Version: each.Version, Weight: share})
	}
	return truth
}

// atMost holds a probability against what is promised. One that was summed is
// simply not greater. One that was drawn is not significantly greater, at one in
// ten thousand: of 200,000 samples a rate of 0.05 % gives 100, one of 0.1 %
// 200 ± 14, and that is refused from 140 on.
func atMost(t *testing.T, promised float64, e Estimate, runs int64, what string) {
	t.Helper()
	low := e.Probability
	if runs > 0 {
		low, _ = analysis.ClopperPearson(e.Runs, runs, 2e-4)
	}
	assert.LessOrEqual(t, low, promised, what)
}

// not is the estimate that a verdict does not come.
func not(r *Result, v analysis.Verdict) Estimate {
	e := r.Probability(v)
	return Estimate{Probability: 1 - e.Probability, Runs: r.Runs - e.Runs}
}

func TestPromises(t *testing.T) {
	cells, err := grid()
	require.NoError(t, err)
	sequential, err := sequentialGrid()
	require.NoError(t, err)
	for _, c := range slices.Concat(cells, sequential) {
		q, what := c.plan.Question, c.plan.Method+" "+c.question.weights+", "+c.label
		violated, verified := c.result.Probability(analysis.Violated), c.result.Probability(analysis.Verified)
		// What the gates may cost comes off what counts alone can have.
		missed := 1 - q.Power - c.result.GatesAtMost
		if c.kind == correct {
			atMost(t, q.Alpha, violated, c.result.Runs, what+": false violated")
			atMost(t, missed, not(c.result, analysis.Verified), c.result.Runs, what+": correct and not verified")
			continue
		}
		atMost(t, q.Alpha, verified, c.result.Runs, what+": false verified")
		atMost(t, missed, not(c.result, analysis.Violated), c.result.Runs, what+": off and not violated")
	}
}

// The check of the checks: rates that are double what is promised are noticed.
func TestADoubledRateWouldBeNoticed(t *testing.T) {
	for _, promised := range []float64{0.0005, 0.0008} {
		low, _ := analysis.ClopperPearson(int64(2*promised*cellRuns), cellRuns, 2e-4)
		assert.Greater(t, low, promised)
	}
}

func TestSizesOfTheContract(t *testing.T) {
	for _, q := range questions {
		if q.size > 0 {
			assert.InEpsilon(t, q.size, float64(planned(t, q.weights).Requests), 0.03, q.weights)
		}
	}
}

// found is the probability that a truth is called violated after n requests.
func found(t testing.TB, asked, truth string, n int64, alpha float64) float64 {
	t.Helper()
	plan, err := analysis.PlanFor(analysis.Question{Weights: weights(t, asked), Alpha: alpha, MaxErrors: -1}, n)
	require.NoError(t, err)
	return run(t, Experiment{Plan: plan, Truth: Truth{Shares: weights(t, truth)}}).Probability(analysis.Violated).Probability
}

func TestSixtyFiveForSeventyIsFoundWithinFourThousand(t *testing.T) {
	assert.GreaterOrEqual(t, found(t, "v1=70,v2=30", "v1=65,v2=35", 4000, 0), 0.99)
}

// The chi-square test at 0.001, once, as computed by the survey of other
// projects' checks (scipy 1.10.1, noncentral distribution).
func TestChiSquareWithoutRetries(t *testing.T) {
	power := func(truth float64, n float64) float64 {
		w := math.Abs(truth-0.7) / math.Sqrt(0.7*0.3)
		const critical = 10.827566170662733 // R's qchisq(0.999, 1)
		return analysis.NoncentralChiSquareUpper(critical, 1, n*w*w)
	}
	assert.InDelta(t, 0.94, power(0.60, 500), 0.005)
	assert.InDelta(t, 0.94, power(0.65, 2000), 0.005)
	assert.Greater(t, power(0.60, 2000), 0.9999)
	assert.InDelta(t, 0.998, power(0.66, 5000), 0.0005)
	assert.Greater(t, power(0.65, 5000), 0.99999)
	// By the exact test and the exact sum it is a little less in small samples.
	assert.InDelta(t, power(0.60, 500), found(t, "v1=70,v2=30", "v1=60,v2=40", 500, 0.001), 0.03)
	assert.LessOrEqual(t, found(t, "v1=70,v2=30", "v1=70,v2=30", 500, 0.001), 0.001)
}

func TestALeakIsFoundOnItsFirstHit(t *testing.T) {
	plan := planned(t, "v1=70,v2=30,v3=0")
	for _, share := range []float64{0.0005, 0.001, 0.005} {
		truth := split.Weights{{Version: "v1", Weight: 0.7 * (1 - share)}, {Version: "v2", Weight: 0.3 * (1 - share)}, {Version: "v3", Weight: share}}
		leak := run(t, Experiment{Plan: plan, Truth: Truth{Shares: truth}})
		hit := -math.Expm1(float64(plan.Requests) * math.Log1p(-share))
		assert.GreaterOrEqual(t, leak.Probability(analysis.Violated).Probability, hit-1e-12)
		assert.Less(t, leak.Probability(analysis.Verified).Probability, 1-hit+1e-12)
	}
}

// sticky are the questions for which samples of a correct split are drawn once
// for each connection of ten requests, and how many of them: permutations take
// long. With -full it is stickyRuns, enough that not one other verdict among them
// shows 99 % with a confidence of 95 %.
var sticky = map[string]int64{"v1=90,v2=10": 100, "v1=70,v2=30": 20}

const stickyRuns = 300

var stickyResults = map[string]*Result{}

func stickyResult(t testing.TB, asked string, runs int64) *Result {
	t.Helper()
	if stickyResults[asked] == nil || stickyResults[asked].Runs != runs {
		stickyResults[asked] = run(t, Experiment{
			Plan: planned(t, asked), Truth: Truth{Shares: weights(t, asked), PerConnection: true, Reuse: 10},
			Runs: runs, Seed: 11, Workers: 2,
		})
	}
	return stickyResults[asked]
}

func TestDrawsPerConnectionAreInconclusive(t *testing.T) {
	for asked, runs := range sticky {
		e := stickyResult(t, asked, runs).Probability(analysis.Inconclusive)
		assert.GreaterOrEqual(t, float64(e.Runs), 0.99*float64(runs), asked)
	}
}

// Every gate in force, at levels at which a doubled rate shows within few
// samples; the tests are the same at every level.
func TestPromisesHoldWithEveryGate(t *testing.T) {
	for _, asked := range []string{"v1=70,v2=30", "v1=97,v2=3", "v1=80,v2=10,v3=10"} {
		plan, err := analysis.NewPlan(analysis.Question{Weights: weights(t, asked), Alpha: 0.02, Power: 0.9, MaxErrors: -1})
		require.NoError(t, err)
		r := run(t, Experiment{
			Plan: plan, Truth: Truth{Shares: weights(t, asked), Reuse: 5},
			Runs: 1500, Seed: 5, Workers: 2,
		})
		atMost(t, 0.02, r.Probability(analysis.Violated), r.Runs, asked+": false violated")
		atMost(t, 0.1, not(r, analysis.Verified), r.Runs, asked+": correct and not verified")
	}
}

// suiteOf is a hundred checks, judged together.
func suiteOf(t testing.TB) (plans []*analysis.Plan) {
	t.Helper()
	for _, asked := range []string{
		"a=50,b=50", "a=60,b=40", "a=70,b=30", "a=75,b=25", "a=80,b=20", "a=90,b=10", "a=95,b=5", "a=99,b=1",
		"a=80,b=10,c=10", "a=1,b=1,c=1",
	} {
		plan, err := analysis.NewPlan(analysis.Suite(100, analysis.Question{Weights: weights(t, asked), MaxErrors: -1}))
		require.NoError(t, err)
		plans = append(plans, plan)
	}
	return plans
}

const suiteRuns = 5000

// Anything but verified counts as red. The gates, which counts do not show, may
// cost each check a fifth of what it may fail by: that is taken off.
func TestASuiteOfAHundredChecks(t *testing.T) {
	plans := suiteOf(t)
	random := rand.New(rand.NewPCG(100, 100))
	var judges []*analysis.Verdicts
	var gates float64
	for _, plan := range plans {
		judge := analysis.NewVerdicts(plan)
		judge.Learn()
		judges = append(judges, judge)
		gates += 10 * plan.GatesBudget()
	}
	judged := func(i int, truth []float64) analysis.Verdict {
		counts := make([]int64, len(truth))
		multinomial(random, plans[i].Requests, truth, counts)
		return judges[i].Of(counts, 0)
	}
	sharesOf := func(w split.Weights) []float64 {
		shares, _, _ := peerShares(w, w)
		return shares
	}
	var right [][]float64
	for _, plan := range plans {
		right = append(right, sharesOf(plan.Question.Weights))
	}
	var red, missed int64
	for suite := range suiteRuns {
		isRed := false
		for check := range 100 {
			isRed = judged(check%10, right[check%10]) != analysis.Verified || isRed
		}
		if isRed {
			red++
		}
		// One check, another one each time, is off by its margin.
		off := suite % 10
		last := plans[off].Versions[len(plans[off].Versions)-1]
		if judged(off, sharesOf(offBy(plans[off], last, last.Margin))) != analysis.Violated {
			missed++
		}
	}
	atMost(t, 0.01-gates, Estimate{Runs: red}, suiteRuns, "a correct suite is red")
	atMost(t, 0.01-gates, Estimate{Runs: missed}, suiteRuns, "a suite with one check off is not violated")
}
