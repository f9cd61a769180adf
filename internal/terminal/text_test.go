package terminal_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/olekukonko/tablewriter/pkg/twwidth"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/internal/terminal"
	"github.com/splitcheck/splitcheck/reports"
	"github.com/splitcheck/splitcheck/reports/reportstest"
	"github.com/splitcheck/splitcheck/reports/words"
)

var update = flag.Bool("update", false, "write the golden files anew")

func render(t *testing.T, r *reports.Report, o terminal.Options) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, terminal.Text(o)(&b, r))
	return b.String()
}

// golden holds got against a file in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, string(want), got)
}

// A check that was cut short is not ticked, nor is a control that seems to have come
// out as expected.
func TestInterruptedChecksAreNotTicked(t *testing.T) {
	cut, control := reportstest.Good("cut"), reportstest.Good("control")
	cut.Interrupted, control.Interrupted = true, true
	control.Verdict, control.ExpectedVerdict = analysis.Inconclusive, analysis.Inconclusive
	r := reportstest.OneCheck(reportstest.Good("whole"))
	r.Scenarios[0].Steps[0].Checks = append(r.Scenarios[0].Steps[0].Checks, cut, control)
	r.Interrupted = true
	r.Finish()
	_, table, _ := strings.Cut(render(t, r, terminal.Options{}), "CHECK")
	var rows []string
	for row := range strings.Lines(table) {
		if words := strings.Fields(row); len(words) > 4 && words[2] == "/" {
			rows = append(rows, words[0]+" "+words[3]+" "+words[4])
		}
	}
	assert.Equal(t, []string{"✓ whole verified", "? cut interrupted", "? control interrupted"}, rows)
}

func TestTextIsAsPinned(t *testing.T) {
	for name, r := range reportstest.Documents() {
		t.Run(name, func(t *testing.T) {
			golden(t, name+".txt", render(t, r, terminal.Options{}))
		})
	}
	golden(t, "verified.verbose.txt", render(t, reportstest.OneCheck(reportstest.Good("everyone")), terminal.Options{Verbose: true}))
	for _, name := range []string{"verified", "violated", "inconclusive", "kind-stuck", "kind-violated", "suite"} {
		golden(t, name+".zh.txt", render(t, reportstest.Documents()[name], terminal.Options{Language: words.In("zh")}))
	}
	golden(t, "violated.verbose.zh.txt", render(t, reportstest.Documents()["violated"], terminal.Options{Language: words.In("zh"), Verbose: true}))
	golden(t, "suite.color.txt", render(t, reportstest.Suite(), terminal.Options{Color: true}))
	for _, name := range []string{"verified", "violated", "inconclusive", "kind-stuck", "interrupted", "suite"} {
		for _, width := range []int{40, 80, 120} {
			golden(t, fmt.Sprintf("%s.%d.txt", name, width), render(t, reportstest.Documents()[name], terminal.Options{Width: width}))
		}
	}
}

func TestTextWithoutColourIsPlainAndFits(t *testing.T) {
	for name, r := range reportstest.Documents() {
		for _, o := range []terminal.Options{{}, {Width: 200}, {Width: 80}, {Width: 60}, {Width: 47}, {Width: 40}, {Verbose: true}, {Verbose: true, Width: 40}, {Language: words.In("zh")}, {Language: words.In("zh"), Width: 40, Verbose: true}} {
			for line := range strings.Lines(render(t, r, o)) {
				line = strings.TrimSuffix(line, "\n")
				width := o.Width
				if width == 0 {
					width = 240 // in a file tables have room for whole names
				}
				assert.LessOrEqual(t, twwidth.WidthWithOptions(line, twwidth.Options{}), width, "%s: %s", name, line)
				assert.NotRegexp(t, ` $`, line, name)
				for _, r := range line {
					assert.True(t, unicode.IsPrint(r), "%s: %q in %q", name, r, line)
				}
			}
		}
	}
}

// The columns of a table stand below each other though a Chinese character takes
// two columns of the terminal: where one title or cell ends, so do all.
func TestColumnsOfWideCharactersAreAligned(t *testing.T) {
	said := render(t, reportstest.OneCheck(reportstest.Bad("everyone")), terminal.Options{Language: words.In("zh")})
	var ends []int
	for line := range strings.Lines(said) {
		for title, cell := range map[string]string{"  版本": "要求", "  v1": "90.0% ± 5.0", "  v2": "10.0% ± 5.0"} {
			if before, _, found := strings.Cut(line, cell); found && strings.HasPrefix(line, title) {
				ends = append(ends, twwidth.WidthWithOptions(before+cell, twwidth.Options{}))
			}
		}
	}
	require.Len(t, ends, 3)
	assert.Equal(t, ends[0], ends[1])
	assert.Equal(t, ends[0], ends[2])
}

// No document shows data in place of words.
func TestEverythingHasWords(t *testing.T) {
	for name, r := range reportstest.Documents() {
		for _, language := range words.Languages() {
			assert.NotContains(t, render(t, r, terminal.Options{Language: language, Verbose: true}), `{"id"`, name)
		}
	}
}

func TestColourChangesNothingButColour(t *testing.T) {
	for name, r := range reportstest.Documents() {
		plain := render(t, r, terminal.Options{})
		coloured := render(t, r, terminal.Options{Color: true})
		assert.NotEqual(t, plain, coloured, name)
		assert.Equal(t, plain, twwidth.Filter().ReplaceAllString(coloured, ""), name)
	}
}

func TestTextLeavesTheReportAlone(t *testing.T) {
	r := reportstest.Hostile()
	render(t, r, terminal.Options{})
	assert.Equal(t, reportstest.Hostile(), r)
}

// The command to look with is to be typed as it stands: it finds the cluster that
// the run was on.
func TestFailedRunPointsToItsCluster(t *testing.T) {
	for name, c := range map[string]struct {
		target  reports.Target
		command []string
		says    string
		not     string
	}{
		"another kind cluster": {reports.Target{Kind: "kind", Context: "kind-ci"}, nil, "splitcheck cluster diagnose --name ci gathers", "--keep"},
		"an existing one": {reports.Target{Kind: "cluster", Context: "staging"}, []string{"splitcheck", "run", "x", "--kubeconfig=my config"},
			"splitcheck cluster diagnose --target cluster --context staging --kubeconfig 'my config' gathers", ""},
		"objects that are still there": {reports.Target{Kind: "kind"}, []string{"splitcheck", "run", "x", "--keep"}, "splitcheck cluster diagnose gathers", "gone by now"},
		"already gathered":             {reports.Target{Kind: "kind"}, []string{"splitcheck", "run", "x", "--diagnose=x.tar.gz"}, "", "cluster diagnose"},
		"no cluster":                   {reports.Target{Kind: "gateway"}, nil, "", "cluster diagnose"},
	} {
		t.Run(name, func(t *testing.T) {
			r := reportstest.OneCheck(reportstest.Bad("everyone"))
			r.Target = c.target
			r.Reproduction.Command = c.command
			said := render(t, r, terminal.Options{Width: 200})
			assert.Contains(t, said, c.says)
			if c.not != "" {
				assert.NotContains(t, said, c.not)
			}
		})
	}
}

func TestMissedControlNamesBothVerdicts(t *testing.T) {
	c := reportstest.Good("everyone")
	c.ExpectedVerdict = analysis.Violated
	text := render(t, reportstest.OneCheck(c), terminal.Options{})
	assert.Contains(t, text, " VIOLATED ")
	assert.Contains(t, text, "expected to be violated and was verified")
	assert.Contains(t, text, "exit code 1")
}

func TestVerboseHasTheAdjustedPValue(t *testing.T) {
	r := reportstest.OneCheck(reportstest.Good("everyone"))
	r.Scenarios[0].Steps[0].Checks[0].HolmPValue = reports.Num(0.03)
	assert.Contains(t, render(t, r, terminal.Options{Verbose: true}), "adjusted for all checks of this run (Holm) p = 0.03")
}

func TestSequentialEvidenceIsShown(t *testing.T) {
	r := reportstest.OneCheck(reportstest.Good("everyone"))
	r.Scenarios[0].Steps[0].Checks[0].Sequential = &reports.Sequential{LogEValue: reports.Num(9.1), PValue: reports.Num(0.0001)}
	text := render(t, r, terminal.Options{Verbose: true})
	assert.Contains(t, text, "(sequential test)")
	assert.Contains(t, text, "sequential: log e-value 9.1")
}

type noSpace struct{}

var errFull = errors.New("no space left on device")

func (noSpace) Write([]byte) (int, error) { return 0, errFull }

func TestTextPassesWriteErrorsOn(t *testing.T) {
	assert.ErrorIs(t, terminal.Text(terminal.Options{})(noSpace{}, reportstest.Suite()), errFull)
	assert.ErrorIs(t, terminal.PlanText(terminal.Options{})(noSpace{}, reportstest.Plan()), errFull)
	assert.ErrorIs(t, terminal.SimulationText(terminal.Options{})(noSpace{}, reportstest.Simulation()), errFull)
}

// FuzzText shows whatever can be read as a report.
func FuzzText(f *testing.F) {
	var b bytes.Buffer
	require.NoError(f, reports.JSON(&b, reportstest.Full()))
	f.Add(b.Bytes())
	f.Add([]byte(`{"schema": "splitcheck.dev/report/v1", "verdict": "error", "target": {"kind": "sim"}, "scenarios": [{"name": "x", "verdict": "error", "steps": null}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if r, err := reports.Read(bytes.NewReader(data)); err == nil {
			require.NoError(t, terminal.Text(terminal.Options{Verbose: true})(io.Discard, r))
		}
	})
}
