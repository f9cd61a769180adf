package terminal

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/splitcheck/splitcheck/reports"
)

// shownVersions is how many rows a table has unless all were asked for.
const shownVersions = 20

// The titles of the columns that give way where there is little room.
const (
	titleWeight   = "WEIGHT"
	titleInterval = "95 % INTERVAL"
	titleVersion  = "VERSION"
	titleBar      = "│ ASKED  █ SEEN"
	titleCheck    = "CHECK"
	titleSeen     = "SEEN"
	titleRequests = "REQUESTS"
	titleTime     = "TIME"
)

// versions writes the table of a check.
func (t *text) versions(c *reports.Check) {
	const indent, leastBar, mostBar = "  ", 12, 24
	rows, hidden := t.rows(c)
	d := decimals(c.Versions)
	header := []column{
		{titleVersion, false}, {titleWeight, true}, {"ASKED", true}, {"COUNT", true},
		{"SHARE", true}, {titleInterval, true}, {titleBar, false},
	}
	var table [][]string
	for _, v := range rows {
		table = append(table, []string{
			v.Version, weight(v), askedShare(v, d), count(v.Count), shareCell(v.Share, d), interval(v, d), "",
		})
	}
	names := columnWidth(titleVersion, table, 0)
	room := drop(&header, table, []string{titleVersion, titleBar}, []string{titleWeight, titleInterval},
		t.Width-len(indent), min(names, 2*leastBar)+leastBar)
	bar := min(mostBar, max(leastBar, room-names))
	names = min(names, room-bar)
	last := len(header) - 1
	header[0].title = clip(titleVersion, names)
	if cells(titleBar) > bar {
		header[last].title = "│ ASKED"
	}
	for i, v := range rows {
		table[i][0] = t.bold(clip(v.Version, names))
		table[i][last] = t.bar(v, bar)
	}
	t.table(indent, header, table)
	if hidden > 0 {
		t.paragraph(indent, fmt.Sprintf("and %d more, each closer to its weight; --verbose shows them", hidden))
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
	switch {
	case least < 0.0005:
		return 3
	case least < 0.005:
		return 2
	default:
		return 1
	}
}

func weight(v reports.Version) string {
	if v.Unexpected {
		return absent
	}
	return strconv.FormatFloat(v.Weight.Or(math.NaN()), 'g', 6, 64)
}

func askedShare(v reports.Version, decimals int) string {
	if v.Unexpected || v.ExpectedShare.Or(0) == 0 {
		return "never"
	}
	s := fixed(v.ExpectedShare.Or(0), decimals) + " %"
	if m, ok := v.Margin.Get(); ok {
		s += " ± " + fixed(m, decimals)
	}
	return s
}

func shareCell(n reports.Number, decimals int) string {
	x, ok := n.Get()
	if !ok {
		return absent
	}
	return fixed(x, decimals) + " %"
}

func interval(v reports.Version, decimals int) string {
	low, ok := v.CILow.Get()
	high, also := v.CIHigh.Get()
	if !ok || !also {
		return absent
	}
	return fixed(low, decimals) + " to " + fixed(high, decimals) + " %"
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
			Version: printable(v.Version), Weight: v.Weight, ExpectedShare: v.ExpectedShare, Margin: v.Margin,
		})
	}
	d := decimals(versions)
	var rows [][]string
	for _, v := range versions {
		row := []string{t.bold(clip(v.Version, t.Width-50)), weight(v), "never", absent}
		if v.ExpectedShare.Or(0) > 0 {
			row[2] = fixed(v.ExpectedShare.Or(0), d) + " %"
			row[3] = "± " + points(v.Margin.Or(math.NaN()))
		}
		rows = append(rows, row)
	}
	t.table("  ", []column{{"VERSION", false}, {"WEIGHT", true}, {"SHARE", true}, {"MARGIN", true}}, rows)
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
	t.line(t.bold("Traffic of " + s.Name))
	t.table("  ", []column{{"FROM", false}, {"TO", false}, {"REQUESTS", true}, {"ERRORS", true}, {"MIRRORED", true}}, rows)
}
