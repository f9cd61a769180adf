package analysis

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/splitcheck/splitcheck/split"
)

// The promises of the contract, by drawing. A rate that was double the promised
// one would fail: each bound is the promised rate plus three standard errors,
// and the numbers of draws are such that this is less than twice the rate.

// drawCounts draws n hits by the shares.
func drawCounts(random *rand.Rand, n int64, shares []float64) []float64 {
	counts := make([]float64, len(shares))
	left, rest := float64(n), 1.
	for i, share := range shares {
		if i == len(shares)-1 {
			counts[i] = left
			break
		}
		counts[i] = quantileDraw(random, left, min(1, max(0, share/rest)))
		left, rest = left-counts[i], rest-share
	}
	return counts
}

// quantileDraw draws Binomial(n, p) by inversion from the mode outwards.
func quantileDraw(random *rand.Rand, n, p float64) float64 {
	if n == 0 || p == 0 {
		return 0
	}
	if p == 1 {
		return n
	}
	mode := math.Floor((n + 1) * p)
	u := random.Float64()
	at := math.Exp(logBinomial(mode, n, p))
	up, down, high, low := at, at, mode, mode
	odds := p / (1 - p)
	for u -= at; u > 0 && (up > 0 || down > 0); {
		if high < n {
			up *= (n - high) / (high + 1) * odds
			high++
			if u -= up; u <= 0 {
				return high
			}
		} else {
			up = 0
		}
		if low > 0 {
			down *= low / (n - low + 1) / odds
			low--
			if u -= down; u <= 0 {
				return low
			}
		} else {
			down = 0
		}
	}
	return mode
}

// rule is the main test and the equivalence tests of a plan at its own size,
// reduced to comparisons so that a hundred thousand samples take no time: the
// critical value of the exact test is found once.
type rule struct {
	shares, low, high []float64
	critical          float64
}

func ruleOf(p *Plan) rule {
	q := p.Question
	n := float64(p.Requests)
	d := newDesign(q.arms(), q.Alpha)
	var r rule
	for _, a := range q.arms() {
		low, high := d.accepted(n, a, 0)
		r.shares, r.low, r.high = append(r.shares, a.share), append(r.low, low), append(r.high, high)
	}
	r.critical = chiSquareCritical(q.Alpha, len(r.shares)-1)
	low, high := 0.8*r.critical, 2*r.critical
	for range 20 {
		r.critical = (low + high) / 2
		if exactPValue(n, r.shares, r.critical) > q.Alpha {
			low = r.critical
		} else {
			high = r.critical
		}
	}
	return r
}

func (r rule) verdict(counts []float64) Verdict {
	if chiSquareStatistic(counts, r.shares) >= r.critical {
		return Violated
	}
	for i, count := range counts {
		if count < r.low[i] || count > r.high[i] {
			return Inconclusive
		}
	}
	return Verified
}

func TestPromisesOfSeveralVersions(t *testing.T) {
	const draws = 60_000
	for _, weights := range []string{"a=80,b=10,c=10", "a=1,b=1,c=1", "a=98,b=1,c=1", "a=70,b=20,c=8,d=2"} {
		p := planned(t, weights)
		q := p.Question
		r := ruleOf(p)
		random := rand.New(rand.NewPCG(2026, 11))
		rate := func(truth []float64, verdict Verdict, equal bool) float64 {
			var hits float64
			for range draws {
				if (r.verdict(drawCounts(random, p.Requests, truth)) == verdict) == equal {
					hits++
				}
			}
			return hits / draws
		}
		most := func(promised, got float64, what string) {
			t.Helper()
			assert.LessOrEqual(t, got, promised+3*math.Sqrt(promised/draws), "%s: %s", weights, what)
		}
		most(q.Alpha, rate(r.shares, Violated, true), "a correct split is called violated")
		most(q.budget(), rate(r.shares, Verified, false), "a correct split is not verified")
		for i, a := range q.arms() {
			for _, off := range []float64{-a.margin, a.margin} {
				truth := make([]float64, len(r.shares))
				for j, share := range r.shares {
					truth[j] = share * (1 - a.share - off) / (1 - a.share)
				}
				truth[i] = snap(a.share + off)
				most(q.budget(), rate(truth, Violated, false), fmt.Sprintf("version %d off by %g is not violated", i, off))
				most(q.Alpha, rate(truth, Verified, true), fmt.Sprintf("version %d off by %g is verified", i, off))
			}
		}
	}
}

// Every gate together breaks a correct sample with at most a fifth of 1 - power.
// At an alpha a thousand times greater the rates can be seen in few samples;
// the tests are the same.
func TestGatesKeepToTheirBudget(t *testing.T) {
	const samples, budget = 1500, 0.1
	for _, test := range []struct {
		n, reuse int
		shares   map[string]float64
	}{
		{400, 10, map[string]float64{"v1": 0.7, "v2": 0.3}},
		{1000, 10, map[string]float64{"v1": 0.99, "v2": 0.01}},
		{400, 4, map[string]float64{"v1": 0.8, "v2": 0.1, "v3": 0.1}},
		{300, 1, map[string]float64{"v1": 0.25, "v2": 0.25, "v3": 0.25, "v4": 0.25}},
		{900, 30, map[string]float64{"v1": 0.5, "v2": 0.49, "v3": 0.01}},
	} {
		random := rand.New(rand.NewPCG(7, 4))
		broken := 0
		for range samples {
			gates := judgeGates(drawn(random, test.n, test.reuse, false, test.shares), budget)
			for _, each := range gates {
				if each.Broken {
					broken++
					break
				}
			}
		}
		bound := budget + 3*math.Sqrt(budget/samples)
		assert.LessOrEqual(t, float64(broken)/samples, bound, "%v", test)
	}
}

// Samples whose version is drawn once per connection of ten, of the planned
// size: their counts reject a correct split a third of the time, and a gate
// must call them broken.
func TestDrawsPerConnectionAreFound(t *testing.T) {
	for _, weights := range []string{"v1=70,v2=30", "v1=90,v2=10", "v1=80,v2=10,v3=10"} {
		p := planned(t, weights)
		random := rand.New(rand.NewPCG(7, 9))
		for seed := range uint64(3) {
			p.Question.Seed = seed
			tally := drawn(random, int(p.Requests), 10, true, sharesOf(p))
			tally.Sequence = split.Sequence{} // only the connections tell
			j := Judge(p, tally)
			assert.Equal(t, Inconclusive, j.Verdict, weights)
			assert.True(t, j.Gates[0].Broken)
			assert.Contains(t, said(j.Gates[0].Repair), "reuse 1")
		}
	}
}

// The same in a hundred samples with 2.5 hits on a connection, where the
// effect is weakest, and by the gate's approximation, which takes no drawing.
func TestPowerOfTheConnectionsGate(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 10))
	found := 0
	for range 100 {
		table := newConnectionTable(drawn(random, 3892, 3, true, map[string]float64{"v1": 0.7, "v2": 0.3}))
		if table.approximate(table.statistic()) <= 1e-4 {
			found++
		}
	}
	assert.GreaterOrEqual(t, found, 99)
}

// The approximation of samples too large to permute agrees with permuting them.
func TestConnectionsApproximationAgreesWithPermutation(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 3))
	for range 20 {
		table := newConnectionTable(drawn(random, 2000, 10, false, map[string]float64{"v1": 0.7, "v2": 0.3}))
		var sum float64
		for seed := range uint64(20) {
			sum += table.permute(table.statistic(), 1<<20, seed) / 20
		}
		assert.InDelta(t, sum, table.approximate(table.statistic()), 0.08)
	}
}
