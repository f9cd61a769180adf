package analysis

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/reports/words"
	"github.com/splitcheck/splitcheck/split"
)

// said is what findings say in English, a line for each.
func said(found ...split.Finding) string { return strings.Join(words.All(found), "\n") }

// question reads weights as a user writes them, with every default.
func question(t testing.TB, weights string) Question {
	t.Helper()
	w, err := split.ParseWeights(weights)
	require.NoError(t, err)
	return Question{Weights: w, MaxErrors: -1}
}

func planned(t testing.TB, weights string) *Plan {
	t.Helper()
	p, err := NewPlan(question(t, weights))
	require.NoError(t, err)
	return p
}

// drawn is a sample of n requests, one after another, on connections of reuse
// requests, drawn by the shares for each request or, if sticky, for each
// connection.
func drawn(random *rand.Rand, n, reuse int, sticky bool, shares map[string]float64) *split.Tally {
	tally := &split.Tally{}
	tally.Connections.Reuse = reuse
	versions := slices.Sorted(maps.Keys(shares))
	var version string
	for i := range n {
		if !sticky || i%reuse == 0 {
			u := random.Float64()
			for _, version = range versions {
				if u -= shares[version]; u < 0 {
					break
				}
			}
		}
		tally.Add(split.Answer{Number: uint64(i), Connection: uint64(i / reuse), Version: version})
	}
	tally.Close()
	return tally
}

// counted is a tally of counts alone, without order or connections.
func counted(versions map[string]int64) *split.Tally {
	return &split.Tally{Versions: versions}
}

// shares of the weights of a plan, by version.
func sharesOf(p *Plan) map[string]float64 {
	shares := map[string]float64{}
	for _, each := range p.Versions {
		shares[each.Version] = each.ExpectedShare
	}
	return shares
}
