package terminal

import (
	"slices"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"
)

// A column of a table.
type column struct {
	title string
	// right says that the cells stand at the right.
	right bool
	// yields orders the columns that are left out where there is little room:
	// 1 goes first, 0 stays.
	yields int
	// least is how many columns of the terminal the cells may be clipped to; 0
	// leaves them as they are.
	least int
	// paint colours the cell of a row, if it is not nil.
	paint func(row int, s string) string
}

// gap is the number of blanks between columns.
func (t *text) gap() int {
	if t.Width < narrowest {
		return 2
	}
	return 3
}

// table writes rows in columns without any frame, behind indent. Where there is
// too little room, columns are left out and cells clipped as the columns allow.
// It returns how many columns of the terminal the cells of the first column
// have. What goes wrong is told by flush.
func (t *text) table(indent string, columns []column, rows [][]string) (first int) {
	columns = slices.Clone(columns)
	for i := range columns {
		columns[i].title = t.title(columns[i].title)
	}
	columns, rows = t.fit(indent, columns, rows)
	widths := make([]int, len(columns))
	for i, c := range columns {
		widths[i] = columnWidth(c.title, rows, i)
	}
	t.shrink(indent, columns, widths)
	var (
		b      strings.Builder
		header = make([]string, len(columns))
		align  = make([]tw.Align, len(columns))
		body   = make([][]string, len(rows))
	)
	for i, c := range columns {
		header[i], align[i] = t.dim(clip(c.title, widths[i])), tw.AlignLeft
		if c.right {
			align[i] = tw.AlignRight
		}
	}
	for n, row := range rows {
		body[n] = make([]string, len(columns))
		for i, c := range columns {
			body[n][i] = row[i]
			if c.least > 0 {
				body[n][i] = clip(row[i], widths[i])
			}
			if c.paint != nil {
				body[n][i] = c.paint(n, body[n][i])
			}
		}
	}
	cell := tw.CellConfig{
		Formatting: tw.CellFormatting{AutoWrap: tw.WrapNone, AutoFormat: tw.Off},
		Alignment:  tw.CellAlignment{PerColumn: align},
		Padding:    tw.CellPadding{Global: tw.Padding{Right: strings.Repeat(" ", t.gap()), Overwrite: true}},
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
	if err := table.Bulk(body); err != nil {
		t.err = err
	}
	if err := table.Render(); err != nil {
		t.err = err
	}
	for line := range strings.Lines(b.String()) {
		t.line(indent + t.trim(strings.TrimSuffix(line, "\n")))
	}
	return widths[0]
}

// title is that of a column: the words of an id, or what it is.
func (t *text) title(title string) string {
	if t.Language.Knows(title) {
		return t.word(title)
	}
	return title
}

// room is what is left of a line for the cells of a table.
func (t *text) room(indent string, columns []column) int {
	return t.tables - cells(indent) - t.gap()*(len(columns)-1)
}

// fit leaves out columns until the others have room, as narrow as they may be.
func (t *text) fit(indent string, columns []column, rows [][]string) ([]column, [][]string) {
	rows = slices.Clone(rows)
	for {
		needed, next := 0, -1
		for i, c := range columns {
			width := columnWidth(c.title, rows, i)
			if c.least > 0 {
				width = min(width, c.least)
			}
			needed += width
			if c.yields > 0 && (next < 0 || c.yields < columns[next].yields) {
				next = i
			}
		}
		if needed <= t.room(indent, columns) || next < 0 {
			return columns, rows
		}
		columns = slices.Delete(columns, next, next+1)
		for n := range rows {
			rows[n] = slices.Delete(slices.Clone(rows[n]), next, next+1)
		}
	}
}

// shrink takes from the widest column that may be clipped until all have room.
func (t *text) shrink(indent string, columns []column, widths []int) {
	room := t.room(indent, columns)
	for _, width := range widths {
		room -= width
	}
	for ; room < 0; room++ {
		widest := -1
		for i, c := range columns {
			if c.least > 0 && widths[i] > c.least && (widest < 0 || widths[i] > widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			return
		}
		widths[widest]--
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
