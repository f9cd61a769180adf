package terminal

import (
	"math"
	"strings"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/reports"
)

// summary writes one line for each check of several, below the name of its
// scenario; on a narrow terminal, two.
func (t *text) summary(items []item) {
	if t.Width < narrowest {
		t.summaryList(items)
		return
	}
	var (
		table  [][]string
		counts []analysis.Verdict // of each row, empty for a heading
	)
	for n, i := range items {
		if n == 0 || items[n-1].scenario != i.scenario {
			table = append(table, []string{"", i.scenario.Name, "", "", "", ""})
			counts = append(counts, "")
		}
		row := []string{mark(i.counts()), "  " + i.place(), strings.ToLower(t.verdictOf(i)), "", absent, absent}
		if i.check != nil {
			row[3] = t.shares(i.check)
			row[4] = count(i.check.Requests)
			row[5] = t.duration(i.check.DurationSeconds.Or(math.NaN()))
		}
		table = append(table, row)
		counts = append(counts, i.counts())
	}
	verdict := func(row int, s string) string { return t.verdictColor(counts[row], s) }
	t.table("", []column{
		{paint: verdict},
		{title: titleCheck, least: 20, paint: func(row int, s string) string {
			if counts[row] == "" {
				return t.bold(s)
			}
			return s
		}},
		{title: titleVerdict, paint: verdict},
		{title: titleSeen, least: 12, yields: 1}, {title: titleRequests, right: true, yields: 3}, {title: titleTime, right: true, yields: 2},
	}, table)
}

// narrowest is how many columns the table of several checks takes at least.
const narrowest = 60

func (t *text) summaryList(items []item) {
	for _, i := range items {
		t.labelled(t.verdictColor(i.counts(), mark(i.counts())), 2, t.name(i))
		t.paragraph("  ", t.verdictColor(i.counts(), strings.ToLower(t.verdictOf(i))))
	}
}

// longName is how many columns a version takes in a sentence at most.
const longName = 32

// shares tells the observed split in one cell.
func (t *text) shares(c *reports.Check) string {
	if c.Requests == 0 {
		return ""
	}
	d := decimals(c.Versions)
	var parts []string
	for _, v := range c.Versions {
		if v.Count > 0 || v.ExpectedShare.Or(0) > 0 {
			parts = append(parts, clip(v.Version, longName)+" "+t.shareCell(v.Share, d))
		}
	}
	return strings.Join(parts, t.word("comma"))
}

func mark(v analysis.Verdict) string {
	switch v {
	case analysis.Verified:
		return "✓"
	case analysis.Inconclusive:
		return "?"
	default:
		return "✗"
	}
}
