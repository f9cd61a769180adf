package reports_test

import (
	"bytes"
	"fmt"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/reports"
	"github.com/splitcheck/splitcheck/split"
)

// A sample that was counted somewhere else becomes a report of one check, as JSON
// that every other tool here reads.
func ExampleFromJudgement() {
	weights, _ := split.ParseWeights("v1=90,v2=10")
	plan, err := analysis.NewPlan(analysis.Question{Weights: weights, MaxErrors: -1})
	if err != nil {
		fmt.Println(err)
		return
	}
	tally := &split.Tally{Versions: map[string]int64{"v1": 1500, "v2": 434}}
	check := reports.FromJudgement("everyone", analysis.Judge(plan, tally), reports.Measurement{Plan: plan, Tally: tally})

	report := &reports.Report{
		Target:    reports.Target{Kind: "recorded"},
		Scenarios: []reports.Scenario{{Name: "canary", Steps: []reports.Step{{Name: "90-10", Checks: []reports.Check{check}}}}},
	}
	report.Finish()
	var document bytes.Buffer
	if err := reports.JSON(&document, report); err != nil {
		fmt.Println(err)
		return
	}

	read, err := reports.Read(&document)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(read.Schema)
	fmt.Println(read.Verdict, "ends with exit code", reports.ExitCode(read.Verdict))
	for _, version := range read.Scenarios[0].Steps[0].Checks[0].Versions {
		fmt.Println(version.Version, version.Count)
	}
	// Output:
	// splitcheck.dev/report/v1
	// violated ends with exit code 1
	// v1 1500
	// v2 434
}

// Of several verdicts the worst is that of the whole: what was not measured says
// least.
func ExampleWorst() {
	fmt.Println(reports.Worst(analysis.Verified, analysis.Inconclusive))
	fmt.Println(reports.Worst(analysis.Violated, analysis.NotMeasured, analysis.Verified))
	// Output:
	// inconclusive
	// error
}
