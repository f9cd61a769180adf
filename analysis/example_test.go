package analysis_test

import (
	"fmt"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/reports/words"
	"github.com/splitcheck/splitcheck/split"
)

// How many requests tell whether a 90/10 canary really gets its share?
func ExampleNewPlan() {
	plan, err := analysis.NewPlan(analysis.Question{
		Weights:   split.Weights{{Version: "v1", Weight: 90}, {Version: "v2", Weight: 10}},
		MaxErrors: -1, // the default
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(plan.Requests, "requests")
	for _, version := range plan.Versions {
		fmt.Printf("%s: %.0f %% ± %.0f points\n", version.Version, 100*version.ExpectedShare, 100*version.Margin)
	}
	// Output:
	// 1934 requests
	// v1: 90 % ± 5 points
	// v2: 10 % ± 5 points
}

// A curl loop of a hundred requests, and a sample of the planned size.
func ExampleJudge() {
	weights, _ := split.ParseWeights("v1=90,v2=10")
	plan, err := analysis.NewPlan(analysis.Question{Weights: weights, MaxErrors: -1})
	if err != nil {
		fmt.Println(err)
		return
	}
	loop := analysis.Judge(plan, &split.Tally{Versions: map[string]int64{"v1": 88, "v2": 12}})
	fmt.Println(loop.Verdict)
	fmt.Println(words.English(loop.Reasons[0]))

	sample := analysis.Judge(plan, &split.Tally{Versions: map[string]int64{"v1": 1743, "v2": 191}})
	fmt.Println(sample.Verdict)
	fmt.Println(words.English(sample.Reasons[0]))
	// Output:
	// inconclusive
	// 100 requests cannot tell whether the split is v1 90 %, v2 10 %
	// verified
	// the counts fit v1 90 %, v2 10 %: a correct split would be this far off or further with a probability of 0.88 (exact chi-square test)
}

// One hit on a version that must get none is enough.
func ExampleJudge_leak() {
	weights, _ := split.ParseWeights("v1=100,v2=0")
	plan, err := analysis.NewPlan(analysis.Question{Weights: weights, MaxErrors: -1})
	if err != nil {
		fmt.Println(err)
		return
	}
	j := analysis.Judge(plan, &split.Tally{Versions: map[string]int64{"v1": 3796, "v2": 1}})
	fmt.Println(j.Verdict)
	fmt.Println(words.English(j.Reasons[0]))
	// Output:
	// violated
	// v2 has weight 0 and answered once in 3,797 (0.0263 %); not even one answer is possible if the weights are in effect
}

// A hundred checks in one run are each planned more strictly, so that the run
// as a whole stays believable.
func ExampleSuite() {
	q := analysis.Question{MaxErrors: -1}
	q.Weights, _ = split.ParseWeights("v1=90,v2=10")
	one, _ := analysis.NewPlan(analysis.Suite(1, q))
	hundred, _ := analysis.NewPlan(analysis.Suite(100, q))
	fmt.Println(one.Requests, hundred.Requests)
	fmt.Println(analysis.Holm([]float64{0.01, 0.04, 0.03}))
	// Output:
	// 1934 2678
	// [0.03 0.06 0.06]
}
