package terminal

import (
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/olekukonko/tablewriter/pkg/twwidth"
	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/reports/words"
)

// text collects lines; nothing is written before all of them are there.
type text struct {
	Options
	// simulated says that no real proxy took part.
	simulated bool
	// cluster says that the way into a cluster is to be told, of what is verified
	// too: it decides which gateway pods split the requests.
	cluster bool

	// tables is how many columns a table may take: in a file, names are not cut.
	tables int

	b   strings.Builder
	err error
}

func newText(o Options) *text {
	tables := max(o.Width, 40)
	if o.Width == 0 {
		o.Width, tables = 100, widestTable
	}
	o.Width = max(o.Width, 40)
	if o.Language == nil {
		o.Language = words.In("en")
	}
	return &text{Options: o, tables: tables}
}

// widestTable is how many columns a table takes at most where there is no terminal.
const widestTable = 240

func (t *text) flush(w io.Writer) error {
	if t.err != nil {
		return t.err
	}
	_, err := io.WriteString(w, t.b.String())
	return err
}

func (t *text) line(s string) {
	t.b.WriteString(strings.TrimRight(s, " "))
	t.b.WriteByte('\n')
}

// paragraph writes s wrapped, each line behind indent.
func (t *text) paragraph(indent, s string) {
	for _, line := range wrap(s, t.Width-cells(indent)) {
		t.line(indent + line)
	}
}

// labelled writes s wrapped behind a label that takes so many columns.
func (t *text) labelled(label string, columns int, s string) {
	for i, line := range wrap(s, t.Width-columns) {
		if i == 0 {
			t.line(label + strings.Repeat(" ", max(1, columns-cells(label))) + line)
			continue
		}
		t.line(strings.Repeat(" ", columns) + line)
	}
}

func (t *text) color(code, s string) string {
	if !t.Color || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + colorEnd
}

func (t *text) bold(s string) string { return t.color("1", s) }
func (t *text) dim(s string) string  { return t.color("2", s) }

// verdictColor is green only for verified, red for what is known to be wrong,
// yellow for what is not known.
func (t *text) verdictColor(v analysis.Verdict, s string) string {
	switch v {
	case analysis.Verified:
		return t.color("1;32", s)
	case analysis.Violated, analysis.NotMeasured:
		return t.color("1;31", s)
	default:
		return t.color("1;33", s)
	}
}

// narrow measures text the same way everywhere: what Unicode leaves open
// ("ambiguous") takes one column, whatever the locale, so that the same report
// renders the same.
var narrow = twwidth.Options{}

// cells returns the number of columns that s takes; colours take none.
func cells(s string) int { return twwidth.WidthWithOptions(s, narrow) }

// longest bounds a text in runes: marks that combine take no column, and a name
// of a million of them would fit into one.
const longest = 4000

// clip shortens s to so many columns. What tells names apart stands at either
// end, so the middle goes.
func clip(s string, columns int) string {
	runes := []rune(s)
	if len(runes) <= longest && cells(s) <= columns {
		return s
	}
	room := min(columns-1, longest)
	head, width := 0, 0
	for head < min(len(runes), longest) && width+cells(string(runes[head])) <= (room+1)/2 {
		width += cells(string(runes[head]))
		head++
	}
	tail := len(runes)
	for tail > max(head, len(runes)-longest) && width+cells(string(runes[tail-1])) <= room {
		width += cells(string(runes[tail-1]))
		tail--
	}
	return string(runes[:head]) + "…" + string(runes[tail:])
}

// wrap breaks s into lines of at most that many columns, at blanks where there
// are any, and at the line ends that s has: logs and lists are read by line.
func wrap(s string, columns int) []string {
	if runes := []rune(s); len(runes) > longest {
		s = string(runes[:longest]) + "…"
	}
	var lines []string
	for line := range strings.SplitSeq(s, "\n") {
		lines = append(lines, wrapLine(line, columns)...)
	}
	return lines
}

func wrapLine(s string, columns int) []string {
	var lines []string
	var line string
	for _, p := range pieces(s) {
		for cells(p.text) > columns {
			head, rest := breakWord(p.text, columns)
			if line != "" {
				lines = append(lines, line)
				line = ""
			}
			lines = append(lines, head)
			p.text = rest
		}
		blank := ""
		if p.apart {
			blank = " "
		}
		switch {
		case line == "":
			line = p.text
		case cells(line)+cells(blank)+cells(p.text) <= columns:
			line += blank + p.text
		default:
			lines = append(lines, line)
			line = p.text
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// units stay on the line of their number.
var units = []string{"%", "s", "ms", "min", "h", "points"}

// A piece of text stays on one line; apart says that a blank stands before it.
type piece struct {
	text  string
	apart bool
}

// What must not begin a line, and what must not end one, where lines are broken
// between any two wide characters, as Chinese is.
const (
	neverFirst = "，。、；：！？）」』”’》·%"
	neverLast  = "（「『“‘《"
)

// pieces splits s at blanks, but between a number and its unit, and between wide
// characters.
func pieces(s string) []piece {
	var kept []piece
	for _, word := range strings.Fields(s) {
		if len(kept) > 0 && slices.Contains(units, strings.TrimRight(word, ",.;:)")) && strings.ContainsAny(kept[len(kept)-1].text, "0123456789") {
			kept[len(kept)-1].text += " " + word
			continue
		}
		apart, joins := true, false // joins says that the next belongs to the one before
		wide := false
		for _, r := range word {
			isWide := cells(string(r)) == 2
			switch {
			case !apart && (joins || strings.ContainsRune(neverFirst, r) || !isWide && !wide):
				kept[len(kept)-1].text += string(r)
			default:
				kept = append(kept, piece{string(r), apart})
			}
			apart, wide, joins = false, isWide, strings.ContainsRune(neverLast, r)
		}
	}
	return kept
}

// breakWord cuts a word that fits on no line.
func breakWord(word string, columns int) (head, rest string) {
	width := 0
	for i, r := range word {
		width += cells(string(r))
		if width > columns && i > 0 {
			return word[:i], word[i:]
		}
	}
	return word, ""
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
