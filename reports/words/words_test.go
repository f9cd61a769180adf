package words

import (
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/template/parse"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/split"
)

var update = flag.Bool("update", false, "write docs/findings.md anew")

// found matches the places where code names what it has found.
var found = regexp.MustCompile(`(?:\bFound|\bbecause|\badvise|\bwarn|withdrawn\(.*|\bword)[(,] ?"([a-z0-9]+(?:-[a-z0-9]+)*)"|\{"(kind-[a-z-]+)", "|brokenBy\("([a-z-]+)", "([a-z-]+)"`)

// named matches constants that are ids: the causes, and what withdraws a verdict.
var named = regexp.MustCompile(`(?m)^\t[A-Z]\w+ += "([a-z]+(?:-[a-z]+)*)"$`)

// ofVerdicts matches the beginning of ids that end in a verdict.
var ofVerdicts = regexp.MustCompile(`"([a-z]+-)" \+ string\(`)

// rules matches the identifiers of the linter's rules.
var rules = regexp.MustCompile(`"SC(\d+)"`)

// quoted matches what may be an id, where text is made of ids that were chosen.
var quoted = regexp.MustCompile(`"([a-z0-9]+(?:-[a-z0-9]+)*)"`)

// produced are the ids that code outside of this room names, but for one folder.
func produced(t *testing.T, but string) map[string]bool {
	ids := map[string]bool{}
	require.NoError(t, filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") ||
			strings.Contains(path, "reportstest") || but != "" && strings.Contains(path, but) {
			return err
		}
		code, err := os.ReadFile(path)
		for _, match := range found.FindAllStringSubmatch(string(code), -1) {
			for _, id := range match[1:] {
				ids[id] = true
			}
		}
		for _, match := range ofVerdicts.FindAllStringSubmatch(string(code), -1) {
			for _, verdict := range []string{"verified", "violated", "inconclusive", "not-converged", "error"} {
				ids[match[1]+verdict] = true
			}
		}
		delete(ids, "next-verified") // there is nothing to do
		if strings.HasSuffix(path, "scenarios/lint.go") {
			for _, match := range rules.FindAllStringSubmatch(string(code), -1) {
				ids["rule-sc"+match[1]] = true
			}
		}
		if strings.Contains(path, "terminal") {
			for _, match := range quoted.FindAllStringSubmatch(string(code), -1) {
				ids[match[1]] = ids[match[1]] || english.Knows(match[1])
			}
		}
		if name := filepath.Base(path); name == "diagnosis.go" || name == "reconsider.go" {
			for _, match := range named.FindAllStringSubmatch(string(code), -1) {
				ids[match[1]] = true
			}
		}
		return err
	}))
	maps.DeleteFunc(ids, func(id string, named bool) bool { return id == "" || !named })
	return ids
}

// ids are those of a language, without the parts of others.
func ids(l *Language) []string {
	var all []string
	for _, each := range l.templates.Templates() {
		if name := each.Name(); name != l.Name && !strings.HasPrefix(name, "_") {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}

func TestWhatIsFoundHasWordsAndNothingElse(t *testing.T) {
	code := slices.Sorted(maps.Keys(produced(t, "")))
	for _, l := range Languages() {
		assert.Equal(t, code, ids(l), l.Name)
	}
}

// The same values are in the words of every language: nothing is left unsaid in
// one of them.
func TestEveryLanguageSaysTheSame(t *testing.T) {
	for _, id := range ids(english) {
		for _, l := range Languages() {
			assert.Equal(t, values(english, id), values(l, id), "%s in %s", id, l.Name)
		}
	}
}

// values are the fields that the words of an id show, those of its parts among
// them.
func values(l *Language, id string) []string {
	all := map[string]bool{}
	var walk func(node parse.Node)
	seen := map[string]bool{}
	walk = func(node parse.Node) {
		switch n := node.(type) {
		case *parse.ListNode:
			if n != nil {
				for _, each := range n.Nodes {
					walk(each)
				}
			}
		case *parse.ActionNode:
			walk(n.Pipe)
		case *parse.PipeNode:
			if n != nil {
				for _, command := range n.Cmds {
					for _, argument := range command.Args {
						walk(argument)
					}
				}
			}
		case *parse.FieldNode:
			all[strings.Join(n.Ident, ".")] = true
		case *parse.VariableNode:
			if len(n.Ident) > 1 {
				all[strings.Join(n.Ident[1:], ".")] = true
			}
		case *parse.IfNode:
			walk(n.Pipe)
			walk(n.List)
			walk(n.ElseList)
		case *parse.RangeNode:
			walk(n.Pipe)
			walk(n.List)
			walk(n.ElseList)
		case *parse.WithNode:
			walk(n.Pipe)
			walk(n.List)
			walk(n.ElseList)
		case *parse.TemplateNode:
			walk(n.Pipe)
			if !seen[n.Name] && l.templates.Lookup(n.Name) != nil {
				seen[n.Name] = true
				walk(l.templates.Lookup(n.Name).Root)
			}
		}
	}
	if words := l.templates.Lookup(id); words != nil {
		walk(words.Root)
	}
	return slices.Sorted(maps.Keys(all))
}

func TestNumbers(t *testing.T) {
	for share, want := range map[float64]string{
		0: "0 %", 0.1: "10 %", 0.12345: "12.3 %", 0.9122: "91.2 %", 0.844: "84.4 %", 0.05: "5 %", 1: "100 %",
		0.002: "0.2 %", 0.000263: "0.0263 %", 0.99952: "99.952 %", 1e-9: "0.0000001 %",
	} {
		assert.Equal(t, want, Percent(share))
	}
	assert.Equal(t, "12.346 %", Percent(0.123456, 0.0001), "as many decimals as the margin asks for")
	assert.Equal(t, "33.3333 %", Given(1./3))
	for p, want := range map[float64]string{0: "p < 1e-300", 0.88: "p = 0.88", 0.00021: "p = 0.00021", 1.234e-12: "p = 1.2e-12"} {
		assert.Equal(t, want, PIs(p))
	}
	assert.Equal(t, "-1,234,567", Count(-1234567))
	assert.Equal(t, "1 request", Plural(1, "request"))
	assert.Equal(t, "0 requests", Plural(0, "request"))
	for margin, want := range map[float64]string{0.05: "5 points", 0.01: "1 point", 0.024612: "2.46 points", 0.00025: "0.025 points"} {
		assert.Equal(t, want, english.Points(margin))
	}
	assert.Equal(t, "a, b and c", english.List([]string{"a", "b", "c"}))
	assert.Empty(t, english.List(nil))
}

// What a later program has found is shown as the data that it is.
func TestWhatHasNoWordsIsShownAsItIs(t *testing.T) {
	assert.Equal(t, `{"id":"of-tomorrow","version":"v1"}`, English(split.Found("of-tomorrow", split.Values{"version": "v1"})))
	assert.Equal(t, `{"id":"version-silent"}`, English(split.Found("version-silent", nil)), "and so is one without its values")
	assert.Equal(t, "no such host", English(split.Text("no such host")))
}

// TestThePageOfFindings writes docs/findings.md from the table.
func TestThePageOfFindings(t *testing.T) {
	const page = "../../docs/findings.md"
	var b strings.Builder
	b.WriteString(introduction)
	// The words around what was found are the terminal's own.
	for _, id := range slices.Sorted(maps.Keys(produced(t, "terminal"))) {
		var shown []string
		for _, value := range values(english, id) {
			shown = append(shown, "`"+value+"`")
		}
		fmt.Fprintf(&b, "| `%s` | %s |\n", id, strings.Join(shown, " "))
	}
	if *update {
		require.NoError(t, os.WriteFile(page, []byte(b.String()), 0o644))
	}
	data, err := os.ReadFile(page)
	require.NoError(t, err)
	assert.Equal(t, string(data), b.String(), "write it anew: go test ./reports/words -run TestThePageOfFindings -update")
}

const introduction = `# What a report can say

Every sentence of a report is made of data, which stands beside it in JSON ([report.md](report.md#findings)): an ` + "`id`" + `
and values. These are all ids and the values that their words use; values of lists, such as the ` + "`version`" + ` and the
` + "`share`" + ` of each of the ` + "`shares`" + `, are among them. The words themselves are in
[en.txt](../reports/words/en.txt). Causes are explained in [diagnosis.md](diagnosis.md), gates in [gates.md](gates.md).

Shares and probabilities are between 0 and 1, logarithms are natural. The id ` + "`text`" + ` has words of somebody else, such
as an error's, in ` + "`text`" + `. Ids may be added; none changes its meaning.

| id | values |
|---|---|
`
