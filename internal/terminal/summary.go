package terminal

import (
	"math"
	"strings"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/reports"
)

// summary writes one line for each check of several, below the name of its
// scenario.
func (t *text) summary(items []item) {
	header := []column{
		{"", false}, {titleCheck, false}, {"VERDICT", false},
		{titleSeen, false}, {titleRequests, true}, {titleTime, true},
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
		row := []string{mark(i.counts()), "  " + i.place(), strings.ToLower(i.verdict()), "", absent, absent}
		if i.check != nil {
			row[3] = shares(i.check)
			row[4] = count(i.check.Requests)
			row[5] = duration(i.check.DurationSeconds.Or(math.NaN()))
		}
		table = append(table, row)
		counts = append(counts, i.counts())
	}
	// What was seen gives way to the names, and time and requests to what is
	// left of them.
	const leastSeen, leastNames = 12, 24
	full := columnWidth(titleCheck, table, 1)
	room := drop(&header, table, []string{titleCheck, titleSeen}, []string{titleSeen}, t.Width, full+leastSeen)
	if header[3].title == titleSeen {
		for n := range table {
			table[n][3] = clip(table[n][3], room-full)
		}
	} else {
		room = drop(&header, table, []string{titleCheck}, []string{titleTime, titleRequests}, t.Width, leastNames)
	}
	for n, row := range table {
		row[1] = clip(row[1], min(full, room))
		if counts[n] == "" {
			row[1] = t.bold(row[1])
			continue
		}
		row[0] = t.verdictColor(counts[n], row[0])
		row[2] = t.verdictColor(counts[n], row[2])
	}
	t.table("", header, table)
}

// longName is how many columns a version takes in a sentence at most.
const longName = 32

// shares tells the observed split in one cell.
func shares(c *reports.Check) string {
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
