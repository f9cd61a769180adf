package analysis

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/split"
)

// sequentially plans weights by the sequential method; alpha 0 is the default.
func sequentialPlan(t testing.TB, weights string, alpha float64) *Plan {
	t.Helper()
	q := question(t, weights)
	q.Alpha, q.Method = alpha, Sequentially
	p, err := NewPlan(q)
	require.NoError(t, err)
	return p
}

// ssrm's test_ssrm_test.py: weights .4 .4 .2, prior counts of 1 each. M1 is the
// logarithm of the marginal likelihood under the mixture, M0 that under the
// weights.
func TestEvidenceOfSSRM(t *testing.T) {
	shares := []float64{.4, .4, .2}
	u := urn{prior: []float64{1, 1, 1}, concentration: 3}
	w := newWager(u, shares)
	m1 := []float64{-1.0986122886681096, -2.4849066497880004, -3.401197381662155, -4.499809670330265, -6.4457198193855785}
	m0 := []float64{-0.916290731874155, -1.83258146374831, -2.748872195622465, -3.66516292749662, -5.27460083993072}
	for i, version := range []int{0, 1, 0, 1, 2} {
		w.hit(version)
		assert.InDelta(t, m1[i]-m0[i], w.log, 1e-13)
	}
	assert.InDelta(t, -1.1711189794548584, w.log, 1e-13)

	// In batches. Their multinomial coefficients are in both and cancel.
	w = newWager(u, shares)
	m1 = []float64{-7.028201432058012, -11.947847738358888, -15.471401950257842, -19.96484521090386}
	m0 = []float64{-4.0776406466061985, -8.265946861099877, -11.610743519545139, -15.781031228536165}
	for i, batch := range [][]int{{20, 17, 9}, {18, 21, 8}, {4, 6, 4}, {18, 19, 11}} {
		for version, count := range batch {
			for range count {
				w.hit(version)
			}
		}
		assert.InDelta(t, m1[i]-m0[i], w.log, 1e-12)
		assert.InDelta(t, w.log, u.logEvidence(w.counts, shares), 1e-12, "the order does not matter")
	}
	assert.InDelta(t, -4.183813982367695, w.log, 1e-12)

	// Weights .1 .5 .4 at a concentration of 10000; p is 1 over the greatest e.
	shares = []float64{.1, .5, .4}
	w = newWager(newUrn(shares, 10_000), shares)
	best := 0.
	for _, version := range []int{2, 2, 2, 2, 0, 2, 2, 0, 1, 2} {
		w.hit(version)
		best = max(best, w.log)
	}
	// Printed are 1.0017496120131435 and 0.9980534145723241, of which the last
	// six digits are rounding of log-gammas; these are exact fractions.
	assert.InDelta(t, 1.0017496119912512, math.Exp(w.log), 1e-14)
	assert.InDelta(t, 0.9980534145668962, math.Exp(-best), 1e-14)
}

func TestConcentrations(t *testing.T) {
	for weights, want := range map[string]float64{
		"v1=70,v2=30": 83, "v1=90,v2=10": 35, "v1=50,v2=50": 99, "v1=80,v2=10,v3=10": 35,
		// v1 may be off by 5 points only if v2 is, whose margin is 1.
		"v1=99,v2=1": 98,
	} {
		p := sequentialPlan(t, weights, 0)
		assert.InDelta(t, want, NewSequential(p).against.urn.concentration, 1e-9, weights)
	}
}

// feed adds a sample one by one and returns what it is a tally of.
func feed(s *Sequential, list []split.Answer) *split.Tally {
	tally := &split.Tally{}
	tally.Connections.Reuse = 1
	for _, each := range list {
		tally.Add(each)
		s.Add(each)
	}
	tally.Close()
	return tally
}

// mixed draws answers by the shares, of which some end in errors and some name
// no version.
func mixed(random *rand.Rand, n int, shares map[string]float64, errors, unidentified float64) []split.Answer {
	list := make([]split.Answer, n)
	for i := range list {
		list[i] = split.Answer{Number: uint64(i), Connection: uint64(i)}
		switch u := random.Float64(); {
		case u < errors:
			list[i].Outcome, list[i].Kind = split.Error, "timeout"
		case u < errors+unidentified:
			list[i].Outcome, list[i].Kind = split.Unidentified, "no marker"
		default:
			u = random.Float64()
			for version, share := range shares {
				if list[i].Version = version; u < share {
					break
				}
				u -= share
			}
		}
	}
	return list
}

// The evidence where errors fit best is the least over all their assignments,
// which are listed here, at every step; and it is the same counted one by one
// and all at once.
func TestErrorsLieWhereTheySpeakLeastAgainstTheWeights(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 1))
	for range 60 {
		shares := normalised(1+9*random.Float64(), 1+4*random.Float64(), 0.1+random.Float64())
		u := newUrn(shares, 1+80*random.Float64())
		w, at := newWager(u, shares), newWager(u, shares)
		hits, unnamed := make([]float64, 3), 0.
		for range 60 {
			if random.Float64() < 0.15 {
				w.unnamed()
				unnamed++
			} else {
				i := random.IntN(3)
				w.hit(i)
				hits[i]++
			}
			least := math.Inf(1)
			for a := 0.; a <= unnamed; a++ {
				for b := 0.; a+b <= unnamed; b++ {
					counts := []float64{hits[0] + a, hits[1] + b, hits[2] + unnamed - a - b}
					least = min(least, u.logEvidence(counts, shares))
				}
			}
			require.InDelta(t, least, w.log, 1e-9, "%v and %v", hits, unnamed)
			at.set(hits, unnamed)
			require.InDelta(t, least, at.log, 1e-9)
		}
	}
}

// Tallies of workers, merged in any order, are the evidence of the whole.
func TestWorkersCountsMergeExactly(t *testing.T) {
	p := sequentialPlan(t, "v1=80,v2=10,v3=10", 0)
	random := rand.New(rand.NewPCG(5, 2))
	for range 20 {
		list := mixed(random, 3000, map[string]float64{"v1": .8, "v2": .1, "v3": .1}, 0.003, 0)
		whole := NewSequential(p)
		feed(whole, list)
		var parts []*split.Tally
		for at := 0; at < len(list); at += 1000 {
			parts = append(parts, feed(NewSequential(p), list[at:at+1000]))
		}
		var judged []*Judgement
		for _, order := range [][]int{{0, 1, 2}, {2, 0, 1}, {1, 2, 0}} {
			merged, s := &split.Tally{}, NewSequential(p)
			for _, i := range order {
				merged.Merge(parts[i])
				s.Look(merged) // nothing is in flight between rounds
			}
			assert.InDelta(t, whole.against.log, s.against.log, 1e-8)
			judged = append(judged, JudgeSequential(p, merged))
		}
		assert.Equal(t, judged[0], judged[1])
		assert.Equal(t, judged[0], judged[2])
	}
}

func TestSequentialVerdicts(t *testing.T) {
	many := func(n int, outcome split.Outcome, version string) []split.Answer {
		list := make([]split.Answer, n)
		for i := range list {
			list[i] = split.Answer{Outcome: outcome, Version: version, Kind: "x"}
		}
		return list
	}
	shuffled := func(lists ...[]split.Answer) []split.Answer {
		var all []split.Answer
		for _, each := range lists {
			all = append(all, each...)
		}
		rand.New(rand.NewPCG(9, 9)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		return all
	}
	hits := func(n int, version string) []split.Answer { return many(n, split.Hit, version) }
	for _, test := range []struct {
		name, weights string
		answers       []split.Answer
		want          Verdict
		decided       bool
		says          string
	}{
		{"as asked", "v1=9,v2=1", shuffled(hits(1080, "v1"), hits(120, "v2")), Verified, true, "confidence sequence"},
		{"too few", "v1=9,v2=1", shuffled(hits(180, "v1"), hits(20, "v2")), Inconclusive, false, "cannot tell"},
		{"off by its margin", "v1=9,v2=1", shuffled(hits(1275, "v1"), hits(225, "v2")), Violated, true, "sequential test"},
		{"a leak", "v1=9,v2=1,v3=0", shuffled(hits(180, "v1"), hits(20, "v2"), hits(1, "v3")), Violated, true, "weight 0"},
		{"an unknown version", "v1=9,v2=1", shuffled(hits(180, "v1"), hits(20, "v2"), hits(1, "v9")), Violated, true, "do not name it"},
		{"no leak yet", "v1=9,v2=1,v3=0", shuffled(hits(1080, "v1"), hits(120, "v2")), Inconclusive, false, "leak of up to"},
		{"no leak", "v1=9,v2=1,v3=0", shuffled(hits(3519, "v1"), hits(391, "v2")), Verified, true, "a share above 0.2 % is excluded"},
		{"a single version", "v1=1", hits(3909, "v1"), Verified, true, "nothing but v1"},
		{"a single version with errors", "v1=1", shuffled(hits(3902, "v1"), many(7, split.Error, "")), Verified, true, "nothing but v1"},
		{"a single version not identified", "v1=1", shuffled(hits(7000, "v1"), many(1, split.Unidentified, "")), Inconclusive, false, "unidentified"},
		{"dead", "v1=9,v2=1", hits(160, "v1"), Violated, true, "not seen once"},
		{"dead by errors", "v1=9,v2=1", shuffled(hits(180, "v1"), many(20, split.Error, "")), Violated, true, "not seen once"},
		{"perhaps dead", "v1=9,v2=1", shuffled(hits(180, "v1"), many(20, split.Unidentified, "")), Inconclusive, false, "cannot tell"},
		{"errors leave it open", "v1=9,v2=1", shuffled(hits(1080, "v1"), hits(120, "v2"), many(10, split.Error, "")), Verified, true, "whichever versions"},
		{"errors leave it shut", "v1=9,v2=1", shuffled(hits(500, "v1"), hits(55, "v2"), many(5, split.Unidentified, "")), Inconclusive, false, "cannot tell"},
		{"errors cannot hide a wrong split", "v1=9,v2=1", shuffled(hits(700, "v1"), hits(300, "v2"), many(50, split.Error, "")), Violated, true, "even if every error"},
		{"too many errors", "v1=9,v2=1", shuffled(hits(10800, "v1"), hits(1200, "v2"), many(200, split.Error, "")), NotMeasured, false, "more than the 1 % allowed"},
		{"errors only", "v1=9,v2=1", many(50, split.Error, ""), NotMeasured, false, "none of the 50 requests"},
		{"nothing named", "v1=9,v2=1", many(50, split.Unidentified, ""), Inconclusive, false, "named its version"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := sequentialPlan(t, test.weights, 0)
			s := NewSequential(p)
			tally := feed(s, test.answers)
			tally.Sequence, tally.Blocks = split.Sequence{}, split.Blocks{} // of shuffled counts, gates say nothing
			j := s.Judge(tally)
			assert.Equal(t, test.want, j.Verdict, "%q", j.Reasons)
			assert.Equal(t, test.decided, s.Decided())
			assert.Contains(t, said(j.Reasons...), test.says)
			assert.Equal(t, Sequentially, j.Method)
			require.NotNil(t, j.Sequential)
			assert.False(t, math.IsNaN(j.Sequential.LogEValue+j.Sequential.PValue+j.Equivalence.PValue+j.Equivalence.MinMargin+j.Power.Achieved))
			if j.Verdict == Verified {
				assert.LessOrEqual(t, j.Equivalence.PValue, p.Question.Alpha)
			}
			assert.Equal(t, Judge(p, tally).Method, Sequentially, "Judge knows the method of the plan")
		})
	}
}

func TestASilentVersionWaitsForConnections(t *testing.T) {
	p := sequentialPlan(t, "v1=9,v2=1", 0)
	for _, test := range []struct {
		reuse, stops int
	}{{1, 120}, {10, 721}} { // ln(0.0005)/ln(0.9) is 73 connections
		s, tally := NewSequential(p), &split.Tally{}
		tally.Connections.Reuse = test.reuse
		n := 0
		for stopped := false; !stopped && n < 5000; n++ {
			a := split.Answer{Number: uint64(n), Connection: uint64(n / test.reuse), Version: "v1"}
			tally.Add(a)
			stopped = s.Stop(tally, a)
		}
		tally.Close()
		assert.InDelta(t, test.stops, n, 5)
		assert.Equal(t, Violated, s.Judge(tally).Verdict)
	}
	// A record whose connections are too few cannot tell.
	s := NewSequential(p)
	tally := &split.Tally{}
	tally.Connections.Reuse = 100
	for n := range 300 {
		a := split.Answer{Number: uint64(n), Connection: uint64(n / 100), Version: "v1"}
		tally.Add(a)
		s.Add(a)
	}
	tally.Close()
	assert.Equal(t, Inconclusive, s.Judge(tally).Verdict)
}

// Evidence that was enough once stays enough, though the counts of the whole
// sample would not show it.
func TestWhatWasShownStaysShown(t *testing.T) {
	p := sequentialPlan(t, "v1=5,v2=5", 0)
	s := NewSequential(p)
	var list []split.Answer
	for i := range 4000 {
		version := "v1"
		if i%2 == 1 && i > 400 || i%3 == 0 && i <= 400 {
			version = "v2"
		}
		list = append(list, split.Answer{Number: uint64(i), Connection: uint64(i), Version: version})
	}
	tally := feed(s, list)
	assert.Less(t, s.against.log, 1.)
	assert.True(t, s.rejects())
	assert.False(t, NewSequential(p).rejects())
	at := JudgeSequential(p, counted(tally.Versions))
	assert.Equal(t, Verified, at.Verdict, "of the counts alone")
	assert.Contains(t, said(at.Warnings...), "only the counts are known")
}

func FuzzSequential(f *testing.F) {
	f.Add(90., 10., 0., int64(900), int64(100), int64(0), int64(3), int64(1), 0.05)
	f.Add(1., 0., 0., int64(1), int64(0), int64(0), int64(0), int64(0), 0.0005)
	f.Add(1e-12, 1., 1e-3, int64(1e12), int64(1e12), int64(1), int64(1e12), int64(1e12), 0.49)
	f.Fuzz(func(t *testing.T, w1, w2, w3 float64, y1, y2, y3, failed, unknown int64, alpha float64) {
		q := Question{Weights: split.Weights{{Version: "a", Weight: w1}, {Version: "b", Weight: w2}, {Version: "c", Weight: w3}}, Alpha: alpha, Method: Sequentially}
		p, err := PlanFor(q, 1000)
		if err != nil {
			return
		}
		bounded := func(n int64) int64 { return max(0, n) % 1e12 }
		tally := counted(map[string]int64{"a": bounded(y1), "b": bounded(y2), "c": bounded(y3)})
		tally.Errors = map[string]int64{"x": bounded(failed)}
		tally.Unidentified = map[string]int64{"y": bounded(unknown)}
		s := NewSequential(p)
		j := s.Judge(tally)
		for _, each := range []float64{j.Sequential.PValue, j.Equivalence.PValue, j.Equivalence.MinMargin} {
			assert.True(t, each >= 0 && each <= 1, "%v", j)
		}
		assert.False(t, math.IsNaN(j.Sequential.LogEValue))
		for _, each := range j.Versions {
			assert.True(t, each.Low >= 0 && each.Low <= each.High && each.High <= 1, "%v", each)
		}
	})
}
