package mesh_test

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/splitcheck/splitcheck/internal/mesh"
	"github.com/splitcheck/splitcheck/internal/target"
)

func TestCountsRepeatAtAnyConcurrency(t *testing.T) {
	m := open(t, mesh.Options{Seed: 7}, versionTest, weights(90, 10))
	alone := drawEach(t, m, page.of(2000))
	assert.Equal(t, alone, drawEach(t, m, page.of(2000).at(64)), "64 at once")

	again := open(t, mesh.Options{Seed: 7}, versionTest, weights(90, 10))
	assert.Equal(t, alone, drawEach(t, again, page.of(2000)), "another mesh of the same seed")

	other := open(t, mesh.Options{Seed: 8}, versionTest, weights(90, 10))
	assert.NotEqual(t, alone, drawEach(t, other, page.of(2000)), "another seed")
}

// The draws are to look like Envoy's: multinomial, independent of each other.
// Over 200 seeds the p-values of the chi-square test must be uniform, which the
// Kolmogorov-Smirnov distance shows: 1.95/sqrt(200) is its bound at 0.001
// (Smirnov's asymptotic table). The seeds are fixed; this cannot flake.
func TestDrawsAreMultinomialAndIndependent(t *testing.T) {
	const seeds, requests = 200, 1000
	weightsOf, transitions := make([]float64, 0, seeds), make([]float64, 0, seeds)
	for seed := range uint64(seeds) {
		m := open(t, mesh.Options{Seed: seed}, versionTest, weights(70, 30))
		names := drawEach(t, m, page.of(requests))
		var hits [2]float64
		var table [2][2]float64
		last := -1
		for _, name := range names {
			i := 0
			if name == "v2" {
				i = 1
			}
			hits[i]++
			if last >= 0 {
				table[last][i]++
			}
			last = i
		}
		chi := distuv.ChiSquared{K: 1}
		d := hits[0] - 0.7*requests
		weightsOf = append(weightsOf, chi.Survival(d*d/(0.7*requests)+d*d/(0.3*requests)))
		transitions = append(transitions, chi.Survival(fourfold(table)))
	}
	const bound = 1.95 / 14.142
	assert.Less(t, distance(weightsOf), bound, "chi-square of the counts")
	assert.Less(t, distance(transitions), bound, "chi-square of the transitions")
}

// fourfold is Pearson's statistic of a table of two by two.
func fourfold(t [2][2]float64) float64 {
	a, b, c, d := t[0][0], t[0][1], t[1][0], t[1][1]
	n := a + b + c + d
	return n * (a*d - b*c) * (a*d - b*c) / ((a + b) * (c + d) * (a + c) * (b + d))
}

// distance is the greatest distance between the distribution of ps and the
// uniform one.
func distance(ps []float64) float64 {
	slices.Sort(ps)
	var most float64
	for i, p := range ps {
		n := float64(len(ps))
		most = max(most, p-float64(i)/n, float64(i+1)/n-p)
	}
	return most
}

func TestWeightsAreRatios(t *testing.T) {
	for _, each := range []struct {
		name, route string
		want        map[string]float64
	}{
		{"need not sum to 100", weights(3, 1), map[string]float64{"v1": 0.75, "v2": 0.25}},
		{"zero is never", weights(1, 0), map[string]float64{"v1": 1}},
		{"one destination takes everything", canary(`{route: [{destination: {host: canary, subset: v2}, weight: 0}]}`),
			map[string]float64{"v2": 1}},
	} {
		t.Run(each.name, func(t *testing.T) {
			m := open(t, mesh.Options{}, versionTest, each.route)
			got := draw(t, m, page.of(4000))
			for name, share := range each.want {
				// Five standard deviations; the seed is fixed.
				assert.InDelta(t, share, float64(got[name])/4000, 5*math.Sqrt(share*(1-share)/4000))
			}
			assert.Len(t, got, len(each.want))
		})
	}
}

// Two samples of one split are two samples: were they the same one twice, an
// unlucky seed would fail every check of the split together.
func TestEachEntryDrawsForItself(t *testing.T) {
	m := open(t, mesh.Options{}, versionTest, weights(50, 50))
	var served [2]string
	for i := range served {
		entry, err := m.Enter(target.Via{}, target.Load{})
		require.NoError(t, err)
		for number := range uint64(64) {
			_, body := send(entry, number, "/version.html", nil)
			served[i] += body
		}
	}
	assert.NotEqual(t, served[0], served[1])
}
