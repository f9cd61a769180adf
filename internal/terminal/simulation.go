package terminal

import (
	"fmt"
	"io"
	"strings"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/reports"
	"github.com/splitcheck/splitcheck/reports/words"
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
		asked[i] = printable(v.Version) + "=" + weight(reports.Version{Weight: v.Weight})
	}
	t.paragraph("", fmt.Sprintf("If %s, a check for %s says after %s", truthWords(s.Truth), strings.Join(asked, ","), t.spent(s)))
	t.line("")
	t.verdictTable(s)
	t.line("")
	t.paragraph("", foundWords(s))
	if len(s.Peers) == 0 {
		return
	}
	t.line("")
	t.paragraph("", "How often checks of other projects would pass the same traffic:")
	t.line("")
	t.peerTable(s)
}

func truthWords(truth reports.SimulatedTruth) string {
	var parts []string
	switch {
	case truth.Shares != "":
		parts = append(parts, "the traffic really splits "+printable(truth.Shares))
	case len(truth.Defects) > 0:
		parts = append(parts, "the mesh has the defect "+printable(strings.Join(truth.Defects, " and ")))
	}
	if truth.PerConnection {
		parts = append(parts, fmt.Sprintf("a version is drawn once for each connection of %s", words.Plural(int64(truth.Reuse), "request")))
	} else if truth.Reuse > 0 {
		parts = append(parts, fmt.Sprintf("connections carry %s", words.Plural(int64(truth.Reuse), "request")))
	}
	if share, given := truth.Errors.Get(); given {
		parts = append(parts, percent(share, 3)+" of the requests end in errors")
	}
	return words.In("en").List(parts)
}

func (t *text) spent(s *reports.Simulation) string {
	if s.Used.Most > 0 && s.Used.Median < s.Requests {
		return fmt.Sprintf("%s requests in the median (%s in 99 of 100, %s at most)",
			t.bold(count(s.Used.Median)), count(s.Used.P99), count(s.Requests))
	}
	return t.bold(words.Plural(s.Requests, "request"))
}

func (t *text) verdictTable(s *reports.Simulation) {
	drawn := s.Way != "summed"
	var (
		rows   [][]string
		counts []analysis.Verdict
	)
	columns := []column{
		{title: titleVerdict, paint: func(row int, s string) string { return t.verdictColor(counts[row], s) }},
		{title: "PROBABILITY", right: true},
	}
	if drawn {
		columns = append(columns, column{title: titleInterval, right: true, yields: 2}, column{title: "RUNS", right: true, yields: 1})
	}
	for _, v := range s.Verdicts {
		if v.Verdict == analysis.NotMeasured && v.Probability.Or(0) == 0 {
			continue
		}
		counts = append(counts, v.Verdict)
		row := []string{string(v.Verdict), percent(v.Probability.Or(0), 3)}
		if drawn {
			row = append(row, fixed(v.CILow.Or(0), 3)+" to "+fixed(v.CIHigh.Or(0), 3)+" %", count(v.Runs))
		}
		rows = append(rows, row)
	}
	t.table("  ", columns, rows)
}

// foundWords say how the probabilities were found.
func foundWords(s *reports.Simulation) string {
	var text string
	runs := words.Plural(s.Runs, "sample")
	if s.Interrupted {
		runs = fmt.Sprintf("%s of %s", count(s.Runs), words.Plural(s.Wanted, "sample"))
	}
	switch s.Way {
	case "summed":
		text = "Every count was summed, so these are exact."
	case "counts":
		text = fmt.Sprintf("From %s, drawn as counts, seed %d.", runs, s.Seed)
	case "requests":
		text = fmt.Sprintf("From %s, drawn request by request with every gate, seed %d.", runs, s.Seed)
	default:
		text = fmt.Sprintf("From %s of the simulated mesh with every gate, seed %d.", runs, s.Seed)
	}
	if s.Interrupted {
		text = "Interrupted. " + text
	}
	if gates := s.GatesAtMost.Or(0); gates > 0 {
		text += fmt.Sprintf(" They leave out the gates, which turn at most %s of any sample drawn request by request into inconclusive.", percent(gates, 4))
	}
	return text
}

func (t *text) peerTable(s *reports.Simulation) {
	var rows [][]string
	for _, p := range s.Peers {
		rows = append(rows, []string{
			p.Name, count(p.Requests), count(int64(p.Attempts)), p.Rule, percent(p.First.Or(0), 2), percent(p.Passes.Or(0), 2),
		})
	}
	t.table("  ", []column{
		{title: titleCheck, least: 12}, {title: titleRequests, right: true, yields: 3}, {title: "TRIES", right: true, yields: 2},
		{title: "PASSES IF", least: 12, yields: 4}, {title: "FIRST TRY", right: true, yields: 1},
		{title: "PASSES", right: true, paint: func(_ int, s string) string { return t.bold(s) }},
	}, rows)
}
