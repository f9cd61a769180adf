package analysis

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/splitcheck/splitcheck/split"
)

// The promises, for two versions, by summing over all ways in which a sample can
// go: exact, so that any excess over alpha fails, let alone a doubling.
func TestSequentialPromisesOfTwoVersions(t *testing.T) {
	for _, weights := range []string{"a=50,b=50", "a=70,b=30", "a=90,b=10", "a=99,b=1", "a=999,b=1"} {
		for _, alpha := range []float64{0.0005, 0.01, 0.05} {
			if alpha != 0.0005 && weights == "a=999,b=1" {
				continue // as 99/1, ten times as long
			}
			p := sequentialPlan(t, weights, alpha)
			q := p.Question
			outcomes := func(truth float64) Outcomes {
				o, err := SequentialOutcomes(p, snap(truth))
				require.NoError(t, err)
				assert.InDelta(t, 1, o.Verified+o.Violated+o.Inconclusive, 1e-9)
				return o
			}
			name := fmt.Sprintf("%s at %g", weights, alpha)
			w := q.arms()[0].share
			correct := outcomes(w)
			if alpha == DefaultAlpha {
				assert.Less(t, correct.Median, planned(t, weights).Requests/2, "half of the correct ones take less than half")
			}
			assert.LessOrEqual(t, correct.Violated, q.Alpha, name)
			assert.GreaterOrEqual(t, correct.Verified, 1-q.budget(), name)
			assert.LessOrEqual(t, correct.Median, p.Median, name)
			for _, off := range []float64{1, 1.3} { // at the margin of the one version or the other, and beyond
				for _, a := range q.arms() {
					for _, truth := range []float64{w - off*a.margin, w + off*a.margin} {
						if truth = snap(truth); truth < 0 || truth > 1 {
							continue
						}
						o := outcomes(truth)
						assert.LessOrEqual(t, o.Verified, q.Alpha, "%s, really %g", name, truth)
						assert.GreaterOrEqual(t, o.Violated, 1-q.budget(), "%s, really %g", name, truth)
					}
				}
			}
		}
	}
}

// The cap is within what two versions take: about 1.4 times the fixed sample.
func TestTheCapIsNearTheFixedPlan(t *testing.T) {
	for weights, most := range map[string]float64{
		"a=50,b=50": 1.45, "a=70,b=30": 1.45, "a=90,b=10": 1.45, "a=99,b=1": 1.45, "a=999,b=1": 1.45, "a=1,b=1,c=1": 1.5, "a=80,b=10,c=10": 1.55,
	} {
		ratio := float64(sequentialPlan(t, weights, 0).Requests) / float64(planned(t, weights).Requests)
		assert.Less(t, ratio, most, weights)
		assert.Greater(t, ratio, 1.3, weights)
	}
	assert.Equal(t, planned(t, "a=1,b=0").Requests, sequentialPlan(t, "a=1,b=0", 0).Requests, "a leak takes what it takes")
}

// What users and issues of other projects ask for.
func TestSequentialSpeed(t *testing.T) {
	p := sequentialPlan(t, "v1=70,v2=30", 0.05)
	o, err := SequentialOutcomes(p, 0.7)
	require.NoError(t, err)
	assert.LessOrEqual(t, o.Median, int64(900), "70/30 within 5 points at alpha 0.05")
	assert.Greater(t, o.Verified, 0.96)

	p = sequentialPlan(t, "v1=70,v2=30", 0)
	p.Requests = 4000
	o, err = SequentialOutcomes(p, 0.65)
	require.NoError(t, err)
	assert.GreaterOrEqual(t, o.Violated, 0.99, "65/35 within 4,000 requests at the default alpha")

	p = sequentialPlan(t, "v1=90,v2=10", 0)
	o, err = SequentialOutcomes(p, 1)
	require.NoError(t, err)
	assert.InDelta(t, 1, o.Violated, 1e-12)
	assert.LessOrEqual(t, o.Median, int64(160), "a dead version of 10 %")

	_, err = SequentialOutcomes(planned(t, "v1=90,v2=10"), 0.9)
	assert.Error(t, err)
}

// walk draws a sample until it is decided or at its cap.
func walk(random *rand.Rand, p *Plan, truth []float64) (*Sequential, Verdict) {
	s := NewSequential(p)
	last := len(truth) - 1
	for range p.Requests {
		u, i := random.Float64(), 0
		for ; i < last && u >= truth[i]; i++ {
			u -= truth[i]
		}
		s.Add(split.Answer{Version: p.Versions[i].Version})
		if s.Decided() {
			break
		}
	}
	s.look(true)
	switch {
	case s.rejects():
		return s, Violated
	case s.verifies():
		return s, Verified
	}
	return s, Inconclusive
}

// Summing agrees with drawing, at rates that can be seen in few samples.
func TestSequentialOutcomesAgreeWithDrawing(t *testing.T) {
	const samples = 4000
	for _, test := range []struct {
		weights string
		truth   float64
	}{{"a=90,b=10", .9}, {"a=90,b=10", .88}, {"a=70,b=30", .67}} {
		q := question(t, test.weights)
		q.Alpha, q.Power, q.Method = 0.1, 0.7, Sequentially
		p, err := NewPlan(q)
		require.NoError(t, err)
		o, err := SequentialOutcomes(p, test.truth)
		require.NoError(t, err)
		random := rand.New(rand.NewPCG(8, 1))
		counts := map[Verdict]float64{}
		var requests float64
		for range samples {
			s, verdict := walk(random, p, []float64{test.truth, 1 - test.truth})
			counts[verdict]++
			requests += s.against.n
		}
		for verdict, want := range map[Verdict]float64{Verified: o.Verified, Violated: o.Violated, Inconclusive: o.Inconclusive} {
			assert.InDelta(t, want, counts[verdict]/samples, 4*math.Sqrt(want*(1-want)/samples), "%v %s", test, verdict)
		}
		assert.InEpsilon(t, o.Mean, requests/samples, 0.05)
	}
}

// Of three versions and more, a correct split is called violated with
//
//	P(e reaches 1/alpha) = E[1/e when it does; e reaches 1/alpha]
//
// where the right side is drawn from the mixture that e bets on (Wald's
// identity): each drawn sample that gets there says as much as 1/alpha of a
// correct split's.
func TestFalseViolatedOfSeveralVersions(t *testing.T) {
	for weights, samples := range map[string]int{"a=80,b=10,c=10": 3000, "a=1,b=1,c=1": 3000, "a=70,b=20,c=8,d=2": 2000, tenPowers: 150} {
		p := sequentialPlan(t, weights, 0)
		random := rand.NewPCG(8, 2)
		var sum float64
		for range samples {
			u := NewSequential(p).against.urn
			truth := make([]float64, len(u.prior))
			for i, prior := range u.prior {
				truth[i] = distuv.Gamma{Alpha: prior, Beta: 1, Src: random}.Rand()
			}
			whole := total(truth)
			for i := range truth {
				truth[i] /= whole
			}
			if s, verdict := walk(rand.New(random), p, truth); verdict == Violated {
				sum += math.Exp(-s.against.log)
			}
		}
		rate := sum / float64(samples)
		assert.LessOrEqual(t, rate, p.Question.Alpha, weights)
		assert.Greater(t, rate, p.Question.Alpha/4, "%s: %g is suspiciously little", weights, rate)
	}
}

const tenPowers = "a=1,b=2,c=4,d=8,e=16,f=32,g=64,h=128,i=256,j=512"

// A version off by its margin is verified at most as often as two versions
// would be: the evidence for a bound is that of a version against the rest.
// Drawn at an alpha at which it can be seen, and with a version off for which
// the others share the rest in proportion.
func TestPromisesOfSeveralVersionsBySequence(t *testing.T) {
	for weights, samples := range map[string]int{"a=80,b=10,c=10": 3000, "a=1,b=1,c=1": 3000, tenPowers: 60} {
		p := sequentialPlan(t, weights, 0.02)
		q := p.Question
		random := rand.New(rand.NewPCG(8, 3))
		rates := func(truth []float64) map[Verdict]float64 {
			counts := map[Verdict]float64{}
			for range samples {
				_, verdict := walk(random, p, truth)
				counts[verdict] += 1 / float64(samples)
			}
			return counts
		}
		most := func(promised, got float64, what string) {
			t.Helper()
			bound := distuv.Binomial{N: float64(samples), P: promised}
			assert.LessOrEqual(t, got*float64(samples), bound.N*bound.P+3.5*bound.StdDev()+1, "%s: %s", weights, what)
		}
		shares := NewSequential(p).against.shares
		correct := rates(shares)
		most(q.Alpha, correct[Violated], "a correct split is violated")
		most(q.budget(), 1-correct[Verified], "a correct split is not verified")
		arms := q.arms()
		for i, a := range arms {
			if slices.Index(arms, a) != i || len(arms) > 3 && i != 0 && i != len(arms)-1 {
				continue
			}
			for _, off := range []float64{-a.margin, a.margin} {
				truth := make([]float64, len(shares))
				for j, share := range shares {
					truth[j] = share * (1 - a.share - off) / (1 - a.share)
				}
				truth[i] = snap(a.share + off)
				got := rates(truth)
				most(q.Alpha, got[Verified], fmt.Sprintf("version %d off by %g is verified", i, off))
				most(q.budget(), 1-got[Violated], fmt.Sprintf("version %d off by %g is not violated", i, off))
			}
		}
	}
}
