package reports

import (
	"math"
	"slices"
	"strings"

	"github.com/splitcheck/splitcheck/analysis"
)

// summary writes one line for each check of several.
func (t *text) summary(items []item) {
	header := []column{
		{"", false}, {titleScenario, false}, {titleStep, false}, {titleCheck, false},
		{"VERDICT", false}, {titleSeen, false}, {titleRequests, true}, {titleTime, true},
	}
	var table [][]string
	for n, i := range items {
		row := []string{mark(i.counts()), i.scenario.Name, "", "", strings.ToLower(i.verdict()), "", absent, absent}
		if n > 0 && items[n-1].scenario == i.scenario {
			row[1] = ""
		}
		if i.step != nil {
			row[2] = i.step.Name
		}
		if i.check != nil {
			row[3], row[5] = i.check.Name, shares(i.check)
			row[6] = count(i.check.Requests)
			row[7] = duration(i.check.DurationSeconds.Or(math.NaN()))
		}
		table = append(table, row)
	}
	// What was seen gives way to the names, and time and requests to what is
	// left of them.
	names := []string{titleScenario, titleStep, titleCheck}
	widths := make([]int, len(names))
	for i, title := range names {
		widths[i] = columnWidth(title, table, i+1)
	}
	const leastSeen, leastNames = 12, 24
	full := widths[0] + widths[1] + widths[2]
	flexible := append(slices.Clone(names), titleSeen)
	room := drop(&header, table, flexible, []string{titleSeen}, t.Width, full+leastSeen)
	if header[5].title == titleSeen {
		for n := range table {
			table[n][5] = clip(table[n][5], room-full)
		}
	} else {
		room = drop(&header, table, names, []string{titleTime, titleRequests}, t.Width, leastNames)
	}
	shrink(widths, room)
	for i, width := range widths {
		header[i+1].title = clip(header[i+1].title, width)
		for n := range table {
			table[n][i+1] = clip(table[n][i+1], width)
		}
	}
	for n, row := range table {
		row[0] = t.verdictColor(items[n].counts(), row[0])
		row[4] = t.verdictColor(items[n].counts(), row[4])
	}
	t.table("", header, table)
}

// longName is how many columns a version takes in a sentence at most.
const longName = 32

// shares tells the observed split in one cell.
func shares(c *Check) string {
	if c.Requests == 0 {
		return ""
	}
	d := decimals(c.Versions)
	var parts []string
	for _, v := range c.Versions {
		if v.Count > 0 || v.ExpectedShare.Or(0) > 0 {
			parts = append(parts, clip(v.Version, longName)+" "+shareCell(v.Share, d))
		}
	}
	return strings.Join(parts, ", ")
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
