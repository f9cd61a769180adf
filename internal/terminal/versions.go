package terminal

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/splitcheck/splitcheck/internal/outward"
	"github.com/splitcheck/splitcheck/reports"
	"github.com/splitcheck/splitcheck/reports/words"
	"github.com/splitcheck/splitcheck/split"
)

// shownVersions is how many rows a table has unless all were asked for.
const shownVersions = 20

// versions writes the table of a check, with a bar for each share where that is
// to be looked at.
func (t *text) versions(c *reports.Check, bars bool) {
	const indent, leastName, leastBar, mostBar = "  ", 7, 12, 24
	rows, hidden := t.rows(c)
	d := decimals(c.Versions)
	columns := []column{
		{title: titleVersion, least: leastName, paint: func(_ int, s string) string { return t.bold(s) }},
		{title: titleWeight, right: true, yields: 1}, {title: titleAsked, right: true, yields: 5},
		{title: titleSeen, right: true}, {title: titleCount, right: true, yields: 4}, {title: titleInterval, right: true, yields: 3},
	}
	var table [][]string
	for _, v := range rows {
		table = append(table, []string{
			v.Version, weight(v), t.askedShare(v, d), t.shareCell(v.Share, d), count(v.Count), t.interval(v, d),
		})
	}
	if !t.Verbose {
		columns = slices.Delete(columns, 1, 2)
		for n := range table {
			table[n] = slices.Delete(table[n], 1, 2)
		}
	}
	if bars {
		// The bar takes what the names leave of the line.
		columns = append(columns, column{title: titleBar, yields: 2})
		room := t.room(indent, columns) - min(columnWidth(t.word(titleVersion), table, 0), 2*leastBar)
		for i, c := range columns[1 : len(columns)-1] {
			room -= columnWidth(t.word(c.title), table, i+1)
		}
		bar := min(mostBar, max(leastBar, room))
		if cells(t.word(titleBar)) > bar {
			columns[len(columns)-1].title = titleShortBar
		}
		for n, v := range rows {
			table[n] = append(table[n], t.bar(v, bar))
		}
	}
	names := t.table(indent, columns, table)
	if hidden > 0 {
		t.paragraph(indent, t.word("more-versions", split.Values{"count": hidden}))
	}
	for _, v := range rows {
		if short := clip(v.Version, names); short != v.Version {
			t.labelled(t.dim(indent+short), names+2*len(indent), v.Version)
		}
	}
}

// rows chooses the versions to show, in their order: those farthest off.
func (t *text) rows(c *reports.Check) (rows []reports.Version, hidden int) {
	if t.Verbose || len(c.Versions) <= shownVersions {
		return c.Versions, 0
	}
	off := func(v reports.Version) float64 {
		if v.Count > 0 && v.ExpectedShare.Or(0) == 0 {
			return math.Inf(1) // A hit that must not be.
		}
		return math.Abs(v.Share.Or(0) - v.ExpectedShare.Or(0))
	}
	order := make([]int, len(c.Versions))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(off(c.Versions[b]), off(c.Versions[a])) })
	chosen := slices.Sorted(slices.Values(order[:shownVersions]))
	for _, i := range chosen {
		rows = append(rows, c.Versions[i])
	}
	return rows, len(c.Versions) - shownVersions
}

// decimals says with how many decimals shares in percent are told apart, given
// the margins that matter.
func decimals(versions []reports.Version) int {
	least := math.Inf(1)
	for _, v := range versions {
		if m, ok := v.Margin.Get(); ok && m > 0 {
			least = min(least, m)
		}
	}
	return words.Decimals(least)
}

func weight(v reports.Version) string {
	if v.Unexpected {
		return absent
	}
	return strconv.FormatFloat(v.Weight.Or(math.NaN()), 'g', 6, 64)
}

func (t *text) askedShare(v reports.Version, decimals int) string {
	if v.Unexpected || v.ExpectedShare.Or(0) == 0 {
		return t.word("never")
	}
	s := t.sign(fixed(v.ExpectedShare.Or(0), decimals))
	if m, ok := v.Margin.Get(); ok {
		s += " ± " + fixed(m, decimals)
	}
	return s
}

func (t *text) shareCell(n reports.Number, decimals int) string {
	x, ok := n.Get()
	if !ok {
		return absent
	}
	return t.sign(fixed(x, decimals))
}

func (t *text) interval(v reports.Version, decimals int) string {
	low, ok := v.CILow.Get()
	high, also := v.CIHigh.Get()
	if !ok || !also {
		return absent
	}
	return t.word("interval", split.Values{"low": fixed(low, decimals), "high": t.sign(fixed(high, decimals))})
}

// bar draws the share in so many columns, with a mark where it was asked to be.
func (t *text) bar(v reports.Version, columns int) string {
	const eighths = "▏▎▍▌▋▊▉█"
	blocks := []rune(eighths)
	filled := int(math.Round(min(max(v.Share.Or(0), 0), 1) * float64(columns) * 8))
	if filled == 0 && v.Count > 0 {
		filled = 1 // What was seen shows, however little it is.
	}
	cellsOf := []rune(strings.Repeat(" ", columns))
	for i := range cellsOf {
		if part := min(8, filled-8*i); part > 0 {
			cellsOf[i] = blocks[part-1]
		}
	}
	expected := min(max(v.ExpectedShare.Or(0), 0), 1)
	mark := -1
	if !v.Unexpected {
		mark = min(int(expected*float64(columns)), columns-1)
	}
	var b strings.Builder
	paint := "36"
	if v.Count > 0 && expected == 0 {
		paint = "31"
	}
	for i, r := range cellsOf {
		switch {
		case i == mark:
			b.WriteRune('│')
		case r == ' ':
			b.WriteRune(r)
		default:
			b.WriteString(t.color(paint, string(r)))
		}
	}
	return strings.TrimRight(b.String(), " ")
}

// planTable writes the versions of a plan.
func (t *text) planTable(p *reports.Plan) {
	var versions []reports.Version
	for _, v := range p.Versions {
		versions = append(versions, reports.Version{
			Version: outward.Line(v.Version), Weight: v.Weight, ExpectedShare: v.ExpectedShare, Margin: v.Margin,
		})
	}
	d := decimals(versions)
	var rows [][]string
	for _, v := range versions {
		row := []string{v.Version, weight(v), t.word("never"), absent}
		if v.ExpectedShare.Or(0) > 0 {
			row[2] = t.sign(fixed(v.ExpectedShare.Or(0), d))
			row[3] = "± " + t.points(v.Margin.Or(0))
		}
		rows = append(rows, row)
	}
	t.table("  ", []column{
		{title: titleVersion, least: 6, paint: func(_ int, s string) string { return t.bold(s) }},
		{title: titleWeight, right: true, yields: 1}, {title: titleShare, right: true}, {title: titleMargin, right: true},
	}, rows)
}

// graph writes what called what.
func (t *text) graph(s reports.Scenario) {
	if s.Graph == nil || len(s.Graph.Edges) == 0 {
		return
	}
	names := map[string]string{}
	for _, n := range s.Graph.Nodes {
		names[n.ID] = strings.TrimSpace(n.Workload + " " + n.Version)
	}
	name := func(id string) string { return clip(cmp.Or(names[id], id), 30) }
	var rows [][]string
	for _, e := range s.Graph.Edges {
		rows = append(rows, []string{name(e.From), "→ " + name(e.To), count(e.Requests), count(e.Errors), count(e.Mirrored)})
	}
	t.line("")
	t.paragraph("", t.bold(t.word("traffic-of", split.Values{"scenario": s.Name})))
	t.table("  ", []column{
		{title: titleFrom, least: 8}, {title: titleTo, least: 10}, {title: titleRequests, right: true},
		{title: titleErrors, right: true, yields: 2}, {title: titleMirrored, right: true, yields: 1},
	}, rows)
}
