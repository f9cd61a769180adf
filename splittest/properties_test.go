package splittest_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/split"
	"github.com/splitcheck/splitcheck/splittest"
)

// The promises, at error rates that are large enough to be seen in eight hundred
// samples: a wrong verdict on a correct split and on one that is off by its margin
// in at most a twentieth of them, a right one in at least nine tenths. A count is
// allowed five standard deviations more.
func TestPromisesAreKept(t *testing.T) {
	const runs = 800
	for _, method := range [][]splittest.Option{nil, {splittest.Sequentially()}} {
		for truth, want := range map[string]struct {
			right, wrong analysis.Verdict
		}{
			"v1=70,v2=30": {analysis.Verified, analysis.Violated},
			"v1=55,v2=45": {analysis.Violated, analysis.Verified},
			"v1=85,v2=15": {analysis.Violated, analysis.Verified},
		} {
			options := append(method, splittest.Margin(0.15), splittest.Alpha(0.05), splittest.Power(0.9), splittest.Workers(3))
			shares, seed := weights(t, truth), seedOf(t, t.Name()+truth)
			seen := map[analysis.Verdict]int{}
			for run := range uint64(runs) {
				result, err := splittest.Check(t.Context(), drawn(seed+run, shares), splittest.Weights{"v1": 70, "v2": 30}, options...)
				require.NoError(t, err)
				seen[result.Verdict]++
			}
			assert.LessOrEqual(t, seen[want.wrong], 40+5*6, "%s is %s: %v", truth, want.wrong, seen)
			assert.GreaterOrEqual(t, seen[want.right], 720-5*8, "%s is %s: %v", truth, want.right, seen)
		}
	}
}

// Fifty workers count what one counts, in the same order, where the answers of
// one version take a hundred times as long: a sample that ends when it is decided
// ends at the same request.
func TestSlowVersionsDoNotBias(t *testing.T) {
	for _, options := range [][]splittest.Option{nil, {splittest.Sequentially()}} {
		for _, truth := range []string{"v1=70,v2=30", "v1=64,v2=36"} {
			draw := drawn(seedOf(t, t.Name()+truth), weights(t, truth))
			slow := func(ctx context.Context) (string, error) {
				version, err := draw(ctx)
				wait := time.Millisecond
				if version == "v2" {
					wait *= 100
				}
				select {
				case <-time.After(wait):
					return version, err
				case <-ctx.Done():
					return "", ctx.Err()
				}
			}
			var results []*splittest.Result
			for _, workers := range []int{1, 50} {
				synctest.Test(t, func(t *testing.T) {
					result, err := splittest.Check(t.Context(), slow, splittest.Weights{"v1": 70, "v2": 30},
						append(options, splittest.Workers(workers))...)
					require.NoError(t, err)
					results = append(results, result)
				})
			}
			one, fifty := results[0], results[1]
			assert.Equal(t, one.Tally, fifty.Tally)
			assert.Equal(t, one.Verdict, fifty.Verdict)
			assert.Less(t, fifty.Duration, one.Duration/10)
		}
	}
}

// A sample that its deadline cuts short is of nobody's choosing: what is still in
// flight may have been any version's, so that a slow version is not taken for a
// rare one.
func TestASlowVersionThatIsCutShort(t *testing.T) {
	seed := seedOf(t, t.Name())
	for run := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
			defer cancel()
			draw := drawn(seed+run, weights(t, "v1=50,v2=50"))
			result, err := splittest.Check(ctx, func(ctx context.Context) (string, error) {
				version, err := draw(ctx)
				if version == "v2" {
					select {
					case <-time.After(time.Second):
					case <-ctx.Done():
						return "", ctx.Err()
					}
				}
				<-time.After(time.Millisecond)
				return version, err
			}, splittest.Weights{"v1": 50, "v2": 50}, splittest.Workers(50))
			require.NoError(t, err)
			assert.Zero(t, result.Tally.Versions["v2"])
			assert.EqualValues(t, 50, result.Tally.Unknown())
			assert.Equal(t, analysis.Inconclusive, result.Verdict, "%s", result)
			assert.Contains(t, result.Ended, "the deadline came first")
		})
	}
}

// A test that would be killed says beforehand what was counted, even where ask
// does not heed its context. It is not green, however well the counts fit.
func TestAnAskThatNeverReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		watched := &limited{recorder{ctx: t.Context()}, time.Now().Add(10 * time.Minute)}
		draw := drawn(seedOf(t, t.Name()), weights(t, "v1=50,v2=50"))
		began, release := time.Now(), make(chan struct{})
		assert.False(t, splittest.Verify(watched, func(ctx context.Context) (string, error) {
			if split.ExchangeOf(ctx).Number == 4400 {
				<-release
			}
			return draw(ctx)
		}, splittest.Weights{"v1": 50, "v2": 50}))
		assert.Equal(t, 9*time.Minute+31*time.Second, time.Since(began), "a twentieth before, and a second to let go")
		assert.Contains(t, watched.failed, "inconclusive")
		assert.Contains(t, watched.failed, "1 × calls that had not returned at the end")
		close(release)
	})
}

// No call outlives its timeout, and none is made after the sample has ended.
func TestCallsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		result, err := splittest.Check(t.Context(), func(ctx context.Context) (string, error) {
			<-ctx.Done()
			return "", ctx.Err()
		}, splittest.Weights{"v1": 1, "v2": 1}, splittest.Timeout(3*time.Second), splittest.Workers(10))
		require.NoError(t, err)
		assert.Equal(t, 6*time.Second, time.Since(began), "twenty calls by ten workers")
		assert.EqualValues(t, 20, result.Tally.Errors["no answer within 3s"])
		assert.Equal(t, analysis.NotMeasured, result.Verdict)
	})
}

func TestRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		_, err := splittest.Check(t.Context(), drawn(seedOf(t, t.Name()), weights(t, "v1=50,v2=50")),
			splittest.Weights{"v1": 1, "v2": 1}, splittest.Requests(101), splittest.Rate(10))
		require.NoError(t, err)
		assert.Equal(t, 10*time.Second, time.Since(began))
	})
}

// While one call hangs, only so many others are made ahead of it: what waits to be
// put in order takes bounded memory.
func TestWaitingIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		draw := drawn(seedOf(t, t.Name()), weights(t, "v1=50,v2=50"))
		var made, ahead atomic.Int64
		result, err := splittest.Check(t.Context(), func(ctx context.Context) (string, error) {
			made.Add(1)
			if split.ExchangeOf(ctx).Number == 0 {
				<-time.After(time.Second)
				ahead.Store(made.Load())
			}
			return draw(ctx)
		}, splittest.Weights{"v1": 1, "v2": 1}, splittest.Requests(100_000), splittest.Workers(2))
		require.NoError(t, err)
		assert.EqualValues(t, 1<<16, ahead.Load())
		assert.EqualValues(t, 100_000, result.Tally.Requests())
		assert.Equal(t, analysis.Verified, result.Verdict, "%s", result)
	})
}
