package analysis

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/split"
)

// agree holds the fast verdict against Judge's on one table of counts.
func agree(t *testing.T, p *Plan, v *Verdicts, counts []int64) {
	t.Helper()
	versions := map[string]int64{}
	for i, each := range p.Versions {
		versions[each.Version] = counts[i]
	}
	require.Equal(t, Judge(p, counted(versions)).Verdict, v.Of(counts, 0), "%v of %v", counts, p.Versions)
}

func TestVerdictsOfTwoVersionsAreJudges(t *testing.T) {
	for _, weights := range []string{"v1=50,v2=50", "v1=90,v2=10", "v1=99,v2=1"} {
		p := planned(t, weights)
		v := NewVerdicts(p)
		seen := map[Verdict]bool{}
		mean := float64(p.Requests) * p.Versions[1].ExpectedShare
		reach := 6 * math.Sqrt(mean)
		for x := int64(max(0, mean-reach)); x <= int64(mean+reach); x += 1 + int64(reach/150) {
			counts := []int64{p.Requests - x, x}
			agree(t, p, v, counts)
			seen[v.Of(counts, 0)] = true
		}
		assert.True(t, seen[Verified] && seen[Violated], weights)
		agree(t, p, v, []int64{p.Requests, 0})
		agree(t, p, v, []int64{0, p.Requests})
	}
	few, err := PlanFor(question(t, "v1=90,v2=10"), 300)
	require.NoError(t, err)
	v := NewVerdicts(few)
	for x := range int64(100) {
		agree(t, few, v, []int64{300 - x, x})
	}
	assert.Equal(t, Inconclusive, v.Of([]int64{270, 30}, 0))
}

func TestVerdictsOfSeveralVersionsAreJudges(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 3))
	for _, weights := range []string{"a=80,b=10,c=10", "a=1,b=1,c=1", "a=98,b=1,c=1", "a=3,b=0,c=1,d=1"} {
		p := planned(t, weights)
		v := NewVerdicts(p)
		v.Learn()
		for range 60 {
			// Off by up to four standard deviations, so that every verdict comes up.
			counts := make([]int64, len(p.Versions))
			left := p.Requests
			for i, each := range p.Versions {
				mean := float64(p.Requests) * each.ExpectedShare
				counts[i] = min(left, max(0, int64(mean+(8*random.Float64()-4)*math.Sqrt(mean*(1-each.ExpectedShare)))))
				left -= counts[i]
			}
			counts[0] += left
			agree(t, p, v, counts)
		}
	}
}

func TestVerdictsOfWhatMustNotBe(t *testing.T) {
	p := planned(t, "v1=100,v2=0")
	v := NewVerdicts(p)
	v.Learn()
	assert.Equal(t, Verified, v.Of([]int64{p.Requests, 0}, 0))
	assert.Equal(t, Violated, v.Of([]int64{p.Requests - 1, 1}, 0))
	assert.Equal(t, Violated, v.Of([]int64{p.Requests - 1, 0}, 1))
	few, err := PlanFor(p.Question, 100)
	require.NoError(t, err)
	assert.Equal(t, Inconclusive, NewVerdicts(few).Of([]int64{100, 0}, 0))
}

func TestVerdictsOfAClone(t *testing.T) {
	v := NewVerdicts(planned(t, "v1=50,v2=50"))
	v.Learn()
	clone := v.Clone()
	held := v.held
	clone.held = 0
	assert.Equal(t, held, v.held, "what a clone learns is its own")
}

// What the sequential method says of its state is what Judge says of the same
// counts, wherever the sample ends.
func TestVerdictOfASequenceIsJudges(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for _, weights := range []string{"v1=90,v2=10", "a=80,b=10,c=10", "v1=95,v2=5,v3=0"} {
		q := question(t, weights)
		q.Method = Sequentially
		p, err := NewPlan(q)
		require.NoError(t, err)
		seen := map[Verdict]int{}
		for round := range 40 {
			s, tally := NewSequential(p), &split.Tally{}
			off := []float64{0, 0.05, 0.02, -0.04}[round%4]
			ends := random.Int64N(p.Requests)
			for range ends {
				version := p.Versions[0].Version
				if random.Float64() > p.Versions[0].ExpectedShare-off {
					version = p.Versions[1+random.IntN(len(p.Versions)-1)].Version
				}
				answer := split.Answer{Version: version}
				if round%5 == 0 && random.Float64() < 0.001 {
					answer = split.Answer{Outcome: split.Error, Kind: "status 503"}
				}
				tally.Add(answer)
				if s.Add(answer); s.Decided() {
					break
				}
			}
			counts := &split.Tally{Versions: tally.Versions, Errors: tally.Errors}
			verdict := s.Verdict()
			require.Equal(t, s.Judge(counts).Verdict, verdict, "%s, round %d: %v %v", weights, round, counts.Versions, counts.Errors)
			seen[verdict]++
		}
		assert.Greater(t, len(seen), 1, "%v", seen)
	}
	nothing := NewSequential(planned(t, "v1=50,v2=50"))
	assert.Equal(t, NotMeasured, nothing.Verdict())
}
