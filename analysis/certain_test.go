package analysis

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/split"
)

// chooser returns the share of v1 for request i of n, or below 0 for keeping the
// version that the connection has.
type chooser func(i, n int, random *rand.Rand) float64

// chosen is a sample of two versions on ten connections in use, each used up to
// ten times as a client does; sticky keeps the first version of a connection.
func chosen(random *rand.Rand, n int, sticky bool, share chooser) *split.Tally {
	tally := &split.Tally{}
	tally.Connections.Reuse = 10
	type lane struct {
		connection    uint64
		place, length int
		version       string
	}
	lanes, next := make([]lane, 10), random.Uint64()>>1
	for i := range n {
		l := &lanes[random.IntN(len(lanes))]
		if l.place == l.length {
			*l = lane{connection: next, length: split.Length(next, 10)}
			next++
		}
		if l.place++; !sticky || l.place == 1 {
			l.version = "v2"
			if random.Float64() < share(i, n, random) {
				l.version = "v1"
			}
		}
		tally.Add(split.Answer{
			Number: uint64(i), Connection: l.connection, Place: l.place, Ends: l.place == l.length, Version: l.version,
		})
	}
	tally.Close()
	return tally
}

func always(share float64) chooser { return func(int, int, *rand.Rand) float64 { return share } }

// certain is how many of so many samples are off for certain.
func certain(t *testing.T, weights string, samples int, sticky bool, share func(random *rand.Rand) chooser) int {
	t.Helper()
	p := planned(t, weights)
	random := rand.New(rand.NewPCG(14, 6))
	off := 0
	for range samples {
		s := newSample(p, chosen(random, int(p.Requests), sticky, share(random)))
		if _, found := s.offForCertain(); found {
			off++
		}
	}
	return off
}

// Correct splits that keep to a version for a connection, that take turns, and
// that begin with other weights for up to half of the sample: none is convicted.
// What is promised is alpha, by the theorem; this finds mistakes in the code.
func TestCorrectSplitsAreNeverOffForCertain(t *testing.T) {
	for _, test := range []struct {
		weights string
		v1      float64
	}{{"v1=50,v2=50", 0.5}, {"v1=90,v2=10", 0.9}} {
		independent := func(*rand.Rand) chooser { return always(test.v1) }
		assert.Zero(t, certain(t, test.weights, 60, true, independent), "%s: sticky", test.weights)
		for _, old := range []float64{0, 0.5, 1} {
			stale := func(*rand.Rand) chooser {
				return func(i, n int, _ *rand.Rand) float64 {
					if i < n/2 {
						return old
					}
					return test.v1
				}
			}
			assert.Zero(t, certain(t, test.weights, 30, false, stale), "%s: %g for half of it", test.weights, old)
		}
		turns := func(*rand.Rand) chooser {
			return func(i, _ int, _ *rand.Rand) float64 {
				if float64(i%10) < 10*test.v1 {
					return 1
				}
				return 0
			}
		}
		assert.Zero(t, certain(t, test.weights, 10, false, turns), "%s: in turn", test.weights)
	}
}

// wandering is a share about one half that least-request balancing moves: an
// autoregression with the standard deviation, renewed within some fifty requests.
func wandering(deviation float64) func(*rand.Rand) chooser {
	return func(random *rand.Rand) chooser {
		state := random.NormFloat64()
		return func(int, int, *rand.Rand) float64 {
			state = 0.98*state + 0.199*random.NormFloat64()
			return min(1, max(0, 0.5+deviation*state))
		}
	}
}

// No rule is in force, and pods give 50/50: violated, though shares wander.
func TestPodsAreOffForCertain(t *testing.T) {
	const samples = 40
	for _, weights := range []string{"v1=80,v2=20", "v1=90,v2=10"} {
		for _, deviation := range []float64{0, 0.03, 0.06} {
			off := certain(t, weights, samples, false, wandering(deviation))
			assert.GreaterOrEqual(t, off, samples*95/100, "%s wandering %g", weights, deviation)
		}
	}
}

// The verdict says so, and names the gate that is broken beside it; a sample below
// a thousand requests, and one of which connections are not known, have it not.
func TestOffForCertainComesBeforeTheGates(t *testing.T) {
	p := planned(t, "v1=90,v2=10")
	random := rand.New(rand.NewPCG(1, 1))
	tally := chosen(random, int(p.Requests), true, always(0.5))
	j := Judge(p, tally)
	assert.Equal(t, Violated, j.Verdict)
	require.GreaterOrEqual(t, len(j.Reasons), 2)
	assert.Equal(t, "off-for-certain", j.Reasons[0].ID)
	assert.Contains(t, said(j.Reasons...), "beside that, each of")

	few := chosen(random, 999, true, always(0.5))
	_, off := newSample(p, few).offForCertain()
	assert.False(t, off)
	tally.Connections.Spans = split.Spans{}
	_, off = newSample(p, tally).offForCertain()
	assert.False(t, off)
}

// Errors count as what fits best: half of all answers were v2's, and with all
// errors taken for v1's the split may be right.
func TestErrorsAreTakenForWhatFitsBest(t *testing.T) {
	p := planned(t, "v1=90,v2=10")
	random := rand.New(rand.NewPCG(1, 2))
	tally := &split.Tally{}
	tally.Connections.Reuse = 1
	for i := range uint64(p.Requests) {
		a := split.Answer{Number: i, Connection: i, Version: []string{"v1", "v2"}[random.IntN(2)]}
		if random.IntN(10) < 8 {
			a.Outcome, a.Kind = split.Error, "reset"
		}
		tally.Add(a)
	}
	tally.Close()
	_, off := newSample(p, tally).offForCertain()
	assert.False(t, off)
}
