package reports_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/olekukonko/tablewriter/pkg/twwidth"
	"github.com/splitcheck/splitcheck/reports"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files anew")

func shortName(i int) string { return fmt.Sprintf("v%d", i+1) }

func longName(i int) string {
	return fmt.Sprintf("registry.example.com/team/shop/checkout-service-canary-7d9f8c%d@sha256:0123456789abcdef-v%d", i, i+1)
}

func unicodeName(i int) string {
	return []string{"版本一", "version-é", "v\u0065\u0301", "🚀canary", "ｖ４"}[i%5] + fmt.Sprint(i)
}

// documents are the reports that every rendering is tried on.
func documents() map[string]*reports.Report {
	return map[string]*reports.Report{
		"verified":       oneCheck(good("everyone")),
		"violated":       oneCheck(bad("everyone")),
		"suite":          suite(),
		"ten-versions":   many(10, shortName),
		"100-versions":   many(100, shortName),
		"long-names":     many(3, longName),
		"unicode":        many(5, unicodeName),
		"zero-weight":    zeroWeight(),
		"nothing-sent":   empty(),
		"nothing-at-all": nothing(),
		"hostile":        hostile(),
		"interrupted":    interrupted(),
		"kind-verified":  kindVerified(),
		"kind-violated":  kindViolated(),
		"kind-stuck":     kindStuck(),
	}
}

func nothing() *reports.Report {
	r := &reports.Report{Target: reports.Target{Kind: "sim", Simulated: true}}
	r.Finish()
	return r
}

func render(t *testing.T, r *reports.Report, o reports.Options) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, reports.Text(o)(&b, r))
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

func TestTextIsAsPinned(t *testing.T) {
	for name, r := range documents() {
		t.Run(name, func(t *testing.T) {
			golden(t, name+".txt", render(t, r, reports.Options{}))
		})
	}
	golden(t, "verified.verbose.txt", render(t, oneCheck(good("everyone")), reports.Options{Verbose: true}))
	golden(t, "suite.color.txt", render(t, suite(), reports.Options{Color: true}))
	golden(t, "suite.60.txt", render(t, suite(), reports.Options{Width: 60}))
	golden(t, "suite.140.txt", render(t, suite(), reports.Options{Width: 140}))
}

func TestTextWithoutColourIsPlainAndFits(t *testing.T) {
	for name, r := range documents() {
		for _, o := range []reports.Options{{}, {Width: 80}, {Width: 60}, {Verbose: true}} {
			for line := range strings.Lines(render(t, r, o)) {
				line = strings.TrimSuffix(line, "\n")
				width := o.Width
				if width == 0 {
					width = 100
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

func TestColourChangesNothingButColour(t *testing.T) {
	for name, r := range documents() {
		plain := render(t, r, reports.Options{})
		coloured := render(t, r, reports.Options{Color: true})
		assert.NotEqual(t, plain, coloured, name)
		assert.Equal(t, plain, twwidth.Filter().ReplaceAllString(coloured, ""), name)
	}
}

func TestTextLeavesTheReportAlone(t *testing.T) {
	r := hostile()
	render(t, r, reports.Options{})
	assert.Equal(t, hostile(), r)
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
			r := oneCheck(bad("everyone"))
			r.Target = c.target
			r.Reproduction.Command = c.command
			said := render(t, r, reports.Options{Width: 200})
			assert.Contains(t, said, c.says)
			if c.not != "" {
				assert.NotContains(t, said, c.not)
			}
		})
	}
}
