// Package gatewayapi sets splittest beside what the Gateway API's conformance
// suite does with the same sender of requests. It calls the suite's own code.
package gatewayapi

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"sigs.k8s.io/gateway-api/conformance/utils/weight"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/internal/simulate"
	"github.com/splitcheck/splitcheck/split"
	"github.com/splitcheck/splitcheck/splittest"
)

var update = flag.Bool("update", false, "write the table in docs/splittest.md anew")

const (
	v1, v2 = "infra-backend-v1", "infra-backend-v2"
	page   = "../../docs/splittest.md"
	seeds  = 1000
)

// shares is the route that is asked for, in both forms.
var (
	theirs = map[string]float64{v1: 0.7, v2: 0.3}
	ours   = splittest.Weights{v1: 70, v2: 30}
)

// A gateway sends a part of all requests to pods of v1 and the rest to pods of v2.
type gateway struct {
	mu   sync.Mutex
	draw *rand.Rand
	v1   float64
}

func (g *gateway) SendRequest() (string, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.draw.Float64() < g.v1 {
		return v1 + "-6c9f7d8b5-x2k4p", nil
	}
	return v2 + "-5d4b7c96f-9qwzt", nil
}

// passes is what the suite does with a sender (tests/httproute-weight.go): it
// draws up to ten samples, and one that passes is enough.
func passes(sender weight.RequestSender) (first, any bool) {
	for i := range weight.MaxTestRetries {
		if weight.TestWeightedDistribution(sender, theirs) == nil {
			return i == 0, true
		}
	}
	return false, false
}

// verdict is what splittest says of the same sender. One worker makes the order
// of the draws that of the requests, so that a seed says the same each time.
func verdict(t *testing.T, sender weight.RequestSender) analysis.Verdict {
	result, err := splittest.Check(t.Context(), func(context.Context) (string, error) {
		pod, err := sender.SendRequest()
		if err != nil {
			return "", err
		}
		parts := strings.Split(pod, "-")
		return strings.Join(parts[:len(parts)-2], "-"), nil
	}, ours, splittest.Workers(1))
	if err != nil {
		t.Fatal(err)
	}
	return result.Verdict
}

// seed is a number that nobody picked: a hash of the checksums of this module's
// dependencies, the suite's among them.
func seed(t *testing.T) uint64 {
	sums, err := os.ReadFile("go.sum")
	if err != nil {
		t.Fatal(err)
	}
	hash := sha256.Sum256(sums)
	return binary.LittleEndian.Uint64(hash[:])
}

// TestSameSender gives a thousand gateways that split 70/30 to both, and a thousand
// that split 65/35. What comes out stands in docs/splittest.md.
func TestSameSender(t *testing.T) {
	var table strings.Builder
	fmt.Fprintf(&table, "| the gateway splits | the suite passes | in its first sample | splittest says verified | violated | inconclusive |\n")
	fmt.Fprintf(&table, "|---|---|---|---|---|---|\n")
	base := seed(t)
	for _, truth := range []float64{0.7, 0.65} {
		var atOnce, passed int
		said := map[analysis.Verdict]int{}
		for i := range uint64(seeds) {
			sender := func() *gateway { return &gateway{draw: rand.New(rand.NewPCG(base, i)), v1: truth} }
			first, any := passes(sender())
			if first {
				atOnce++
			}
			if any {
				passed++
			}
			said[verdict(t, sender())]++
		}
		fmt.Fprintf(&table, "| %.0f/%.0f | %d of %d | %d | %d of %d | %d | %d |\n", 100*truth, 100-100*truth, passed, seeds, atOnce,
			said[analysis.Verified], seeds, said[analysis.Violated], said[analysis.Inconclusive])

		// Promised are 999 in 1,000. More than ten misses would come about once
		// in ten million times (Poisson).
		right, wrong := analysis.Verified, analysis.Violated
		if truth != 0.7 {
			right, wrong = wrong, right
		}
		if said[right] < seeds-10 || said[wrong] > 10 {
			t.Errorf("splittest of %.0f/%.0f: %v", 100*truth, 100-100*truth, said)
		}
	}
	pin(t, table.String())
}

// TestPeersRule holds the rule of package simulate to the suite's code: every count
// that 500 requests can have is given to it, and those that pass make up the
// probability that the rule has.
func TestPeersRule(t *testing.T) {
	var passing []int64
	for x := range int64(501) {
		var sent atomic.Int64
		sender := weight.NewFunctionBasedSender(func() (string, error) {
			if sent.Add(1) <= x {
				return v1 + "-6c9f7d8b5-x2k4p", nil
			}
			return v2 + "-5d4b7c96f-9qwzt", nil
		})
		if weight.TestWeightedDistribution(sender, theirs) == nil {
			passing = append(passing, x)
		}
	}
	for _, truth := range []float64{0.7, 0.65, 0.63, 0.6} {
		peer := simulate.Peers(
			split.Weights{{Version: v1, Weight: 0.7}, {Version: v2, Weight: 0.3}},
			split.Weights{{Version: v1, Weight: truth}, {Version: v2, Weight: 1 - truth}},
		)[0]
		var first float64
		for _, x := range passing {
			first += binomial(float64(x), 500, truth)
		}
		if math.Abs(first-peer.First) > 1e-9 {
			t.Errorf("%s of %g: %g, and by the suite's own code %g", peer.Rule.Name, truth, peer.First, first)
		}
		if peer.Rule.Attempts != weight.MaxTestRetries {
			t.Errorf("%s: %d attempts, and in the suite's own code %d", peer.Rule.Name, peer.Rule.Attempts, weight.MaxTestRetries)
		}
	}
}

// binomial is the probability of x in n draws.
func binomial(x, n, p float64) float64 {
	factorial := func(k float64) float64 {
		log, _ := math.Lgamma(k + 1)
		return log
	}
	return math.Exp(factorial(n) - factorial(x) - factorial(n-x) + x*math.Log(p) + (n-x)*math.Log1p(-p))
}

// pin compares a table with the one on the page.
func pin(t *testing.T, table string) {
	const begin, end = "<!-- by TestSameSender -->\n", "<!-- end -->"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, found := strings.Cut(string(text), begin)
	old, tail, ends := strings.Cut(rest, end)
	switch {
	case !found || !ends:
		t.Fatalf("%s has no place for the table", page)
	case *update:
		if err := os.WriteFile(page, []byte(head+begin+table+end+tail), 0o644); err != nil {
			t.Fatal(err)
		}
	case old != table:
		t.Errorf("%s has another table; go test -run TestSameSender -update writes it anew:\n%s", page, table)
	}
}
