package simulate

import (
	"math"

	"github.com/splitcheck/splitcheck/split"
)

// A Rule is how another project decides whether a split is right: by counts
// within a band, with another attempt if they are not. If possible, its band is
// applied to other weights than those it was written for.
type Rule struct {
	Name string
	// Says is what passes; Source is where it was read.
	Says   split.Finding
	Source string
	// Requests is the size of a sample. Up to Attempts samples are drawn, and
	// the first one within the band passes.
	Requests int64
	Attempts int

	// strict rules fail at a hit of a version that the weights do not name.
	strict bool
	bands  func(shares []float64) []band
}

// A band says which counts of a version pass. The bands of a rule are disjoint,
// and one of them must take every version.
type band func(version int, count int64) bool

// Rules are those of other projects, as read in their sources in August 2026.
// Rules that do not look at proportions are left out. Istio repeats for as long
// as 30 seconds allow, which is counted as 10 attempts; Kong sends for 5
// seconds, which is about 100 requests.
//
//differential:elsewhere test simulate/TestPeersNumbersAreReproduced
var Rules = []Rule{
	{
		Name:     "Gateway API conformance",
		Says:     split.Found("passes-shares-strictly", split.Values{"points": 5}),
		Source:   "gateway-api conformance/utils/weight/weight.go, MaxTestRetries",
		Requests: 500, Attempts: 10, strict: true,
		bands: each(func(share float64, x int64) bool {
			// In float64, as there: 375 of 500 is no longer within 5 points of
			// 70 %.
			return (share > 0) == (x > 0) && math.Abs(float64(x)/500-share) <= 0.05
		}),
	},
	{
		Name:     "Gateway API mirror",
		Says:     split.Found("passes-deviations", split.Values{"deviations": 3}),
		Source:   "gateway-api conformance/tests/httproute-request-percentage-mirror.go",
		Requests: 500, Attempts: 5,
		bands: ofTwo(func(share float64, x int64) bool {
			return math.Abs(float64(x)-500*share) <= 3*math.Sqrt(500*share*(1-share))
		}),
	},
	{
		Name:     "Istio traffic shifting",
		Says:     split.Found("passes-counts", split.Values{"count": 10}),
		Source:   "istio tests/integration/pilot/common/routing.go, traffic.go",
		Requests: 100, Attempts: 10,
		bands: each(func(share float64, x int64) bool { return math.Abs(float64(x)-100*share) <= 10+rounding }),
	},
	{
		Name:     "Istio waypoint 3:1:1",
		Says:     split.Found("passes-heaviest", nil),
		Source:   "istio tests/integration/ambient/waypoint_test.go",
		Requests: 40, Attempts: 10,
		bands: heaviest,
	},
	{
		Name:     "Envoy Gateway weighted",
		Says:     split.Found("passes-seen-counts", split.Values{"count": 3}),
		Source:   "envoyproxy/gateway test/e2e/tests/weighted_backend.go",
		Requests: 50, Attempts: 1,
		bands: each(func(share float64, x int64) bool { return x == 0 || math.Abs(float64(x)-50*share) <= 3+rounding }),
	},
	{
		Name:     "Envoy Gateway 9:1",
		Says:     split.Found("passes-heavier-counts", split.Values{"low": 80, "high": 99}),
		Source:   "envoyproxy/gateway test/e2e/tests/weighted_backend.go",
		Requests: 100, Attempts: 1,
		bands: only(0.9, func(x int64) bool { return x >= 80 && x <= 99 }),
	},
	{
		Name:     "Kuma",
		Says:     split.Found("passes-counts", split.Values{"count": 30}),
		Source:   "kuma test/e2e_env/multizone/meshservice/policies.go",
		Requests: 200, Attempts: 6,
		bands: each(func(share float64, x int64) bool { return math.Abs(float64(x)-200*share) <= 30+rounding }),
	},
	{
		Name:     "Knative",
		Says:     split.Found("passes-shares-strictly", split.Values{"points": 10}),
		Source:   "knative networking/test/conformance/ingress/percentage.go",
		Requests: 1000, Attempts: 1,
		bands: each(func(share float64, x int64) bool {
			return math.Abs(float64(x)-1000*share) <= 100+rounding && (share > 0 || x == 0)
		}),
	},
	{
		Name:     "Kong",
		Says:     split.Found("passes-shares", split.Values{"points": 20}),
		Source:   "kong/kubernetes-ingress-controller test/integration/httproute_test.go",
		Requests: 100, Attempts: 1,
		bands: each(func(share float64, x int64) bool { return math.Abs(float64(x)-100*share) <= 20+rounding }),
	},
	{
		Name:     "ingress-nginx",
		Says:     split.Found("passes-halves-least", split.Values{"share": 0.4}),
		Source:   "kubernetes/ingress-nginx test/e2e/annotations/canary.go",
		Requests: 200, Attempts: 1,
		bands: only(0.5, func(x int64) bool { return x >= 80 && x <= 120 }),
	},
	{
		Name:     "Inference extension",
		Says:     split.Found("passes-heavier-share", split.Values{"points": 10}),
		Source:   "gateway-api-inference-extension issue 3002",
		Requests: 200, Attempts: 1,
		// In float64, as there: 160 of 200 is no longer within 10 points of 70 %.
		bands: heavier(func(share float64, x int64) bool { return math.Abs(float64(x)/200-share) <= 0.1 }),
	},
	{
		Name:     "Traefik 3:1",
		Says:     split.Found("passes-exactly", split.Values{"heavier": 3, "lighter": 1}),
		Source:   "traefik integration/simple_test.go",
		Requests: 4, Attempts: 1,
		bands: only(0.75, func(x int64) bool { return x == 3 }),
	},
	{
		Name:     "Envoy",
		Says:     split.Found("passes-halves-seen", nil),
		Source:   "envoy test/integration/weighted_cluster_integration_test.cc",
		Requests: 20, Attempts: 1,
		bands: only(0.5, func(x int64) bool { return x >= 1 && x <= 19 }),
	},
}

// rounding keeps a count that is exactly on the bound within it, whatever
// float64 makes of the bound. If the original compares in float64, we do too.
const rounding = 1e-9

// each is a rule that looks at every version by itself.
func each(passes func(share float64, x int64) bool) func([]float64) []band {
	return func(shares []float64) []band {
		return []band{func(version int, x int64) bool { return passes(shares[version], x) }}
	}
}

// ofTwo is a rule for two versions that both get something.
func ofTwo(passes func(share float64, x int64) bool) func([]float64) []band {
	return func(shares []float64) []band {
		if len(shares) != 2 || shares[0] == 0 || shares[1] == 0 {
			return nil
		}
		return each(passes)(shares)
	}
}

// heavier is a rule for the heavier of two versions.
func heavier(passes func(share float64, x int64) bool) func([]float64) []band {
	return func(shares []float64) []band {
		if len(shares) != 2 {
			return nil
		}
		at := 0
		if shares[1] > shares[0] {
			at = 1
		}
		return []band{func(version int, x int64) bool { return version != at || passes(shares[at], x) }}
	}
}

// only is a rule for two versions of which the heavier has that share.
func only(share float64, passes func(x int64) bool) func([]float64) []band {
	return func(shares []float64) []band {
		if len(shares) != 2 || math.Abs(max(shares[0], shares[1])-share) > rounding {
			return nil
		}
		return heavier(func(_ float64, x int64) bool { return passes(x) })(shares)
	}
}

// heaviest is for weights of 3:1:1, one band for each count of the heaviest.
func heaviest(shares []float64) []band {
	if len(shares) != 3 || math.Abs(shares[0]-0.6) > rounding || math.Abs(shares[1]-0.2) > rounding {
		return nil
	}
	var bands []band
	for most := int64(1); most <= 40; most++ {
		bands = append(bands, func(version int, x int64) bool {
			if version == 0 {
				return x == most
			}
			return x >= 1 && x <= most
		})
	}
	return bands
}

// A PeerResult is how often a rule passes a truth.
type PeerResult struct {
	Rule Rule
	// First is the probability that the first sample passes, Passes that one of
	// the attempts does.
	First, Passes float64
	// Low and High are the 95 % interval of Passes where samples were drawn,
	// else Passes itself.
	Low, High float64
}

// Peers returns, exactly, how often each rule that fits such weights passes a
// truth, if each request is drawn independently. Errors are not considered,
// because rules treat them differently.
func Peers(weights, truth split.Weights) []PeerResult {
	shares, real, stray := peerShares(weights, truth)
	var results []PeerResult
	for _, rule := range Rules {
		bands := rule.bands(shares)
		if bands == nil {
			continue
		}
		var first float64
		for _, passes := range bands {
			first += boxProbability(rule.Requests, append(real, stray), func(version int, x int64) bool {
				if version == len(real) {
					return x == 0 || !rule.strict
				}
				return passes(version, x)
			})
		}
		first = min(1, first)
		results = append(results, rule.result(first, first, first))
	}
	return results
}

func (r Rule) result(first, low, high float64) PeerResult {
	within := func(p float64) float64 { return -math.Expm1(float64(r.Attempts) * math.Log1p(-p)) }
	return PeerResult{Rule: r, First: first, Passes: within(first), Low: within(low), High: within(high)}
}

// accepts applies the rule to the counts of one sample.
func (r Rule) accepts(bands []band, counts []int64, unknown int64) bool {
	if r.strict && unknown > 0 {
		return false
	}
	for _, passes := range bands {
		all := true
		for version, x := range counts {
			all = all && passes(version, x)
		}
		if all {
			return true
		}
	}
	return false
}

func peerShares(weights, truth split.Weights) (shares, real []float64, stray float64) {
	for _, each := range weights {
		shares = append(shares, weights.Share(each.Version))
		real = append(real, truth.Share(each.Version))
	}
	for _, each := range truth {
		if !weights.Has(each.Version) {
			stray += truth.Share(each.Version)
		}
	}
	return shares, real, stray
}

// boxProbability is the probability that every count of a multinomial sample is
// allowed. Multinomial counts are independent Poisson variables, given their
// sum. So the probability is built up version by version, along with the sum.
func boxProbability(n int64, shares []float64, allowed func(version int, x int64) bool) float64 {
	at := make([]float64, n+1)
	at[0] = 1
	for version, share := range shares {
		next := make([]float64, n+1)
		mean := float64(n) * share
		for x := range n + 1 {
			if !allowed(version, x) {
				continue
			}
			p := poisson(x, mean)
			if p == 0 {
				continue
			}
			for sum := range n + 1 - x {
				next[sum+x] += at[sum] * p
			}
		}
		at = next
	}
	return at[n] / poisson(n, float64(n))
}

func poisson(x int64, mean float64) float64 {
	if mean <= 0 {
		if x == 0 {
			return 1
		}
		return 0
	}
	factorial, _ := math.Lgamma(float64(x) + 1)
	return math.Exp(float64(x)*math.Log(mean) - mean - factorial)
}
