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
	{"place", "the first request of a connection goes to v1, with a probability of", []float64{0.1, 0.2, 0.5, 1},
		func(random *rand.Rand, u func() string, size float64, _ int) func(int) string {
			met := map[int]bool{}
			return func(i int) string {
				connection := i/100*10 + i%10
				if first := !met[connection]; first && random.Float64() < size {
					met[connection] = true
					return "v1"
				}
				met[connection] = true
				return u()
			}
		}},
	{"address", "the second of two addresses sends everything to v1, with a probability of", []float64{0.1, 0.2, 0.5, 1},
		func(random *rand.Rand, u func() string, size float64, _ int) func(int) string {
			return func(i int) string {
				if addressOf(i) == "b" && random.Float64() < size {
					return "v1"
				}
				return u()
			}
		}},
	{"periods", "in each tenth of the sample, everything goes to v1 for a part of", []float64{0.05, 0.1, 0.2, 0.4},
		func(_ *rand.Rand, u func() string, size float64, n int) func(int) string {
			return func(i int) string {
				if at := float64(i) * 10 / float64(n); at-float64(int(at)) < size {
					return "v1"
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

// addressOf is the address that answers request i: connections have one each.
func addressOf(i int) string { return []string{"a", "b"}[(i/100*10+i%10)%2] }

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
			tally.Add(split.Answer{Number: uint64(i), Connection: uint64(i/100*10 + i%10), Address: addressOf(i), Version: draw(i)})
		}
		tally.Close()
		if f.gate == "periods" {
			if 2*min(soon(tally, mostCuts, level), soon(tally, 4*mostCuts, level)) <= level {
				hits++
			}
			continue
		}
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

// soon is the p-value of blocks of time. Of dense tables the approximation agrees
// with a permutation, which takes a hundred times as long.
func soon(t *split.Tally, blocks int, level float64) float64 {
	line, _ := newTimelineOf(t, blocks)
	table := line.table()
	if table.dense() {
		return table.approximate(table.statistic())
	}
	return table.pValue(table.statistic(), level/2)
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
	page.WriteString(certainText)
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
default alpha and power, when no address but one is known. Ten connections are used in turn, each for ten requests. The
tables are generated:

` + "```console\n$ go test ./analysis -run TestGatesPage -update\n```\n"

var gatesText = map[string]string{
	"runs": `Do answers of one version follow each other more often than by chance? Uses the number of runs of each version,
the others taken together, and its exact distribution (Stevens 1939). It finds clients that stick to a version.`,
	"transitions": `Does one version follow another too often? For three or more versions: given the number of runs of the second, the number
of those that begin after the first is hypergeometric. It finds choices that depend on the previous one without repeating it.
It is broken only if this makes the counts vary more. (With two versions the runs gate is enough.)`,
	"place": `Does the version depend on how many requests the connection has carried before? The hits at each place (1 to
15, and all later ones) are hypergeometric given all counts. It finds a gateway that routes the first request of a
connection before it has its weights: clients with shorter connections would see another split.`,
	"address": `Do all addresses of the target split alike? Where the name has several, connections are spread over them,
and the hits of each address are hypergeometric given all counts. It finds one gateway of several that has other weights.
Two addresses have half of the connections each here.`,
	"periods": `Does the split go up and down? Uses the chi-square of blocks of time by versions, some 64 and some 256 of
them, by permutation. It finds weights that change again and again, and shares that wander.`,
	"connections": `Do connections differ in their versions more than by chance? Uses the chi-square of connections by versions, by
permutation. It finds a version that is chosen once per connection, as kube-proxy does, or once per client. If each
connection met only one version, then connections are the unit, not requests: reuse 1 counts them. Only connections that
ended by themselves are compared: one that is still open at the end is one that a slow answer holds, and has carried more
of a slow version. How many requests a connection carries is drawn at random (half of the reuse to all of it; here all
carry ten).`,
	"dispersion": `Do the counts vary less than by chance? Looks for too many runs (exact), or blocks of time that are too much
alike (a gamma distribution with the moments of the permutation distribution). It finds a round robin, and is never broken:
counts that vary less do not make a verdict wrong. It is reported. If turns are in step with connections, the connections
gate cannot tell them from a choice per connection, and the verdict is inconclusive until each request has a connection of
its own.`,
	"drift": `Does the split stay the same over the whole sample? The hits on each version before a cut, placed after 1, 2, 4, … blocks
of time from either end, are hypergeometric given all counts. It finds a first part that still has the old weights. There
are 32 to 64 blocks, each with the same number of requests in dispatch order, and they merge exactly over workers.`,
}

const certainText = `
## Off for certain

A broken gate is no excuse for a split that is off whatever requests have in common:
[statistics.md](statistics.md#how-it-is-judged) has the rule. It convicts no correct split that keeps to a version for a
connection, that takes turns, or that begins with other weights for up to half of the sample (the bound is a theorem, and
` + "`TestCorrectSplitsAreNeverOffForCertain`" + ` draws some hundred of them). Pods that give 50/50 where 80/20 or 90/10 is asked are
found in at least 95 of 100 samples of the planned size, also where the share wanders with a standard deviation of 6
points (` + "`TestPodsAreOffForCertain`" + `).

Its limits, in percent of samples of the planned size, as another program has simulated them:

| truth | called off for certain | by the chi-square test alone |
|---|--:|--:|
| correct, keeping to the version of the request before with a probability of 0.95: 90/10, 50/50 | 0.034, 0 | 58 |
| the same with 0.98 | 1.2 to 1.6 | 74 to 80 |
| correct, each of 100 clients keeps its version; 10; 1 | 0; 11.6; 100 | 45 to 60; 76; 100 |
| correct after 60 % of the sample at 50/50 (asked 90/10) | 0 | 100 |
| correct after 60 % of the sample at 0/100 | 61 | 100 |
| 70/30 asked, pods give 50/50 | 1.2 | 100 |
| 99/1 asked, 10 % served | 95.8 | 100 |

So a few clients that stick, choices that last longer than a block (a 64th of the sample), and old weights for more than
half of it can convict a correct split; 70/30 against 50/50 is too near, and is inconclusive where a gate is broken, with
the cause named.
`
