package draw

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/split"
)

// A source answers v1 with a share that may depend on how many have answered.
type source struct {
	random *rand.Rand
	share  func(n int) float64
	n      int
}

func (s *source) next() split.Answer {
	a := split.Answer{Number: uint64(s.n), Version: "v2"}
	if s.random.Float64() < s.share(s.n) {
		a.Version = "v1"
	}
	s.n++
	return a
}

// settle reads windows as Settle does.
func settle(s *source, size int64) *windows {
	w := &windows{size: size, limit: time.Hour, began: time.Now()}
	for !w.stop(nil, s.next()) {
	}
	return w
}

// TestStaleAnswersAreNotJudged simulates a change of weights of which the first
// answers know nothing, and a sample after it has settled. At the defaults a correct
// split is violated in at most 0.05 % of all runs, and not verified in at most 0.1 %.
func TestStaleAnswersAreNotJudged(t *testing.T) {
	plan, err := analysis.NewPlan(analysis.Suite(1, analysis.Question{
		Weights: split.Weights{{Version: "v1", Weight: 90}, {Version: "v2", Weight: 10}}, MaxErrors: -1,
	}))
	require.NoError(t, err)
	size := Window(plan.Requests)
	assert.EqualValues(t, 193, size, "a tenth of the sample")
	for seed, old := range []float64{0, 0.1, 0.5, 0.8, 1} {
		for _, stale := range []int{50, 150, 300, 386} {
			for run := range 10 {
				s := &source{random: rand.New(rand.NewPCG(uint64(seed), uint64(1000*stale+run))), share: func(n int) float64 {
					if n < stale {
						return old
					}
					return 0.9
				}}
				w := settle(s, size)
				assert.True(t, w.Settled)
				tally := &split.Tally{}
				for range plan.Requests {
					tally.Add(s.next())
				}
				tally.Close()
				assert.Equal(t, analysis.Verified, analysis.Judge(plan, tally).Verdict, "%g, %d stale answers, run %d", old, stale, run)
			}
		}
	}
}

// TestSteadySplitsSettleSoon: two windows are the least, and of those that disagree
// by chance there are at most a fifth.
func TestSteadySplitsSettleSoon(t *testing.T) {
	for _, share := range []float64{0.5, 0.9, 0.99, 1} {
		read := 0
		for run := range 400 {
			w := settle(&source{random: rand.New(rand.NewPCG(7, uint64(run))), share: func(int) float64 { return share }}, 100)
			assert.True(t, w.Settled)
			assert.GreaterOrEqual(t, len(w.Windows), 2)
			read += len(w.Windows)
		}
		// A geometric number with a mean of at most 2 + 0.2/0.8, and three standard
		// errors of 0.56/20.
		assert.LessOrEqual(t, float64(read)/400, 2.25+0.084, "%g", share)
	}
}

// TestWhatGoesOnChangingIsNotSettled: a split that swings to and fro is read for as
// long as is allowed.
func TestWhatGoesOnChangingIsNotSettled(t *testing.T) {
	swing := func() *source {
		return &source{random: rand.New(rand.NewPCG(1, 1)), share: func(n int) float64 { return float64(n / 100 % 2) }}
	}
	w := settle(swing(), 100)
	assert.False(t, w.Settled)
	assert.Len(t, w.Windows, mostWindows)
	assert.EqualValues(t, 2000, w.Answers())

	late := &windows{size: 100, limit: -1, began: time.Now()}
	for s := swing(); !late.stop(nil, s.next()); {
	}
	assert.Len(t, late.Windows, 2, "two are read even when there is no time")
}
