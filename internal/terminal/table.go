package terminal

import (
	"slices"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"
)

// A column of a table: its title, and whether its cells stand at the right.
type column struct {
	title string
	right bool
}

// gap is the number of blanks between columns.
const gap = 3

// drop leaves out columns, in the order of titles, until what is left of total
// columns for those that are in no list of fixed ones is at least wanted. It
// returns what is left.
func drop(header *[]column, rows [][]string, flexible, titles []string, total, wanted int) (room int) {
	for {
		room = total - gap*(len(*header)-1)
		for i, c := range *header {
			if !slices.Contains(flexible, c.title) {
				room -= columnWidth(c.title, rows, i)
			}
		}
		if room >= wanted || len(titles) == 0 {
			return room
		}
		i := slices.IndexFunc(*header, func(c column) bool { return c.title == titles[0] })
		titles = titles[1:]
		*header = slices.Delete(*header, i, i+1)
		for n := range rows {
			rows[n] = slices.Delete(rows[n], i, i+1)
		}
	}
}

// table writes rows in columns without any frame, behind indent. What goes wrong
// is told by flush.
func (t *text) table(indent string, columns []column, rows [][]string) {
	var b strings.Builder
	header := make([]string, len(columns))
	align := make([]tw.Align, len(columns))
	for i, c := range columns {
		header[i], align[i] = t.dim(c.title), tw.AlignLeft
		if c.right {
			align[i] = tw.AlignRight
		}
	}
	cell := tw.CellConfig{
		Formatting: tw.CellFormatting{AutoWrap: tw.WrapNone, AutoFormat: tw.Off},
		Alignment:  tw.CellAlignment{PerColumn: align},
		Padding:    tw.CellPadding{Global: tw.Padding{Right: strings.Repeat(" ", gap), Overwrite: true}},
	}
	table := tablewriter.NewTable(&b,
		tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{
			Borders:  tw.BorderNone,
			Settings: tw.Settings{Separators: tw.SeparatorsNone, Lines: tw.LinesNone},
		})),
		tablewriter.WithConfig(tablewriter.Config{Header: cell, Row: cell}),
		tablewriter.WithTrimSpace(tw.Off),
		tablewriter.WithEastAsian(tw.Off),
	)
	table.Header(header)
	if err := table.Bulk(rows); err != nil {
		t.err = err
	}
	if err := table.Render(); err != nil {
		t.err = err
	}
	for line := range strings.Lines(b.String()) {
		t.line(indent + t.trim(strings.TrimSuffix(line, "\n")))
	}
}

const colorEnd = "\x1b[0m"

// trim takes away blanks at the end of a row. The table sets the end of a colour
// behind them, and a line of blanks too wide for a terminal breaks in two.
func (t *text) trim(line string) string {
	if !t.Color {
		return strings.TrimRight(line, " ")
	}
	for {
		shorter := strings.TrimSuffix(strings.TrimRight(line, " "), colorEnd)
		if shorter == line {
			return line + colorEnd
		}
		line = shorter
	}
}

func columnWidth(title string, rows [][]string, i int) int {
	width := cells(title)
	for _, row := range rows {
		width = max(width, cells(row[i]))
	}
	return width
}
