package splittest_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/split"
	"github.com/splitcheck/splitcheck/splittest"
)

var _ splittest.TB = testing.TB(nil)

func TestVerifyPassesWhatIsShown(t *testing.T) {
	watched := &recorder{ctx: t.Context()}
	ask := drawn(seedOf(t, t.Name()), weights(t, "v1=90,v2=10"))
	assert.True(t, splittest.Verify(watched, ask, splittest.Weights{"v1": 90, "v2": 10}))
	assert.Empty(t, watched.failed)
	assert.Contains(t, watched.logged, "verified")
}

// Everything but a split that is shown fails the test, and says why.
func TestVerifyFailsEverythingElse(t *testing.T) {
	right := drawn(seedOf(t, t.Name()), weights(t, "v1=90,v2=10"))
	asked := splittest.Weights{"v1": 90, "v2": 10}
	for name, c := range map[string]struct {
		ask     func(context.Context) (string, error)
		weights splittest.Weights
		options []splittest.Option
		says    []string
	}{
		"another ratio": {
			ask: drawn(seedOf(t, "another"), weights(t, "v1=75,v2=25")), weights: asked,
			says: []string{"violated", "the split is not v1 90 %, v2 10 %", "v2", "10 % ± 5", "Next:"},
		},
		"a silent version": {
			ask: func(context.Context) (string, error) { return "v1", nil }, weights: asked,
			says: []string{"violated", "v2 was asked for 10 % and was not seen once"},
		},
		"a version of weight zero": {
			ask: right, weights: splittest.Weights{"v1": 100, "v2": 0},
			says: []string{"violated", "v2 has weight 0 and answered", "not at all"},
		},
		"a version without a weight": {
			ask: right, weights: splittest.Weights{"v1": 100},
			says: []string{"violated", "the weights do not name it"},
		},
		"a sample that is too small": {
			ask: right, weights: asked, options: []splittest.Option{splittest.Requests(100)},
			says: []string{"inconclusive", "A split that is not shown does not pass", "a fresh sample of 1,934"},
		},
		"nothing but errors": {
			ask: func(context.Context) (string, error) { return "", errors.New("connection refused") }, weights: asked,
			says: []string{"not measured", "none of the first 20 answers named a version", "connection refused"},
		},
		"answers without a name": {
			ask: func(context.Context) (string, error) { return "", nil }, weights: asked,
			says: []string{"inconclusive", "none of the first 20 answers named a version"},
		},
		"an error now and then": {
			ask: func(ctx context.Context) (string, error) {
				if split.ExchangeOf(ctx).Number%20 == 7 {
					return "", errors.New("reset by peer")
				}
				return right(ctx)
			}, weights: asked,
			says: []string{"not measured", "more than the 1 % allowed", "reset by peer"},
		},
		"a panic": {
			ask: func(context.Context) (string, error) { panic("no such route") }, weights: asked,
			says: []string{"ask panicked: no such route", "splittest_test.go"},
		},
		"a test that is failed in ask": {
			ask: func(context.Context) (string, error) { runtime.Goexit(); return "", nil }, weights: asked,
			says: []string{"let it return an error"},
		},
		"names that are not versions": {
			ask: func(ctx context.Context) (string, error) {
				return fmt.Sprint("pod-", split.ExchangeOf(ctx).Number), nil
			}, weights: asked,
			says: []string{"violated", "ask named more than 100 versions that the weights do not name"},
		},
		"every mistake at once": {
			ask: right, weights: splittest.Weights{"v1": -1},
			options: []splittest.Option{
				splittest.Workers(0), splittest.Rate(-1), splittest.Timeout(-1), splittest.Requests(-5), splittest.OneOf(0),
				splittest.Alpha(2), splittest.Margin(3),
			},
			says: []string{
				"0 workers", "a rate of -1", "a timeout of -1ns", "-5 requests", "one of 0 checks", "is negative", "alpha is 2",
				"the margin of v1 is 3",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			watched := &recorder{ctx: t.Context()}
			assert.False(t, splittest.Verify(watched, c.ask, c.weights, c.options...))
			assert.Empty(t, watched.logged)
			for _, words := range c.says {
				assert.Contains(t, watched.failed, words)
			}
		})
	}
}

// A few errors may have been any version's, and the verdict holds whichever they
// were.
func TestAFewErrorsAreBorne(t *testing.T) {
	right := drawn(seedOf(t, t.Name()), weights(t, "v1=90,v2=10"))
	result, err := splittest.Check(t.Context(), func(ctx context.Context) (string, error) {
		if split.ExchangeOf(ctx).Number%500 == 7 {
			return "", errors.New("reset\nby peer")
		}
		return right(ctx)
	}, splittest.Weights{"v1": 90, "v2": 10})
	require.NoError(t, err)
	assert.Equal(t, analysis.Verified, result.Verdict, "%s", result)
	assert.Equal(t, map[string]int64{"reset by peer": 4}, result.Tally.Errors)
}

// Errors with texts that never recur are counted in bounded memory.
func TestErrorsAreOfFewKinds(t *testing.T) {
	var asked atomic.Int64
	result, err := splittest.Check(t.Context(), func(context.Context) (string, error) {
		if n := asked.Add(1); n%2 == 0 {
			return "", fmt.Errorf("port %d reset", n)
		}
		return "v1", nil
	}, splittest.Weights{"v1": 1, "v2": 1}, splittest.Requests(1000))
	require.NoError(t, err)
	assert.Len(t, result.Tally.Errors, 21)
	assert.EqualValues(t, 480, result.Tally.Errors["other errors"])
}

// Where an ask says which connection it used, a balancer that chooses once for
// each connection is told from one that chooses for each request.
func TestConnectionsAreAskedAbout(t *testing.T) {
	sticky := func(told bool) *splittest.Result {
		result, err := splittest.Check(t.Context(), func(ctx context.Context) (string, error) {
			exchange := split.ExchangeOf(ctx)
			number := exchange.Number / 10 // ten requests on each
			if told {
				splittest.OnConnection(ctx, number)
			}
			return drawn(seedOf(t, t.Name()), weights(t, "v1=70,v2=30"))(
				split.WithExchange(ctx, &split.Exchange{Number: number}))
		}, splittest.Weights{"v1": 70, "v2": 30})
		require.NoError(t, err)
		return result
	}
	told := sticky(true)
	assert.Equal(t, analysis.Inconclusive, told.Verdict)
	assert.Contains(t, strings.Join(strings.Fields(told.String()), " "), "each of 390 connections met one version only")
	assert.EqualValues(t, 390, told.Tally.Connections.Count, "3,892 requests, ten on each")
	assert.Zero(t, sticky(false).Tally.Connections.Count)
}

// Tables of checks are planned as one suite.
func TestOneOfManyIsPlannedMoreStrictly(t *testing.T) {
	ask := drawn(seedOf(t, t.Name()), weights(t, "v1=90,v2=10"))
	result, err := splittest.Check(t.Context(), ask, splittest.Weights{"v1": 90, "v2": 10}, splittest.OneOf(100))
	require.NoError(t, err)
	assert.EqualValues(t, 2678, result.Plan.Requests, "as the example of analysis.Suite has it")
}

// Each option reaches the question that is asked.
func TestOptionsReachTheQuestion(t *testing.T) {
	ask := func(context.Context) (string, error) { return "v1", nil }
	result, err := splittest.Check(t.Context(), ask, splittest.Weights{"v1": 90, "v2": 10, "v3": 0},
		splittest.Margins(map[string]float64{"v1": .04, "v2": .02}), splittest.Alpha(.01), splittest.Power(.9), splittest.Leak(.03),
		splittest.MaxErrors(.2), splittest.Seed(7), splittest.Requests(100))
	require.NoError(t, err)
	q := result.Plan.Question
	assert.Equal(t, map[string]float64{"v1": .04, "v2": .02, "v3": 0}, q.Margins)
	assert.Equal(t, []float64{.01, .9, .03, .2}, []float64{q.Alpha, q.Power, q.Leak, q.MaxErrors})
	assert.EqualValues(t, 7, q.Seed)
	assert.EqualValues(t, 100, result.Plan.Requests)
}

// One error may have been v2's: 7,210 answers exclude a leak though it was, as the
// table of package analysis has it.
func TestASampleGoesOnForItsErrors(t *testing.T) {
	result, err := splittest.Check(t.Context(), func(ctx context.Context) (string, error) {
		if split.ExchangeOf(ctx).Number == 50 {
			return "", errors.New("cut")
		}
		return "v1", nil
	}, splittest.Weights{"v1": 100, "v2": 0})
	require.NoError(t, err)
	assert.Equal(t, analysis.Verified, result.Verdict, result.String())
	assert.EqualValues(t, 7210, result.Tally.Requests())
	assert.Empty(t, result.Ended)
}
