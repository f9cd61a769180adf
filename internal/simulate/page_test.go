package simulate

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/reports/words"
)

const page = "../../docs/operating-characteristics.md"

var (
	update = flag.Bool("update", false, "write docs/operating-characteristics.md")
	full   = flag.Bool("full", false, "with -update: draw the long part of the page anew, request by request (minutes)")
)

// The long part of the page is measured by hand, and kept as it is unless -full
// asks for it.
const (
	longBegins = "<!-- measured by -full: begins -->\n"
	longEnds   = "<!-- measured by -full: ends -->\n"
)

// The page shows what the tests measure; a page that shows anything else is
// stale.
func TestPage(t *testing.T) {
	old, err := os.ReadFile(page)
	if !*update {
		require.NoError(t, err)
	}
	var long string
	if _, rest, found := strings.Cut(string(old), longBegins); found {
		long, _, _ = strings.Cut(rest, longEnds)
	}
	if *full {
		long = longTable(t)
	}
	text := pageText(t, long)
	if *update {
		require.NoError(t, os.WriteFile(page, []byte(text), 0o644))
	}
	assert.Equal(t, text, string(readPage(t)),
		"the page is stale; `go test ./internal/simulate -run TestPage -update` writes it anew")
}

func readPage(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	return text
}

func pageText(t *testing.T, long string) string {
	t.Helper()
	cells, err := grid()
	require.NoError(t, err)
	var b strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&b, format, args...) }
	say(`# Operating characteristics

Which verdict a check gives, and how often, for a given true split; and what the checks of other projects would have said
about the same traffic. [statistics.md](statistics.md) says how verdicts are reached. Nothing here is written by hand: the
tests of package `+"`simulate`"+` compute these numbers each time they run, compare them with what is promised, and fail
if this page shows other numbers. To write it again:

`+"```console\n$ go test ./internal/simulate -run TestPage -update\n```"+`

Defaults: alpha 0.0005 (0.05 %%), power 0.999, margins of 5 points or the version's own weight if that is less.

## What is promised, and what comes out

All numbers are in percent, at the planned number of requests. For two versions every count is summed, so they are exact. For
more, %s samples are drawn, and 95 %% intervals are in brackets. A correct split must be verified in 99.9 and violated
in at most 0.05; one that is off by a margin or more must be violated in 99.9 and verified in at most 0.05. Here the counts
alone decide, without the gates, which turn at most another 0.02 of any row into inconclusive.

`, thousands(cellRuns))
	promiseTable(&b, cells)
	sequential, err := sequentialGrid()
	require.NoError(t, err)
	say(`
## The sequential method

With ` + "`--method sequential`" + ` a sample ends when the question is decided, at the latest at the cap. The promises are the same. For
two versions the probabilities of all counts are carried from request to request, so the numbers are exact. For more
versions, samples are drawn one request after the other, and fewer than above: the tests of package ` + "`analysis`" + ` show by
weighted drawing that a correct split of more versions is called violated with a probability of at most alpha.

`)
	sequentialTable(&b, sequential)
	say(`
## What other checks say about the same traffic

How often, in percent, each rule passes. Rules are applied as their projects apply them, retries included; a band that
was written for other weights is applied to these too. "–" means that the rule does not cover such weights.

`)
	peerTables(&b, cells)
	say("\n| rule | requests | attempts | what passes | read in |\n|---|--:|--:|---|---|\n")
	for _, rule := range Rules {
		if slices.Contains(shownRules, rule.Name) {
			say("| %s | %s | %d | %s | %s |\n", rule.Name, thousands(rule.Requests), rule.Attempts, words.English(rule.Says), rule.Source)
		}
	}
	say(`
Istio repeats for as long as 30 seconds allow, which is counted as 10 attempts. Some rules are not listed because they are
for fixed weights or do not check a proportion: the Gateway API's mirror test, Istio's 3:1:1, Envoy Gateway's 9:1,
ingress-nginx and Envoy at 50/50, Traefik at 3:1, Linkerd. ` + "`splitcheck simulate`" + ` shows the first five if the weights
are theirs.

## Single findings

`)
	findings(t, &b)
	say(`
## Requests that fail, where a weight is 0

100/0, when each request fails with some probability and no proxy tells which version it was: how often, in percent, the
split is verified, and how many requests that takes, because the sample goes on until a few errors are accounted for. These
are exact sums. From the answers alone, errors of a correct split and a leak whose every request fails are the same, so the
line of 0.2 %% is also that of a leak of the size that is to be excluded: it must be verified in at most 0.05. All others
are inconclusive.

`)
	errorTable(t, &b)
	say(`
## With every gate, at the default levels

Gates test the order of requests and their connections, so these samples are drawn request by request, on connections of
5 requests. This takes minutes, so it is not part of the tests. The tests check the same at levels where a few thousand
samples are enough to show a doubled rate, and they check each gate at its own level. Measured by:

` + "```console\n$ go test ./internal/simulate -run TestPage -timeout 60m -update -full\n```\n\n")
	b.WriteString(longBegins + long + longEnds)
	return b.String()
}

func promiseTable(b *strings.Builder, cells []cell) {
	fmt.Fprintf(b, "| weights | requests | truth | verified | violated | inconclusive |\n|---|--:|---|--:|--:|--:|\n")
	for _, c := range cells {
		fmt.Fprintf(b, "| %s | %s | %s |", c.name(), thousands(c.plan.Requests), c.label)
		for _, verdict := range []analysis.Verdict{analysis.Verified, analysis.Violated, analysis.Inconclusive} {
			fmt.Fprintf(b, " %s |", shown(c.result.Probability(verdict)))
		}
		b.WriteString("\n")
	}
}

func sequentialTable(b *strings.Builder, cells []cell) {
	fmt.Fprintf(b, "| weights | cap | truth | median requests | 99 of 100 within | verified | violated | inconclusive |\n|---|--:|---|--:|--:|--:|--:|--:|\n")
	for _, c := range cells {
		used := c.result.Used
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s |", c.name(), thousands(c.plan.Requests), c.label, thousands(used.Median), thousands(used.P99))
		for _, verdict := range []analysis.Verdict{analysis.Verified, analysis.Violated, analysis.Inconclusive} {
			fmt.Fprintf(b, " %s |", shown(c.result.Probability(verdict)))
		}
		b.WriteString("\n")
	}
}

// name shows the weights by themselves where the versions are few.
func (c cell) name() string {
	var parts []string
	for _, each := range c.plan.Question.Weights {
		parts = append(parts, strconv.FormatFloat(each.Weight, 'f', -1, 64))
	}
	return strings.Join(parts, "/")
}

// shownRules are the columns of the page.
var shownRules = []string{
	"Gateway API conformance", "Istio traffic shifting", "Envoy Gateway weighted", "Kuma", "Knative", "Kong", "Inference extension",
}

func peerTables(b *strings.Builder, cells []cell) {
	b.WriteString("| weights | truth | splitcheck verifies |")
	for _, name := range shownRules {
		fmt.Fprintf(b, " %s |", name)
	}
	b.WriteString("\n|---|---|--:|" + strings.Repeat("--:|", len(shownRules)) + "\n")
	for _, c := range cells {
		fmt.Fprintf(b, "| %s | %s | %s |", c.name(), c.label, percent(c.result.Probability(analysis.Verified).Probability))
		for _, name := range shownRules {
			i := slices.IndexFunc(c.peers, func(p PeerResult) bool { return p.Rule.Name == name })
			if i < 0 {
				b.WriteString(" – |")
				continue
			}
			fmt.Fprintf(b, " %s |", percent(c.peers[i].Passes))
		}
		b.WriteString("\n")
	}
}

func findings(t *testing.T, b *strings.Builder) {
	t.Helper()
	say := func(format string, args ...any) { fmt.Fprintf(b, format, args...) }
	shifted := peer(t, "Gateway API conformance", "v1=70,v2=30", "v1=65,v2=35")
	say("- **65/35 where 70/30 was asked for** is called violated within 4,000 requests in %s %%. 500 requests within 5 points, "+
		"up to 10 times (5,000 requests), pass it in %s %%.\n",
		percent(found(t, "v1=70,v2=30", "v1=65,v2=35", 4000, 0)), percent(shifted.Passes))
	leaky := peer(t, "Gateway API conformance", "v1=100,v2=0", "v1=99.8,v2=0.2")
	plan := planned(t, "v1=100,v2=0")
	leak := run(t, Experiment{Plan: plan, Truth: Truth{Shares: weights(t, "v1=99.8,v2=0.2")}})
	say("- **A leak** to a version of weight 0 is a violation from its first hit: one of 0.2 %% is found in %s %% of samples "+
		"of %s. The same rule passes it in %s %%.\n",
		percent(leak.Probability(analysis.Violated).Probability), thousands(plan.Requests), percent(leaky.Passes))
	for _, asked := range slices.Sorted(maps.Keys(sticky)) {
		e := stickyResult(t, asked, sticky[asked]).Probability(analysis.Inconclusive)
		say("- **Drawn once per connection** of 10 requests, %s is correct, but its counts mean little: inconclusive in %d of %d samples.\n",
			(cell{plan: planned(t, asked)}).name(), e.Runs, sticky[asked])
	}
	var right, off = 1., 1.
	for _, plan := range suiteOf(t) {
		if len(plan.Versions) != 2 {
			continue
		}
		asked := plan.Question.Weights
		verified := run(t, Experiment{Plan: plan, Truth: Truth{Shares: asked}}).Probability(analysis.Verified).Probability
		right = min(right, verified*(1-plan.GatesBudget()))
		last := plan.Versions[1]
		violated := run(t, Experiment{Plan: plan, Truth: Truth{Shares: offBy(plan, last, last.Margin)}}).Probability(analysis.Violated).Probability
		off = min(off, violated*(1-plan.GatesBudget()))
	}
	say("- **A suite of 100 checks** is planned and judged at stricter levels for each. The least likely of its correct checks "+
		"is verified in %s %%, gates included, so all 100 are in at least %s %%; one that is off by its margin is called "+
		"violated in at least %s %%.\n", percent(right), percent(1-100*(1-right)), percent(off))
}

const longRuns = 20_000

// longTable draws correct splits at the default levels, request by request.
func longTable(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "%s correct samples each; in percent, with 95 %% intervals. Promised: verified in 99.9, violated in at most 0.05.\n\n", thousands(longRuns))
	b.WriteString("| weights | requests | verified | violated | inconclusive |\n|---|--:|--:|--:|--:|\n")
	for _, asked := range []string{"v1=50,v2=50", "v1=70,v2=30", "v1=90,v2=10", "v1=99,v2=1", "v1=80,v2=10,v3=10", "v1=1,v2=1,v3=1"} {
		plan := planned(t, asked)
		r := run(t, Experiment{
			Plan: plan, Truth: Truth{Shares: weights(t, asked), Reuse: 5}, Runs: longRuns, Seed: 2026, Workers: 2,
		})
		atMost(t, 0.001, not(r, analysis.Verified), r.Runs, asked)
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", (cell{plan: plan}).name(), thousands(plan.Requests),
			shown(r.Probability(analysis.Verified)), shown(r.Probability(analysis.Violated)), shown(r.Probability(analysis.Inconclusive)))
	}
	b.WriteString("\nDrawn once per connection of 10 requests, and correct:\n\n| weights | requests | inconclusive |\n|---|--:|--:|\n")
	for _, asked := range slices.Sorted(maps.Keys(sticky)) {
		plan := planned(t, asked)
		e := stickyResult(t, asked, stickyRuns).Probability(analysis.Inconclusive)
		assert.GreaterOrEqual(t, float64(e.Runs), 0.99*stickyRuns, asked)
		fmt.Fprintf(&b, "| %s | %s | %s |\n", (cell{plan: plan}).name(), thousands(plan.Requests), shown(e))
	}
	return b.String()
}

// shown is a probability in percent, with its interval where it was drawn.
func shown(e Estimate) string {
	if e.Low == e.High {
		return percent(e.Probability)
	}
	return fmt.Sprintf("%s (%s–%s)", percent(e.Probability), percent(e.Low), percent(e.High))
}

// percent is 0 or 100 also where rounding may have left a billionth, so that the
// page is the same on every machine.
func percent(p float64) string {
	switch {
	case p < 1e-9:
		return "0"
	case p < 5e-6:
		return "<0.001"
	case p > 1-1e-9:
		return "100"
	case p > 1-5e-6:
		return ">99.999"
	}
	text := strconv.FormatFloat(100*p, 'f', 3, 64)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

func thousands(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
