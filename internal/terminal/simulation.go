package terminal

import (
	"io"
	"strconv"
	"strings"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/internal/outward"
	"github.com/splitcheck/splitcheck/reports"
	"github.com/splitcheck/splitcheck/split"
)

// SimulationText writes a simulation for a person.
func SimulationText(o Options) reports.Format[*reports.Simulation] {
	return func(w io.Writer, s *reports.Simulation) error {
		t := newText(o)
		t.simulation(s)
		return t.flush(w)
	}
}

func (t *text) simulation(s *reports.Simulation) {
	asked := make([]string, len(s.Versions))
	for i, v := range s.Versions {
		asked[i] = outward.Line(v.Version) + "=" + weight(reports.Version{Weight: v.Weight})
	}
	t.paragraph("", t.word("simulated-check", split.Values{
		"truth": t.truth(s.Truth), "asked": strings.Join(asked, ","), "spent": t.spent(s),
	}))
	t.line("")
	t.verdictTable(s)
	t.line("")
	t.paragraph("", t.word("simulated-how", split.Values{
		"way": s.Way, "runs": s.Runs, "wanted": s.Wanted, "interrupted": s.Interrupted, "seed": strconv.FormatUint(s.Seed, 10),
		"gates": s.GatesAtMost.Or(0), "gates_share": t.percent(s.GatesAtMost.Or(0), 4),
	}))
	if len(s.Peers) == 0 {
		return
	}
	t.line("")
	t.paragraph("", t.word("simulated-peers"))
	t.line("")
	t.peerTable(s)
}

// truth is what the simulated traffic does.
func (t *text) truth(truth reports.SimulatedTruth) []string {
	var parts []string
	switch {
	case truth.Shares != "":
		parts = append(parts, t.word("truth-shares", split.Values{"shares": outward.Line(truth.Shares)}))
	case len(truth.Defects) > 0:
		var defects []string
		for _, d := range truth.Defects {
			defects = append(defects, outward.Line(d))
		}
		parts = append(parts, t.word("truth-defects", split.Values{"defects": defects}))
	}
	if truth.PerConnection {
		parts = append(parts, t.word("truth-per-connection", split.Values{"reuse": truth.Reuse}))
	} else if truth.Reuse > 0 {
		parts = append(parts, t.word("truth-reuse", split.Values{"reuse": truth.Reuse}))
	}
	if share, given := truth.Errors.Get(); given {
		parts = append(parts, t.word("truth-errors", split.Values{"share": t.percent(share, 3)}))
	}
	return parts
}

func (t *text) spent(s *reports.Simulation) string {
	if s.Used.Most > 0 && s.Used.Median < s.Requests {
		return t.word("spent-at-most", split.Values{"median": t.bold(count(s.Used.Median)), "p99": s.Used.P99, "most": s.Requests})
	}
	return t.bold(t.word("plan-requests", split.Values{"requests": s.Requests, "most": false}))
}

func (t *text) verdictTable(s *reports.Simulation) {
	drawn := s.Way != "summed"
	var (
		rows   [][]string
		counts []analysis.Verdict
	)
	columns := []column{
		{title: titleVerdict, paint: func(row int, s string) string { return t.verdictColor(counts[row], s) }},
		{title: "title-probability", right: true},
	}
	if drawn {
		columns = append(columns, column{title: titleInterval, right: true, yields: 2}, column{title: "title-runs", right: true, yields: 1})
	}
	for _, v := range s.Verdicts {
		if v.Verdict == analysis.NotMeasured && v.Probability.Or(0) == 0 {
			continue
		}
		counts = append(counts, v.Verdict)
		row := []string{t.lower(v.Verdict), t.percent(v.Probability.Or(0), 3)}
		if drawn {
			row = append(row, t.word("interval", split.Values{"low": fixed(v.CILow.Or(0), 3), "high": t.sign(fixed(v.CIHigh.Or(0), 3))}), count(v.Runs))
		}
		rows = append(rows, row)
	}
	t.table("  ", columns, rows)
}

func (t *text) peerTable(s *reports.Simulation) {
	var rows [][]string
	for _, p := range s.Peers {
		rows = append(rows, []string{
			p.Name, count(p.Requests), count(int64(p.Attempts)), t.saidOne(p.RuleItem, p.Rule), t.percent(p.First.Or(0), 2), t.percent(p.Passes.Or(0), 2),
		})
	}
	t.table("  ", []column{
		{title: titleCheck, least: 12}, {title: titleRequests, right: true, yields: 3}, {title: "title-tries", right: true, yields: 2},
		{title: "title-passes-if", least: 12, yields: 4}, {title: "title-first-try", right: true, yields: 1},
		{title: "title-passes", right: true, paint: func(_ int, s string) string { return t.bold(s) }},
	}, rows)
}
