package words

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"text/template"
)

// A Language has words for every id.
type Language struct {
	// Name is that of the language tag: "en".
	Name string

	grammar
	// tests says that it is read in a test of a Go program, whose author has no
	// command line and perhaps no mesh.
	tests     bool
	templates *template.Template
}

// A grammar is what a language does to numbers and lists that no template can.
type grammar struct {
	// joint stands between two lines of one template.
	joint   string
	percent string // the sign, and what stands before it
	points  func(text string) string
	times   func(n int64) string
	less    func(text string) string // a number that is less than text
	list    func(words []string) string
	others  string // stands at the end of a list that is cut short
	more    func(n int64) string
	funcs   template.FuncMap
}

//go:embed en.txt
var englishTable string

var english = newLanguage("en", englishTable, englishGrammar, false)

var englishTests = newLanguage("en", englishTable, englishGrammar, true)

// InTests returns English as it is read in the test of a Go program.
func InTests() *Language { return englishTests }

// In returns the language of a name, English for one that is not known here.
func In(name string) *Language {
	for _, l := range Languages() {
		if l.Name == name {
			return l
		}
	}
	return english
}

// Languages returns all languages, English first.
func Languages() []*Language { return []*Language{english, chinese} }

// List joins names as a sentence does.
func (l *Language) List(names []string) string { return l.list(names) }

// Points writes a margin, or another difference of shares, in percentage points.
func (l *Language) Points(difference float64) string {
	return l.points(trimmed(strconv.FormatFloat(100*difference, 'f', decimalsOf(100*difference, 2), 64)))
}

// Percent is the sign of percent, as it stands behind a number.
func (l *Language) Percent() string { return l.percent }

// newLanguage reads a table: a line "id: template" for each id, which may go on
// in lines that are indented. Lines that begin with # are comments. An id that
// begins with _ is a part of others.
func newLanguage(name, table string, g grammar, tests bool) *Language {
	l := &Language{Name: name, grammar: g, tests: tests}
	l.templates = template.New(name).Funcs(l.numbers()).Funcs(g.funcs)
	for id, text := range entries(table, g.joint) {
		if l.templates.Lookup(id) != nil {
			panic(fmt.Sprintf("the words of %s say %s twice", name, id))
		}
		template.Must(l.templates.New(id).Parse(text))
	}
	return l
}

// entries goes through a table.
func entries(table, joint string) func(func(id, text string) bool) {
	return func(yield func(id, text string) bool) {
		var id, text string
		for line := range strings.Lines(table + "\n.") {
			line = strings.TrimRight(line, "\n")
			if strings.HasPrefix(line, "#") || strings.TrimSpace(line) == "" {
				continue
			}
			if strings.HasPrefix(line, " ") {
				text += joint + strings.TrimSpace(line)
				continue
			}
			if id != "" && !yield(id, text) {
				return
			}
			id, text, _ = strings.Cut(line, ": ")
		}
	}
}
