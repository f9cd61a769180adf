package loadgen_test

import (
	"context"
	"math"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/loadgen"
	"github.com/splitcheck/splitcheck/split"
)

// A canary draws v2 for a tenth of the requests, by their number, so that which
// version answers does not hang on who is faster; v2 is a hundred times slower.
type canary struct {
	seed uint64
	slow time.Duration

	mu        sync.Mutex
	completed []string // versions, in order of completion
}

func (c *canary) version(number uint64) string {
	if rand.New(rand.NewPCG(c.seed, number)).Float64() < 0.1 {
		return "v2"
	}
	return "v1"
}

func (c *canary) RoundTrip(request *http.Request) (*http.Response, error) {
	exchange := split.ExchangeOf(request.Context())
	exchange.Connection = exchange.Number + 1
	version, delay := c.version(exchange.Number), 5*time.Millisecond
	if version == "v2" {
		delay = c.slow
	}
	response, err := page(request, delay, version)
	if err == nil {
		c.mu.Lock()
		c.completed = append(c.completed, version)
		c.mu.Unlock()
	}
	return response, err
}

func sequentialPlan(t *testing.T, alpha float64) *analysis.Plan {
	t.Helper()
	weights, err := split.ParseWeights("v1=90,v2=10")
	require.NoError(t, err)
	plan, err := analysis.NewPlan(analysis.Question{Weights: weights, Alpha: alpha, MaxErrors: -1, Method: analysis.Sequentially})
	require.NoError(t, err)
	return plan
}

// A correct 90/10 whose canary takes 500 ms against 5 ms, at 50 connections: read
// in order of completion it is called violated every time, in dispatch order no
// more often than it may.
func TestASlowCanaryIsNotAWrongSplit(t *testing.T) {
	const runs, alpha = 150, 0.05
	plan := sequentialPlan(t, alpha)
	verdicts, misread := map[analysis.Verdict]int{}, 0
	for seed := range uint64(runs) {
		synctest.Test(t, func(t *testing.T) {
			transport := &canary{seed: seed, slow: 500 * time.Millisecond}
			s := analysis.NewSequential(plan)
			result := generateUntil(t, transport, loadgen.Plan{
				Request: loadgen.Request{Identify: rules(t, "body:(v[12])")},
				Load:    loadgen.Load{Requests: plan.Requests, Connections: 50, Reuse: 1},
			}, s.Stop)
			verdicts[s.Judge(result.Tally).Verdict]++
			assert.Equal(t, result.Sent, result.Tally.Requests()+result.Cut)
			assert.Equal(t, result.Decided, result.Tally.Requests() < plan.Requests || s.Decided())
			counted := result.Tally.Requests()
			assert.Equal(t, transport.first(counted), result.Tally.Versions, "the first so many requests, whoever was faster")
			assert.Less(t, result.Duration, time.Duration(counted)*20*time.Millisecond, "it ends when it is decided")

			hasty := analysis.NewSequential(plan)
			for _, version := range transport.completed {
				hasty.Add(split.Answer{Version: version})
			}
			if hasty.Judge(&split.Tally{Versions: transport.first(counted)}).Verdict == analysis.Violated {
				misread++
			}
		})
	}
	assert.LessOrEqual(t, float64(verdicts[analysis.Violated]), runs*alpha+3*math.Sqrt(runs*alpha), "%v", verdicts)
	assert.Greater(t, verdicts[analysis.Verified], runs*9/10)
	assert.Equal(t, runs, misread, "in order of completion")
}

// first counts the versions of the first n requests.
func (c *canary) first(n int64) map[string]int64 {
	counts := map[string]int64{}
	for number := range uint64(n) {
		counts[c.version(number)]++
	}
	return counts
}

func TestARunEndsWithTheAnswerThatDecidesIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// Request 7 hangs: what was answered after it decides nothing.
		seen := 0
		stop := func(tally *split.Tally, last split.Answer) bool {
			assert.EqualValues(t, seen, last.Number, "in dispatch order")
			seen++
			assert.EqualValues(t, seen, tally.Requests(), "the last one included")
			return last.Number == 20
		}
		result := generateUntil(t, transportFunc(func(r *http.Request) (*http.Response, error) {
			delay := 5 * time.Millisecond
			if split.ExchangeOf(r.Context()).Number == 7 {
				delay = time.Minute
			}
			return page(r, delay, "v1")
		}), loadgen.Plan{Load: loadgen.Load{Requests: 1000, Connections: 10, Rate: 1000, Timeout: time.Second}}, stop)
		assert.True(t, result.Decided)
		assert.False(t, result.Interrupted)
		assert.Nil(t, result.GaveUp)
		assert.EqualValues(t, 21, result.Tally.Requests())
		assert.EqualValues(t, 1, result.Tally.Failed(), "its deadline is what ends the waiting")
		assert.EqualValues(t, result.Sent-21, result.Cut)
		assert.InDelta(t, 1007, result.Duration.Milliseconds(), 10)
	})
}

func TestAnInterruptedRunThatMayStopIsItsFirstRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		transport := transportFunc(func(r *http.Request) (*http.Response, error) {
			delay := 5 * time.Millisecond
			if split.ExchangeOf(r.Context()).Number == 7 {
				delay = time.Minute
			}
			return page(r, delay, "v1")
		})
		result, err := loadgen.Generate(ctx, loadgen.Plan{
			Request: loadgen.Request{URL: "http://app/", Identify: rules(t, `body:v\d`)},
			Load:    loadgen.Load{Requests: 1000, Connections: 10, Rate: 100},
		}, loadgen.HTTP{RoundTripper: transport}, loadgen.Options{Stop: func(*split.Tally, split.Answer) bool { return false }})
		require.NoError(t, err)
		assert.True(t, result.Interrupted)
		assert.EqualValues(t, 7, result.Tally.Requests(), "what was answered after the one in flight is left out")
		assert.EqualValues(t, result.Sent-7, result.Cut)
	})
}

// At a look nothing is in flight, so whatever was sent is counted, and in which
// order it was answered does not matter.
func TestARunWaitsAtItsLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var flying atomic.Int64
		var looked []int64
		result, err := loadgen.Generate(t.Context(), loadgen.Plan{
			Request: loadgen.Request{URL: "http://looks/", Identify: rules(t, "body:v[12]")},
			Load:    loadgen.Load{Requests: 1000, Connections: 10},
		}, loadgen.HTTP{RoundTripper: transportFunc(func(r *http.Request) (*http.Response, error) {
			flying.Add(1)
			defer flying.Add(-1)
			return page(r, time.Duration(1+split.ExchangeOf(r.Context()).Number%7)*time.Millisecond, "v1")
		})}, loadgen.Options{Looks: []int64{100, 250, 1000}, Stop: func(tally *split.Tally, _ split.Answer) bool {
			looked = append(looked, tally.Requests())
			return tally.Requests() == 250
		}})
		require.NoError(t, err)
		assert.Equal(t, []int64{100, 250}, looked)
		assert.True(t, result.Decided)
		assert.EqualValues(t, 250, result.Tally.Requests())
		assert.EqualValues(t, 250, result.Sent)
		assert.Zero(t, result.Cut)
	})
}
