package reportstest

import (
	"math"
	"time"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/reports"
	"github.com/splitcheck/splitcheck/split"
)

// question is what most samples ask: 90/10 at the defaults. 1,920 is the number
// of requests that the contract plans for it.
var question = &analysis.Plan{
	Question: analysis.Question{Alpha: 0.0005, Power: 0.999, Leak: 0.002, MaxErrors: 0.01},
	Method:   "chi-square", Requests: 1920,
	Versions: []analysis.PlannedVersion{
		{Version: "v1", Weight: 90, ExpectedShare: 0.9, Margin: 0.05},
		{Version: "v2", Weight: 10, ExpectedShare: 0.1, Margin: 0.05},
	},
}

func row(version string, weight, expected, margin float64, count int64, share, low, high, residual float64) analysis.VersionResult {
	return analysis.VersionResult{
		Version: version, Weight: weight, ExpectedShare: expected, Margin: margin, Count: count,
		Share: share, Low: low, High: high, Residual: residual, Expected: true,
	}
}

// GoodJudgement is 1,724 to 196 of 1,920, asked 90 to 10. The interval is
// Goodman's; rendering needs plausible numbers only.
func GoodJudgement() *analysis.Judgement {
	return &analysis.Judgement{
		Verdict: analysis.Verified, Method: "exact", Requests: 1920,
		Versions: []analysis.VersionResult{
			row("v1", 90, 0.9, 0.05, 1724, 0.89792, 0.8815, 0.9122, -0.3),
			row("v2", 10, 0.1, 0.05, 196, 0.10208, 0.0878, 0.1185, 0.3),
		},
		ChiSquare:   analysis.Test{Statistic: 0.0926, DF: 1, PValue: 0.7609, Valid: true},
		GTest:       analysis.Test{Statistic: 0.0922, DF: 1, PValue: 0.7614, Valid: true},
		Exact:       &analysis.ExactTest{PValue: 0.7606, Method: "enumeration"},
		Equivalence: analysis.Equivalence{PValue: 2.3e-13, MinMargin: 0.0246},
		Effect:      analysis.Effect{W: 0.0069, MisroutedShare: 0.0021},
		Power:       analysis.Power{Achieved: 0.99991, Margin: 0.05},
		Gates: []analysis.Gate{
			{Name: "runs", Statistic: 0.81, PValue: 0.42, Alpha: 0.0001},
			{Name: "connections", Statistic: 190.2, DF: 191, PValue: 0.5, Alpha: 0.0001},
		},
	}
}

// Good is a verified check of 90 to 10.
func Good(name string) reports.Check {
	return reports.FromJudgement(name, GoodJudgement(), reports.Measurement{
		Asked: reports.Asked{
			Request: "GET /version.html through the gateway", Identify: []string{"body:(v[12])"},
			Connections: 10, Reuse: 10,
		},
		Plan: question, Tally: &split.Tally{Versions: map[string]int64{"v1": 1724, "v2": 196}},
		Duration: 112 * time.Millisecond,
		Latency:  &reports.Latency{P50: reports.Num(0.31), P95: reports.Num(1.2), P99: reports.Num(3.4)},
	})
}

func badMeasurement() reports.Measurement {
	return reports.Measurement{
		Asked: reports.Asked{Request: "GET /productpage through the gateway"}, Plan: question,
		Duration: 3100 * time.Millisecond,
		Tally: &split.Tally{
			Errors:       map[string]int64{"timeout": 2, "status 503": 7},
			Unidentified: map[string]int64{"no marker in a 200 answer": 3},
			Examples: map[string]string{
				"timeout": "context deadline exceeded", "status 503": "no healthy upstream",
				"no marker in a 200 answer": "<html><head><title>Welcome to nginx!</title>",
			},
		},
	}
}

// Bad is a violated check: 70 to 30 where 90 to 10 was asked.
func Bad(name string) reports.Check {
	j := GoodJudgement()
	j.Verdict, j.Errors, j.Unidentified = analysis.Violated, 9, 3
	j.Versions = []analysis.VersionResult{
		row("v1", 90, 0.9, 0.05, 1338, 0.70126, 0.6770, 0.7244, -28.9),
		row("v2", 10, 0.1, 0.05, 570, 0.29874, 0.2756, 0.3230, 28.9),
	}
	j.ChiSquare = analysis.Test{Statistic: 838, DF: 1, PValue: 3.2e-184, Valid: true}
	j.Exact = &analysis.ExactTest{PValue: 1e-180, Method: "enumeration"}
	j.Equivalence = analysis.Equivalence{PValue: 1, MinMargin: 0.23}
	asked := []split.Values{{"version": "v1", "share": 0.9}, {"version": "v2", "share": 0.1}}
	j.Reasons = []split.Finding{
		split.Found("weights-refuted", split.Values{"asked": asked, "p_value": 1e-180, "method": "exact", "alpha": 0.0005, "lost": 12}),
		split.Found("version-off", split.Values{"version": "v2", "asked": 0.1, "share": 0.29874, "low": 0.2756, "high": 0.323, "margin": 0.05}),
	}
	j.Advice = []split.Finding{split.Found("compare-programmed", nil)}
	j.Diagnosis = []analysis.Cause{{
		Name: analysis.PreviousWeights, LogFactor: 402,
		Shares: []analysis.Share{{Version: "v1", Share: 0.7}, {Version: "v2", Share: 0.3}},
	}}
	m := badMeasurement()
	return reports.FromJudgement(name, j, m)
}

// OneCheck is a report on the simulated mesh that has one check.
func OneCheck(c reports.Check) *reports.Report {
	seed := uint64(7)
	r := &reports.Report{
		Generator: "splitcheck v0.1.0",
		Target:    reports.Target{Kind: "sim", Simulated: true},
		Reproduction: &reports.Reproduction{
			Command: []string{"splitcheck", "run", "version-test-90-10", "--seed", "7"}, Seed: &seed,
		},
		DurationSeconds: reports.Num(0.31),
		Scenarios: []reports.Scenario{{
			Name: "version-test-90-10", Description: "The curl loop,\nmade a test.",
			Steps: []reports.Step{{
				Name:        "90-10",
				Convergence: &reports.Convergence{Seconds: reports.Num(1.2), Converged: true},
				Checks:      []reports.Check{c},
			}},
			Graph: &split.Graph{
				Nodes: []split.Node{{ID: "gateway", Workload: "istio-ingressgateway"}, {ID: "appv1", Workload: "appv1", Version: "v1", Namespace: "default"}},
				Edges: []split.Edge{{From: "gateway", To: "appv1", Requests: 1724}},
			},
		}},
	}
	r.Finish()
	return r
}

// unsure is inconclusive, because connections keep their version.
func unsure(name string) reports.Check {
	c := Good(name)
	c.Verdict = analysis.Inconclusive
	pure := split.Found("gate-connections-pure", split.Values{"connections": 194})
	repair := split.Found("repair-connections-pure", split.Values{"connections": 194})
	c.ReasonItems = []split.Finding{split.Found("gate-broken", split.Values{
		"gate": analysis.GateConnections, "found": pure, "p_value": 1e-20, "alpha": 0.00007,
	})}
	c.AdviceItems = []split.Finding{split.Found("repair-gate", split.Values{"gate": analysis.GateConnections, "repair": repair})}
	g := &c.Gates[1]
	g.Broken, g.PValue, g.Found, g.RepairItem = true, reports.Num(1e-20), &pure, &repair
	return c
}

// Suite is several scenarios of which some are not as expected.
func Suite() *reports.Report {
	r := OneCheck(Good("everyone"))
	control := Bad("everyone")
	control.ExpectedVerdict = analysis.Violated
	missed := Good("everyone")
	missed.ExpectedVerdict = analysis.Violated
	unsure := unsure("testuser")
	late := reports.Unmeasured("everyone", analysis.NotConverged, reports.Measurement{Plan: question},
		split.Text("the answers still came from v1 alone when the time was over"))
	dead := reports.Unmeasured("everyone", analysis.NotMeasured, reports.Measurement{
		Tally: &split.Tally{Errors: map[string]int64{"connection refused": 40}, Examples: map[string]string{"connection refused": "dial tcp 127.0.0.1:80: connect: connection refused"}},
	}, split.Found("too-many-errors", split.Values{
		"errors": 40, "requests": 40, "share": 1, "max_errors": 0.01, "kinds": map[string]int64{"connection refused": 40},
	}))
	one := func(scenario, step string, c reports.Check) reports.Scenario {
		return reports.Scenario{Name: scenario, Steps: []reports.Step{{Name: step, Checks: []reports.Check{c}}}}
	}
	r.Scenarios = append(r.Scenarios,
		one("wrong-weights", "70-30", control), one("leaky-subset", "100-0", missed),
		reports.Scenario{Name: "bookinfo-testuser", Steps: []reports.Step{
			{Name: "prepare"}, {Name: "rules", Checks: []reports.Check{Good("everyone"), unsure}}}},
		reports.Scenario{Name: "weather-shift", Steps: []reports.Step{{
			Name: "50-50", Checks: []reports.Check{late},
			Convergence: &reports.Convergence{Seconds: reports.Num(60), Detail: "the gateway still holds the rules from before"},
		}}},
		one("gamma-shift", "80-20", dead),
		reports.Scenario{Name: "nginx-replicas", Failure: "cannot read deployment.yaml: no such file"},
	)
	r.Finish()
	return r
}

// many is a split over n versions of which the last gets too much.
func many(n int, name func(int) string) *reports.Report {
	j := GoodJudgement()
	j.Verdict, j.Exact = analysis.Violated, nil
	j.ChiSquare = analysis.Test{Statistic: 400, DF: n - 1, PValue: 1.4e-6, Valid: true}
	j.Versions = nil
	share := 1 / float64(n)
	for i := range n {
		got := share * (1 + 0.002*float64(i))
		if i == n-1 {
			got = 2 * share
		}
		j.Versions = append(j.Versions, row(name(i), 1, share, share/2, int64(got*10000), got, 0.9*got, 1.1*got, 0.4))
	}
	j.Requests = 10000
	j.Reasons = []split.Finding{split.Text(name(n-1) + " gets twice its share")}
	return OneCheck(reports.FromJudgement("everyone", j, reports.Measurement{Plan: question}))
}

// zeroWeight is 999 to 1 with a version that must never answer, an unknown one
// that did, and a share that is not told.
func zeroWeight() *reports.Report {
	j := GoodJudgement()
	j.Verdict, j.Exact, j.Requests = analysis.Violated, nil, 64000
	leaked := analysis.VersionResult{Version: "v9", Count: 1, Share: 1.0 / 64000, Low: 0, High: 0.0002}
	silent := row("v3", 0, 0, 0, 0, 0, 0, 0.0001, math.NaN())
	silent.LeakBound = 0.000119
	j.Versions = []analysis.VersionResult{
		row("v1", 999, 0.999, 0.001, 63936, 0.999, 0.9987, 0.9993, 0.01),
		row("v2", 1, 0.001, 0.001, 63, 63.0/64000, 0.0007, 0.0014, -0.1), silent, leaked,
	}
	j.Reasons = []split.Finding{split.Text("v9 answered once, and no weight names it")}
	return OneCheck(reports.FromJudgement("everyone", j, reports.Measurement{Plan: question}))
}

// Empty is a sample without a single request.
func Empty() *reports.Report {
	j := &analysis.Judgement{
		Verdict: analysis.NotMeasured, Method: "asymptotic",
		Versions: []analysis.VersionResult{
			row("v1", 1, 0.5, 0.05, 0, math.NaN(), math.NaN(), math.NaN(), math.NaN()),
			row("v2", 1, 0.5, 0.05, 0, math.NaN(), math.NaN(), math.NaN(), math.NaN()),
		},
		ChiSquare:   analysis.Test{Statistic: math.Inf(1), DF: 1, PValue: math.NaN()},
		Equivalence: analysis.Equivalence{PValue: math.Inf(-1), MinMargin: math.NaN()},
		Reasons:     []split.Finding{split.Found("nothing-counted", nil)},
	}
	r := OneCheck(reports.FromJudgement("everyone", j, reports.Measurement{}))
	r.Target = reports.Target{Kind: "gateway", URL: "http://127.0.0.1:8080", Versions: map[string]string{"istio": "1.31.1"}}
	return r
}

// HostileText is what a server could send to take over the terminal.
const HostileText = "\x1b]0;owned\x07\x1b[2J\x1b[31mVERIFIED\r\n\u009b1A\u202eevil\u2066\x00\x7f\xff\xfe\u200b"

// Hostile has it wherever a text from outside can stand.
func Hostile() *reports.Report {
	j := GoodJudgement()
	j.Versions[0].Version = HostileText
	hostile := []split.Finding{split.Text(HostileText)}
	j.Warnings, j.Advice, j.Reasons = hostile, hostile, []split.Finding{
		split.Found("unknown-version", split.Values{"version": HostileText, "count": 1, "asked": []split.Values{}}),
	}
	j.Gates[0].Broken, j.Gates[0].Found, j.Gates[0].Repair = true, hostile[0], hostile[0]
	r := OneCheck(reports.FromJudgement(HostileText, j, reports.Measurement{
		Plan: question, Asked: reports.Asked{Request: HostileText}, Causes: hostile,
		Tally: &split.Tally{
			Errors:       map[string]int64{HostileText: 3},
			Unidentified: map[string]int64{"odd": 2},
			Examples:     map[string]string{HostileText: HostileText, "odd": HostileText},
		},
	}))
	r.Warnings, r.WarningItems = nil, hostile
	r.Finish()
	r.Target.URL, r.Target.Versions = HostileText, map[string]string{HostileText: HostileText}
	r.Scenarios[0].Name, r.Scenarios[0].Description = HostileText, HostileText
	r.Scenarios[0].Graph.Nodes[1].Workload = HostileText
	r.Reproduction.Command = []string{"splitcheck", "run", HostileText}
	return r
}

// interrupted was ended by the user in the middle of its only sample.
func interrupted() *reports.Report {
	c := Good("everyone")
	c.Verdict, c.Interrupted, c.Requests = analysis.Inconclusive, true, 412
	c.ReasonItems = []split.Finding{split.Found("cannot-tell", split.Values{
		"requests": 412, "asked": []split.Values{{"version": "v1", "share": 0.9}, {"version": "v2", "share": 0.1}},
	})}
	r := OneCheck(c)
	r.Interrupted = true
	r.Finish()
	return r
}
