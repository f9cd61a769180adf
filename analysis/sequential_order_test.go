package analysis

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/splitcheck/splitcheck/split"
)

// stopped draws answers, each anew or each connection's once, until the sample
// is decided or at its cap.
func stopped(random *rand.Rand, p *Plan, reuse int, sticky bool, truth float64) (*Sequential, *split.Tally) {
	s, tally := NewSequential(p), &split.Tally{}
	tally.Connections.Reuse = reuse
	version := ""
	for n := range uint64(p.Requests) {
		if !sticky || n%uint64(reuse) == 0 {
			if version = p.Versions[1].Version; random.Float64() < truth {
				version = p.Versions[0].Version
			}
		}
		a := split.Answer{Number: n, Connection: n / uint64(reuse), Version: version}
		tally.Add(a)
		if s.Stop(tally, a) {
			break
		}
	}
	tally.Close()
	return s, tally
}

// A sample that ends when its counts decide is not one of a fixed size: given
// its counts, not every order is as likely as every other. What that does to the
// gates is measured here, at levels at which it can be seen: each breaks a sample
// that is right no more often than it may, and so do all together.
func TestGatesKeepToTheirBudgetWhenTheSampleStops(t *testing.T) {
	const samples = 1500
	levels := []float64{0.02, 0.1}
	for _, test := range []struct {
		weights string
		truth   float64 // the second of them is violated, and stops sooner
	}{{"v1=90,v2=10", 0.9}, {"v1=70,v2=30", 0.6}, {"v1=70,v2=30", 0.65}} {
		p := sequentialPlan(t, test.weights, 0)
		random := rand.New(rand.NewPCG(11, 1))
		together := make([]float64, len(levels))
		each := map[string][]float64{}
		for range samples {
			_, tally := stopped(random, p, 1, false, test.truth)
			for i, level := range levels {
				gates := judgeGates(tally, level)
				broken := false
				for _, g := range gates {
					if g.PValue <= g.Alpha {
						if each[g.Name] == nil {
							each[g.Name] = make([]float64, len(levels))
						}
						each[g.Name][i]++
						broken = broken || g.Broken
					}
				}
				if broken {
					together[i]++
				}
			}
		}
		for i, level := range levels {
			bound := level + 3*math.Sqrt(level/samples)
			assert.LessOrEqual(t, together[i]/samples, bound, "%v", test)
			for name, counts := range each {
				assert.LessOrEqual(t, counts[i]/samples, bound, "%v: %s", test, name)
			}
		}
	}
}

// Where a version is chosen once per connection of ten requests the counts swing
// three times wider, and the sample is decided one way or the other far too
// soon: a gate must say so in 99 of 100.
func TestSequentialDrawsPerConnectionAreFound(t *testing.T) {
	const samples = 100
	for _, weights := range []string{"v1=70,v2=30", "v1=90,v2=10"} {
		p := sequentialPlan(t, weights, 0)
		random := rand.New(rand.NewPCG(11, 2))
		inconclusive := 0
		for range samples {
			s, tally := stopped(random, p, 10, true, p.Versions[0].ExpectedShare)
			if s.Judge(tally).Verdict == Inconclusive {
				inconclusive++
			}
		}
		assert.GreaterOrEqual(t, inconclusive, samples-samples/100, weights)
	}
}

func BenchmarkSequentialAdd(b *testing.B) {
	for _, weights := range []string{"v1=90,v2=10", "v1=80,v2=10,v3=10", tenPowers} {
		p := sequentialPlan(b, weights, 0)
		random := rand.New(rand.NewPCG(1, 1))
		answers := make([]split.Answer, 1<<16)
		for i := range answers {
			u := random.Float64()
			for _, v := range p.Versions {
				answers[i].Version = v.Version
				if u -= v.ExpectedShare; u < 0 {
					break
				}
			}
		}
		b.Run(weights, func(b *testing.B) {
			s, i, decided := NewSequential(p), 0, 0
			b.ReportAllocs()
			for b.Loop() {
				if i%2000 == 0 {
					s = NewSequential(p) // so that bounds are looked at, as before a decision
				}
				s.Add(answers[i%len(answers)])
				if s.Decided() {
					decided++
				}
				i++
			}
		})
	}
}

// A request costs no memory, errors and all.
func TestSequentialAllocatesNothing(t *testing.T) {
	p := sequentialPlan(t, "v1=90,v2=10", 0)
	s := NewSequential(p)
	answers := mixed(rand.New(rand.NewPCG(1, 1)), 5000, map[string]float64{"v1": .9, "v2": .1}, 0.02, 0.02)
	i := 0
	assert.Zero(t, testing.AllocsPerRun(4000, func() {
		s.Add(answers[i])
		s.Decided()
		i++
	}))
}
