package analysis

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/reports/words"
	"github.com/splitcheck/splitcheck/split"
)

var updateGates = flag.Bool("update", false, "write docs/gates.md")

const gatesPage = "../docs/gates.md"

// A flaw is a way in which requests are not drawn as the main test assumes.
type flaw struct {
	gate, words string
	sizes       []float64
	// draw returns the version of request i; u draws one by the weights.
	draw func(random *rand.Rand, u func() string, size float64, n int) func(i int) string
}

var flaws = []flaw{
	{"runs", "a request keeps the version of the one before it, with a probability of", []float64{0.02, 0.05, 0.1, 0.2},
		func(random *rand.Rand, u func() string, size float64, _ int) func(int) string {
			last := u()
			return func(int) string {
				if random.Float64() >= size {
					last = u()
				}
				return last
			}
		}},
	{"transitions", "a request after one to v2 goes to v3, with a probability of", []float64{0.1, 0.2, 0.4},
		func(random *rand.Rand, u func() string, size float64, _ int) func(int) string {
			last := u()
			return func(int) string {
				if last == "v2" && random.Float64() < size {
					last = "v3"
				} else {
					last = u()
				}
				return last
			}
		}},
	{"connections", "a request keeps to the first version of its connection (of ten requests), with a probability of",
		[]float64{0.1, 0.2, 0.5, 1},
		func(random *rand.Rand, u func() string, size float64, _ int) func(int) string {
			first := map[int]string{}
			return func(i int) string {
				connection := i/100*10 + i%10
				if first[connection] == "" {
					first[connection] = u()
					return first[connection]
				}
				if random.Float64() < size {
					return first[connection]
				}
				return u()
			}
		}},
	{"dispersion", "a version is assigned in turn instead of drawn, with a probability of", []float64{0.2, 0.5, 0.8, 1},
		func(random *rand.Rand, u func() string, size float64, n int) func(int) string {
			var turns func() string
			return func(i int) string {
				if turns == nil {
					turns = roundRobin(u, n)
				}
				if random.Float64() < size {
					return turns()
				}
				return u()
			}
		}},
	{"drift", "everything goes to v1 at first, for a part of the sample of", []float64{0.02, 0.05, 0.1, 0.25},
		func(_ *rand.Rand, u func() string, size float64, n int) func(int) string {
			return func(i int) string {
				if float64(i) < size*float64(n) {
					return "v1"
				}
				return u()
			}
		}},
}

// roundRobin deals versions out as a smooth weighted round robin does, by the
// shares that a long draw has.
func roundRobin(u func() string, n int) func() string {
	weights, current := map[string]float64{}, map[string]float64{}
	for range n {
		weights[u()]++
	}
	names := []string{"v1", "v2", "v3"}
	return func() string {
		best := names[0]
		for _, name := range names {
			current[name] += weights[name]
			if current[name] > current[best] {
				best = name
			}
		}
		current[best] -= float64(n)
		return best
	}
}

// detected is how many of so many samples break a gate, or for dispersion are
// reported.
func (f flaw) detected(p *Plan, size float64, runs int) (hits int, known bool) {
	var run gate
	for _, each := range gates {
		if each.name == f.gate {
			run = each.ask
		}
	}
	breakable := 5. // runs, connections, place, drift, periods
	if len(p.Versions) > 2 {
		breakable = 6
	} else if f.gate == "transitions" {
		return 0, false
	}
	level := gateBudget * (1 - p.Question.Power) / breakable
	random := rand.New(rand.NewPCG(uint64(len(f.gate)), uint64(1000*size)))
	u := func() string {
		x := random.Float64()
		for _, each := range p.Versions {
			if x -= each.ExpectedShare; x < 0 {
				return each.Version
			}
		}
		return p.Versions[0].Version
	}
	for range runs {
		draw := f.draw(random, u, size, int(p.Requests))
		tally := &split.Tally{}
		tally.Connections.Reuse = 10
		for i := range int(p.Requests) {
			tally.Add(split.Answer{Number: uint64(i), Connection: uint64(i/100*10 + i%10), Version: draw(i)})
		}
		tally.Close()
		if table := newConnectionTable(tally); f.gate == "connections" && table.dense() {
			// Here the two agree, and a permutation takes a hundred times as long.
			if table.approximate(table.statistic()) <= level {
				hits++
			}
			continue
		}
		if g := run(tally, level); g.PValue <= level {
			hits++
		}
	}
	return hits, true
}

// TestGatesPage writes down what each gate can see, and fails when the page says
// something else.
func TestGatesPage(t *testing.T) {
	const runs = 50
	weights := []string{"v1=50,v2=50", "v1=90,v2=10", "v1=99,v2=1", "v1=80,v2=10,v3=10"}
	var page strings.Builder
	page.WriteString(gatesIntroduction)
	var plans []*Plan
	header, line := "| flaw |", "|---|"
	for _, each := range weights {
		p := planned(t, each)
		plans = append(plans, p)
		header += fmt.Sprintf(" %s, %s |", shortWeights(p), words.Count(p.Requests))
		line += "--:|"
	}
	for _, f := range flaws {
		fmt.Fprintf(&page, "\n## `%s`\n\n%s\n\n%s:\n\n%s\n%s\n", f.gate, gatesText[f.gate], capital(f.words), header, line)
		for _, size := range f.sizes {
			fmt.Fprintf(&page, "| %s |", words.Percent(size))
			for _, p := range plans {
				if hits, known := f.detected(p, size, runs); known {
					fmt.Fprintf(&page, " %d |", hits*100/runs)
				} else {
					page.WriteString(" – |")
				}
			}
			page.WriteString("\n")
		}
	}
	if *updateGates {
		require.NoError(t, os.WriteFile(gatesPage, []byte(page.String()), 0o644))
	}
	written, err := os.ReadFile(gatesPage)
	require.NoError(t, err)
	assert.Equal(t, page.String(), string(written), "docs/gates.md is stale: go test ./analysis -run TestGatesPage -update")
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

func shortWeights(p *Plan) string {
	var parts []string
	for _, each := range p.Versions {
		parts = append(parts, fmt.Sprintf("%g", each.Weight))
	}
	return strings.Join(parts, "/")
}

const gatesIntroduction = `# What the gates can see

The main test takes requests for independent draws with the same shares. Each gate tests one way in which they may not be.
If a gate is broken, the counts prove nothing: the verdict is inconclusive and names the setting that would repair it.

Every gate is conditional on the counts: given how many hits each version has, all orders of the hits, or all ways to spread
them over connections, are equally likely in a correct sample, whatever the shares really are. So a wrong split does not
break a gate, and a correct split breaks one of them with a probability of at most a fifth of 1 - power: 0.0002 by default,
shared equally among the gates that the data allow. Errors and unidentified answers are left out of the order.

Each table shows in what percentage of 50 samples of the planned size the gate finds a flaw of the given size, at the
default alpha and power. Ten connections are used in turn, each for ten requests. The tables are generated:

` + "```console\n$ go test ./analysis -run TestGatesPage -update\n```\n"

var gatesText = map[string]string{
	"runs": `Do answers of one version follow each other more often than by chance? Uses the number of runs of each version,
the others taken together, and its exact distribution (Stevens 1939). It finds clients that stick to a version.`,
	"transitions": `Does one version follow another too often? For three or more versions: given the number of runs of the second, the number
of those that begin after the first is hypergeometric. It finds choices that depend on the previous one without repeating it.
It is broken only if this makes the counts vary more. (With two versions the runs gate is enough.)`,
	"connections": `Do connections differ in their versions more than by chance? Uses the chi-square of connections by versions, by
permutation. It finds a version that is chosen once per connection, as kube-proxy does, or once per client. If each
connection met only one version, then connections are the unit, not requests: reuse 1 counts them.`,
	"dispersion": `Do the counts vary less than by chance? Looks for too many runs (exact), or blocks of time that are too much
alike (a gamma distribution with the moments of the permutation distribution). It finds a round robin, and is never broken:
counts that vary less do not make a verdict wrong. It is reported. If turns are in step with connections, the connections
gate cannot tell them from a choice per connection, and the verdict is inconclusive until each request has a connection of
its own.`,
	"drift": `Does the split stay the same over the whole sample? The hits on each version before a cut, placed after 1, 2, 4, … blocks
of time from either end, are hypergeometric given all counts. It finds a first part that still has the old weights. There
are 32 to 64 blocks, each with the same number of requests in dispatch order, and they merge exactly over workers.`,
}
