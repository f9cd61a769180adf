package analysis

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/splitcheck/splitcheck/split"
)

// tenAfterTenMillion is a sample of ten even versions after 10^7 requests.
func tenAfterTenMillion(b *testing.B) (*Plan, *split.Tally) {
	b.Helper()
	q := Question{MaxErrors: -1}
	tally := &split.Tally{Versions: map[string]int64{}}
	for i := range 10 {
		version := fmt.Sprintf("v%d", i)
		q.Weights = append(q.Weights, split.Weight{Version: version, Weight: 1})
		tally.Versions[version] = 1e6 + int64(i*100) - 450
	}
	plan, err := PlanFor(q, 1e7)
	if err != nil {
		b.Fatal(err)
	}
	return plan, tally
}

func BenchmarkJudgeTenVersionsAfterTenMillion(b *testing.B) {
	plan, tally := tenAfterTenMillion(b)
	for b.Loop() {
		Judge(plan, tally)
	}
}

// The 28,956,759 tables of Mendel's 556 peas, statistics of the XNomial
// vignette.
func BenchmarkExactMendel(b *testing.B) {
	shares := []float64{9. / 16, 3. / 16, 3. / 16, 1. / 16}
	statistic := chiSquareStatistic([]float64{315, 108, 101, 32}, shares)
	for b.Loop() {
		exactPValue(556, shares, statistic)
	}
}

// C(10002, 2) is 50 million tables of three versions.
func BenchmarkExactThreeVersionsTenThousand(b *testing.B) {
	shares := []float64{0.8, 0.1, 0.1}
	for b.Loop() {
		exactPValue(1e4, shares, 12)
	}
}

func BenchmarkMonteCarloTenVersions(b *testing.B) {
	f := fit{alpha: DefaultAlpha, seed: 1}
	for range 10 {
		f.shares = append(f.shares, 0.1)
	}
	for b.Loop() {
		f.levels(1e5, 25)
	}
}

func BenchmarkPlan(b *testing.B) {
	for _, weights := range []string{"v1=50,v2=50", "v1=90,v2=10", "v1=99,v2=1", "v1=999,v2=1", "v1=80,v2=10,v3=10", "v1=1,v2=2,v3=4,v4=8,v5=16,v6=32,v7=64,v8=128,v9=256,v10=512"} {
		w, err := split.ParseWeights(weights)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(w.String(), func(b *testing.B) {
			for b.Loop() {
				if _, err := NewPlan(Question{Weights: w, MaxErrors: -1}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// A correct split on connections of ten, and one drawn per connection, for
// which no permutation lies beyond and all have to be drawn.
func BenchmarkConnectionsGate(b *testing.B) {
	for name, sticky := range map[string]bool{"correct": false, "sticky": true} {
		tally := drawn(rand.New(rand.NewPCG(1, 1)), 3900, 10, sticky, map[string]float64{"v1": 0.7, "v2": 0.3})
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				connectionsGate(tally, 1e-4)
			}
		})
	}
}
