package reports

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/splitcheck/splitcheck/analysis"
)

// shownVersions is how many rows a table has unless all were asked for.
const shownVersions = 20

// versions writes the table of a check.
func (t *text) versions(c *Check) {
	rows, hidden := t.rows(c)
	d := decimals(c.Versions)
	header := []column{
		{"VERSION", false}, {"WEIGHT", true}, {"ASKED", true}, {"COUNT", true},
		{"SHARE", true}, {"95 % INTERVAL", true}, {"│ ASKED  █ SEEN", false},
	}
	var table [][]string
	for _, v := range rows {
		table = append(table, []string{
			v.Version, weight(v), askedShare(v, d), count(v.Count),
			shareCell(v.Share, d), interval(v, d), "",
		})
	}
	const indent, gap = 2, 3
	room := t.Width - indent - gap*(len(header)-1)
	for i := 1; i < len(header)-1; i++ {
		room -= columnWidth(header[i].title, table, i)
	}
	names := []int{columnWidth(header[0].title, table, 0)}
	bar := min(24, room-names[0])
	if bar < 12 {
		bar = 12
		shrink(names, max(8, room-bar))
	}
	// A title wider than its column would push the table beyond the width.
	if cells(header[6].title) > bar {
		header[6].title = "│ ASKED"
	}
	clipped := false
	for i, v := range rows {
		name := clip(v.Version, names[0])
		clipped = clipped || name != v.Version
		table[i][0] = t.bold(name)
		table[i][6] = t.bar(v, bar)
	}
	t.table("  ", header, table)
	if hidden > 0 {
		t.line(t.dim(fmt.Sprintf("  and %d more, each closer to its weight; --verbose shows them", hidden)))
	}
	if clipped {
		for _, v := range rows {
			if cells(v.Version) > names[0] {
				t.labelled(t.dim("  "+clip(v.Version, names[0])), names[0]+4, v.Version)
			}
		}
	}
}

// rows chooses the versions to show, in their order: those farthest off.
func (t *text) rows(c *Check) (rows []Version, hidden int) {
	if t.Verbose || len(c.Versions) <= shownVersions {
		return c.Versions, 0
	}
	off := func(v Version) float64 {
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
func decimals(versions []Version) int {
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

func weight(v Version) string {
	if v.Unexpected {
		return absent
	}
	return strconv.FormatFloat(v.Weight.Or(math.NaN()), 'g', 6, 64)
}

func askedShare(v Version, decimals int) string {
	if v.Unexpected || v.ExpectedShare.Or(0) == 0 {
		return "never"
	}
	s := fixed(v.ExpectedShare.Or(0), decimals) + " %"
	if m, ok := v.Margin.Get(); ok {
		s += " ± " + fixed(m, decimals)
	}
	return s
}

func shareCell(n Number, decimals int) string {
	x, ok := n.Get()
	if !ok {
		return absent
	}
	return fixed(x, decimals) + " %"
}

func interval(v Version, decimals int) string {
	low, ok := v.CILow.Get()
	high, also := v.CIHigh.Get()
	if !ok || !also {
		return absent
	}
	return fixed(low, decimals) + " to " + fixed(high, decimals) + " %"
}

// bar draws the share in so many columns, with a mark where it was asked to be.
func (t *text) bar(v Version, columns int) string {
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

// summary writes one line for each check of several.
func (t *text) summary(items []item) {
	header := []column{
		{"", false}, {"SCENARIO", false}, {"STEP", false}, {"CHECK", false},
		{"VERDICT", false}, {"SEEN", false}, {"REQUESTS", true}, {"TIME", true},
	}
	var table [][]string
	previous := ""
	for _, i := range items {
		row := []string{mark(i.counts()), i.scenario.Name, "", "", strings.ToLower(i.verdict()), "", absent, absent}
		if i.scenario.Name == previous {
			row[1] = ""
		}
		previous = i.scenario.Name
		if i.step != nil {
			row[2] = i.step.Name
		}
		if i.check != nil {
			row[3] = i.check.Name
			row[5] = shares(i.check)
			row[6] = count(i.check.Requests)
			row[7] = duration(i.check.DurationSeconds.Or(math.NaN()))
		}
		table = append(table, row)
	}
	const gap = 3
	room := t.Width - gap*(len(header)-1) - 1
	for _, i := range []int{4, 6, 7} {
		room -= columnWidth(header[i].title, table, i)
	}
	widths := []int{columnWidth("SCENARIO", table, 1), columnWidth("STEP", table, 2), columnWidth("CHECK", table, 3), columnWidth("SEEN", table, 5)}
	// What was seen gives way to the names, down to nothing.
	seen := min(widths[3], room-widths[0]-widths[1]-widths[2])
	if seen < 12 {
		seen = 0
		room += gap
	}
	shrink(widths[:3], room-seen)
	for n, row := range table {
		row[1], row[2], row[3] = clip(row[1], widths[0]), clip(row[2], widths[1]), clip(row[3], widths[2])
		row[5] = clip(row[5], max(seen, 1))
		row[0] = t.verdictColor(items[n].counts(), row[0])
		row[4] = t.verdictColor(items[n].counts(), row[4])
	}
	if seen == 0 {
		header = slices.Delete(header, 5, 6)
		for n := range table {
			table[n] = slices.Delete(table[n], 5, 6)
		}
	}
	t.table("", header, table)
}

// shares tells the observed split in one cell.
func shares(c *Check) string {
	if c.Requests == 0 {
		return ""
	}
	d := decimals(c.Versions)
	var parts []string
	for _, v := range c.Versions {
		if v.Count > 0 || v.ExpectedShare.Or(0) > 0 {
			parts = append(parts, v.Version+" "+shareCell(v.Share, d))
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

func columnWidth(title string, rows [][]string, i int) int {
	width := cells(title)
	for _, row := range rows {
		width = max(width, cells(row[i]))
	}
	return width
}

// planTable writes the versions of a plan.
func (t *text) planTable(p *Plan) {
	var versions []Version
	for _, v := range p.Versions {
		versions = append(versions, Version{
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
func (t *text) graph(s Scenario) {
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
