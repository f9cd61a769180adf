// Package reportstest holds finished documents that every format is tried on:
// the usual ones, and those that are hard to show. The numbers are plausible and
// no more; it declines to be read as measurements.
package reportstest

import (
	"fmt"
	"time"

	"github.com/splitcheck/splitcheck/reports"
	"github.com/splitcheck/splitcheck/split"
)

func shortName(i int) string { return fmt.Sprintf("v%d", i+1) }

func longName(i int) string {
	return fmt.Sprintf("registry.example.com/team/shop/checkout-service-canary-7d9f8c%d@sha256:0123456789abcdef-v%d", i, i+1)
}

func unicodeName(i int) string {
	return []string{"版本一", "version-é", "v\u0065\u0301", "🚀canary", "ｖ４"}[i%5] + fmt.Sprint(i)
}

// Documents are the reports that every format is tried on, by name.
func Documents() map[string]*reports.Report {
	return map[string]*reports.Report{
		"verified":       OneCheck(Good("everyone")),
		"violated":       OneCheck(Bad("everyone")),
		"inconclusive":   OneCheck(unsure("everyone")),
		"suite":          Suite(),
		"ten-versions":   many(10, shortName),
		"100-versions":   many(100, shortName),
		"long-names":     many(3, longName),
		"unicode":        many(5, unicodeName),
		"zero-weight":    zeroWeight(),
		"nothing-sent":   Empty(),
		"nothing-at-all": nothing(),
		"hostile":        Hostile(),
		"interrupted":    interrupted(),
		"kind-verified":  kindVerified(),
		"kind-violated":  kindViolated(),
		"kind-stuck":     kindStuck(),
	}
}

func nothing() *reports.Report {
	r := &reports.Report{Target: reports.Target{Kind: "sim", Simulated: true}}
	r.Finish()
	return r
}

// Full has every field set.
func Full() *reports.Report {
	r := OneCheck(Bad("everyone"))
	started := time.Date(2026, 8, 22, 12, 0, 0, 0, time.UTC)
	words := []split.Finding{split.Text("w")}
	r.Started, r.WarningItems = &started, words
	r.Target.URL, r.Target.Context, r.Target.Source = "http://x", "c", "f"
	r.Target.Versions = map[string]string{"istio": "1.31.1"}
	r.Interrupted = true
	s := &r.Scenarios[0]
	s.Fail(words[0])
	s.WarningItems, s.Interrupted, s.Unnamed = words, true, true
	s.Graph.Edges[0].Mirrored, s.Graph.Nodes[0].Version, s.Graph.Nodes[0].Namespace = 1, "v1", "n"
	s.DurationSeconds, s.DeploymentSeconds, s.RemovalSeconds = reports.Num(9), reports.Num(3), reports.Num(1)
	step := &s.Steps[0]
	step.DurationSeconds = reports.Num(5)
	step.Fail(words[0])
	step.WarningItems, step.Convergence.DetailItem = words, &words[0]
	c := &step.Checks[0]
	c.ExpectedVerdict, c.Interrupted = "violated", true
	c.Exact = &reports.Exact{PValue: reports.Num(0), Method: "monte-carlo", Draws: 9, CILow: reports.Num(0), CIHigh: reports.Num(0.1)}
	c.CressieRead = c.GTest
	c.Versions[0].ExactCILow, c.Versions[0].ExactCIHigh = reports.Num(0), reports.Num(1)
	c.Sequential = &reports.Sequential{LogEValue: reports.Num(1), PValue: reports.Num(0)}
	c.Latency = &reports.Latency{P50: reports.Num(1), P95: reports.Num(2), P99: reports.Num(3)}
	c.Versions[0].Statuses, c.Versions[0].Latency = map[int]int64{200: 1337, 503: 1}, c.Latency
	c.ErrorStatuses, c.UnidentifiedStatuses = map[int]int64{503: 7}, map[int]int64{200: 3}
	c.Settling = &reports.Settling{Settled: true, Requests: 386, Seconds: reports.Num(3.9), Windows: []reports.Window{
		{Requests: 193, Errors: 1, Unidentified: 2, Versions: map[string]int64{"v1": 190}}, {Requests: 193, Versions: map[string]int64{"v1": 193}},
	}}
	c.Addresses = []reports.Address{
		{Address: "192.0.2.1:443", Count: 960, Share: reports.Num(0.5), Versions: map[string]int64{"v1": 672}},
		{Address: "[2001:db8::1]:443", Count: 950, Share: reports.Num(0.5), Versions: map[string]int64{"v1": 666}},
	}
	c.Course = &reports.Course{
		Requests: []int64{1024, 1920}, Versions: []reports.CourseOfVersion{{Version: "v1", Counts: []int64{720, 1338}}},
		Errors: []int64{0, 9}, Unidentified: []int64{1, 3},
	}
	s.Source, step.Source, c.Source = &reports.Source{File: "s.yaml", Line: 4}, &reports.Source{File: "s.yaml", Line: 9}, &reports.Source{File: "1.txt"}
	s.Graph.Edges[0].Service = "app.default.svc.cluster.local"
	step.Graph = s.Graph
	step.Timeline = &reports.Timeline{
		AppliedSeconds: reports.Num(0.4), Programmed: []reports.ProgrammedAt{{Name: "p.n", Seconds: reports.Num(1)}},
		FirstAnswers: []reports.FirstAnswer{{Version: "v1", Seconds: reports.Num(1.5)}},
	}
	c.Causes, c.WarningItems = words, words
	c.Asked.RequestItem = &words[0]
	c.Mesh = account()
	c.Mesh.Notes, c.Mesh.NoteItems = nil, words
	step.Convergence.Proxies = []reports.ProxyState{{Name: "p.n", Seconds: reports.Num(1), Converged: true, DetailItem: &words[0]}}
	c.Versions[0].Unexpected, c.Versions[0].LeakBound = true, reports.Num(0.1)
	c.Gates[0].Found, c.Gates[0].RepairItem = &words[0], &words[0]
	c.Asked.Rate, c.Asked.Connections, c.Asked.Reuse, c.Asked.Identify = reports.Num(0), 1, 1, []string{"status"}
	r.Finish()
	c.HolmPValue = reports.Num(1) // a run of several checks has it
	return r
}
