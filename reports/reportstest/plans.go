package reportstest

import (
	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/reports"
	"github.com/splitcheck/splitcheck/split"
)

var withinFive = split.Found("passes-shares-strictly", split.Values{"points": 5})

// Plan is of three versions, one of them hostile.
func Plan() *reports.Plan {
	p := *question
	p.Requests = 3800
	p.Versions = append([]analysis.PlannedVersion{}, question.Versions...)
	p.Versions = append(p.Versions, analysis.PlannedVersion{Version: "v3\x1b[2J", Weight: 0})
	return reports.FromPlan(&p)
}

// Simulation is of two versions, summed.
func Simulation() *reports.Simulation {
	num := reports.Num
	s := &reports.Simulation{
		Schema: reports.SimulationSchema, Requests: 3892, Alpha: num(0.0005), Power: num(0.999), Leak: num(0.002),
		Method: "chi-square", Truth: reports.SimulatedTruth{Shares: "v1=65,v2=35"}, Way: "summed", Seed: 1,
		GatesAtMost: num(0.0002), Used: reports.UsedRequests{Median: 3892, P99: 3892, Most: 3892},
		Verdicts: []reports.VerdictProbability{
			{Verdict: analysis.Verified, Probability: num(0.00048), CILow: num(0.00048), CIHigh: num(0.00048)},
			{Verdict: analysis.Violated, Probability: num(0.99931), CILow: num(0.99931), CIHigh: num(0.99931)},
			{Verdict: analysis.Inconclusive, Probability: num(0.00021), CILow: num(0.00021), CIHigh: num(0.00021)},
			{Verdict: analysis.NotMeasured, Probability: num(0), CILow: num(0), CIHigh: num(0)},
		},
		Peers: []reports.Peer{{
			Name: "Gateway API conformance", Rule: "shares within 5 points, none at weight 0", RuleItem: &withinFive, Source: "weight.go",
			Requests: 500, Attempts: 10, First: num(0.5206), Passes: num(0.99936), CILow: num(0.99936), CIHigh: num(0.99936),
		}},
	}
	for version, weight := range []float64{70, 30} {
		s.Versions = append(s.Versions, reports.SimulatedVersion{
			PlannedVersion: reports.PlannedVersion{
				Version: []string{"v1", "v2"}[version], Weight: num(weight), ExpectedShare: num(weight / 100), Margin: num(0.05),
			},
			TrueShare: num([]float64{0.65, 0.35}[version]),
		})
	}
	return s
}

// DrawnSimulation is of the mesh, by the sequential method, and was cut short.
func DrawnSimulation() *reports.Simulation {
	s := Simulation()
	s.Truth = reports.SimulatedTruth{Defects: []string{"leak:version=v3,share=0.1%", "dead:version=v2\x1b[2J"}, Reuse: 10}
	s.Method, s.Way, s.Runs, s.Wanted, s.Interrupted = "sequential", "sampled", 120, 500, true
	s.GatesAtMost = reports.Num(0)
	s.Used = reports.UsedRequests{Median: 900, P99: 2100, Most: 3892}
	for i := range s.Verdicts {
		s.Verdicts[i].Runs = []int64{1, 118, 1, 0}[i]
		s.Verdicts[i].CILow, s.Verdicts[i].CIHigh = reports.Num(0.01), reports.Num(0.99)
	}
	return s
}
