package loadgen_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/loadgen"
	"github.com/splitcheck/splitcheck/reports/words"
	"github.com/splitcheck/splitcheck/split"
)

// page answers with a text after a delay that the request's context can cut.
func page(request *http.Request, delay time.Duration, text string) (*http.Response, error) {
	// No timer without a delay: under the race detector, go1.26's runtime
	// crashes in a bubble whose first timer is due at once.
	if delay > 0 {
		select {
		case <-request.Context().Done():
			return nil, request.Context().Err()
		case <-time.After(delay):
		}
	}
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(text)), Request: request}, nil
}

func generate(t *testing.T, transport http.RoundTripper, plan loadgen.Plan) *loadgen.Result {
	t.Helper()
	return generateUntil(t, transport, plan, nil)
}

// generateUntil ends the run where stop says so.
func generateUntil(t *testing.T, transport http.RoundTripper, plan loadgen.Plan, stop func(*split.Tally, split.Answer) bool) *loadgen.Result {
	t.Helper()
	if plan.URL == "" {
		plan.URL = "http://app/"
	}
	if plan.Identify == nil {
		plan.Identify = rules(t, `body:v\d`)
	}
	result, err := loadgen.Generate(t.Context(), plan, loadgen.HTTP{RoundTripper: transport}, loadgen.Options{Stop: stop})
	require.NoError(t, err)
	return result
}

func TestExactNumberAtEveryRate(t *testing.T) {
	for _, test := range []struct {
		requests int64
		rate     float64
		want     time.Duration
	}{
		// The last of n requests at a rate r is due (n-1)/r after the first,
		// and is answered 5 ms later.
		{60_000, 100, 599*time.Second + 990*time.Millisecond + 5*time.Millisecond},
		{1, 1, 5 * time.Millisecond},
		{7, 0.5, 12*time.Second + 5*time.Millisecond},
		{1000, 1000, 999*time.Millisecond + 5*time.Millisecond},
		// Ten in flight at 5 ms are 2,000 per second at most, whatever is
		// asked for.
		{1000, 1e6, 500 * time.Millisecond},
		{1000, 0, 500 * time.Millisecond},
	} {
		t.Run(fmt.Sprintf("%d at %g", test.requests, test.rate), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var sent atomic.Int64
				result := generate(t, transportFunc(func(r *http.Request) (*http.Response, error) {
					sent.Add(1)
					return page(r, 5*time.Millisecond, "v1")
				}), loadgen.Plan{Load: loadgen.Load{Requests: test.requests, Rate: test.rate}})
				assert.Equal(t, test.requests, sent.Load())
				assert.Equal(t, test.requests, result.Sent)
				assert.Equal(t, map[string]int64{"v1": test.requests}, result.Tally.Versions)
				assert.InDelta(t, test.want.Seconds(), result.Duration.Seconds(), 0.0011)
				assert.InDelta(t, 5, result.Tally.Latencies().Quantile(0.5).Seconds()*1000, 0.04)
				assert.Equal(t, map[string]time.Duration{"v1": 5 * time.Millisecond}, result.First)
				assert.Zero(t, result.Cut)
				assert.Nil(t, result.GaveUp)
				assert.False(t, result.Interrupted)
			})
		})
	}
}

// A canary that is slow is answered late: counted in order of arrival, the
// sequence would look as if the split were not random.
func TestDispatchOrderIsRestored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		result := generate(t, transportFunc(func(r *http.Request) (*http.Response, error) {
			e := split.ExchangeOf(r.Context())
			if e.Connection = e.Number / 10; e.Number%10 == 3 {
				return page(r, 90*time.Millisecond, "v2")
			}
			return page(r, time.Millisecond, "v1")
		}), loadgen.Plan{Load: loadgen.Load{Requests: 1000, Rate: 500, Connections: 50, Reuse: 10}})
		assert.Equal(t, map[string]int64{"v1": 900, "v2": 100}, result.Tally.Versions)
		// In dispatch order every v2 stands alone between two v1.
		assert.Equal(t, map[string]map[string]int64{
			"v1": {"v1": 799, "v2": 100},
			"v2": {"v1": 100},
		}, result.Tally.Sequence.Transitions)
		assert.EqualValues(t, 1, result.Tally.Sequence.Segments)
		assert.EqualValues(t, 100, result.Tally.Connections.Count)
		assert.Equal(t, map[int]int64{10: 100}, result.Tally.Connections.Sizes)
		assert.Equal(t, map[int]map[int]int64{10: {1: 100}}, result.Tally.Connections.Hits["v2"])
		assert.Equal(t, 10, result.Tally.Connections.Reuse)
	})
}

func TestInterruptEndsAtOnceWithThePartialTally(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		time.AfterFunc(10*time.Second+time.Millisecond, cancel)
		began := time.Now()
		transport := transportFunc(func(r *http.Request) (*http.Response, error) {
			return page(r, 300*time.Millisecond, "v1")
		})
		result, err := loadgen.Generate(ctx, loadgen.Plan{Request: loadgen.Request{URL: "http://app/", Identify: rules(t, `body:v\d`)}, Load: loadgen.Load{Requests: 1000, Rate: 10}}, loadgen.HTTP{RoundTripper: transport}, loadgen.Options{})
		require.NoError(t, err)
		assert.Equal(t, 10*time.Second+time.Millisecond, time.Since(began))
		assert.True(t, result.Interrupted)
		// Sent at 0, 0.1, …, 10.0 s; those of 9.8, 9.9 and 10.0 s have 300 ms
		// to go at least.
		assert.EqualValues(t, 101, result.Sent)
		assert.EqualValues(t, 3, result.Cut)
		assert.EqualValues(t, 98, result.Tally.Hits())
		assert.Zero(t, result.Tally.Failed(), "what we cut is no error of the target")
	})
}

func TestInterruptDuringLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		transport := transportFunc(func(r *http.Request) (*http.Response, error) {
			return page(r, time.Hour, "")
		})
		result, err := loadgen.Generate(ctx, loadgen.Plan{Request: loadgen.Request{URL: "http://app/", Login: &loadgen.Login{}}, Load: loadgen.Load{Requests: 10}}, loadgen.HTTP{RoundTripper: transport}, loadgen.Options{})
		require.NoError(t, err)
		assert.True(t, result.Interrupted)
		assert.Zero(t, result.Tally.Requests())
	})
}

// A transport that does not heed its context cannot hold up the end of a run.
func TestInterruptDoesNotWaitForADeafTransport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		began := time.Now()
		transport := transportFunc(func(*http.Request) (*http.Response, error) {
			time.Sleep(time.Hour)
			return nil, errors.New("too late")
		})
		result, err := loadgen.Generate(ctx, loadgen.Plan{Request: loadgen.Request{URL: "http://app/"}, Load: loadgen.Load{Requests: 100}}, loadgen.HTTP{RoundTripper: transport}, loadgen.Options{})
		require.NoError(t, err)
		assert.Equal(t, 2*time.Second, time.Since(began))
		assert.True(t, result.Interrupted)
		assert.EqualValues(t, 10, result.Cut)
		assert.Zero(t, result.Tally.Requests())
		time.Sleep(2 * time.Hour) // the bubble ends with the last goroutine
	})
}

func TestRunIsGivenUpWhenNothingAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		result := generate(t, transportFunc(func(r *http.Request) (*http.Response, error) {
			return page(r, time.Hour, "v1")
		}), loadgen.Plan{Load: loadgen.Load{Requests: 5000, Timeout: 10 * time.Second}})
		require.NotNil(t, result.GaveUp)
		assert.Contains(t, words.English(*result.GaveUp), "none of the first 20 requests was answered (timeout: ")
		assert.False(t, result.Interrupted)
		assert.Equal(t, 20*time.Second, time.Since(began))
		assert.GreaterOrEqual(t, result.Tally.Errors["timeout"], int64(20))
	})
}

func TestRunIsGivenUpWhenTheTargetDies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		result := generate(t, transportFunc(func(r *http.Request) (*http.Response, error) {
			if split.ExchangeOf(r.Context()).Number < 500 {
				return page(r, time.Millisecond, "v1")
			}
			return nil, io.EOF
		}), loadgen.Plan{Load: loadgen.Load{Requests: 5000, Connections: 1}})
		require.NotNil(t, result.GaveUp)
		assert.Contains(t, words.English(*result.GaveUp), "100 requests in a row were not answered (connection closed without an answer: EOF)")
		assert.EqualValues(t, 500, result.Tally.Hits())
		assert.EqualValues(t, 100, result.Tally.Failed())
	})
}

// While one request hangs, the others may run ahead of it only so far.
func TestWhatWaitsForItsOrderIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sent, ahead atomic.Int64
		result := generate(t, transportFunc(func(r *http.Request) (*http.Response, error) {
			sent.Add(1)
			if split.ExchangeOf(r.Context()).Number == 0 {
				time.Sleep(9 * time.Second)
				ahead.Store(sent.Load())
			}
			return page(r, 0, "v1")
		}), loadgen.Plan{Load: loadgen.Load{Requests: 100_000}})
		assert.EqualValues(t, 100_000, result.Tally.Hits())
		assert.EqualValues(t, 1<<16, ahead.Load())
	})
}

func TestVersionsAreBounded(t *testing.T) {
	result := generate(t, transportFunc(func(r *http.Request) (*http.Response, error) {
		return page(r, 0, fmt.Sprintf("v%d", split.ExchangeOf(r.Context()).Number))
	}), loadgen.Plan{Request: loadgen.Request{Identify: rules(t, `body:v\d+`)}, Load: loadgen.Load{Requests: 1000}})
	assert.Len(t, result.Tally.Versions, split.MaxVersions)
	assert.Equal(t, map[string]int64{"more than 100 different versions": 900}, result.Tally.Unidentified)
}

func TestProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen []loadgen.Progress
		transport := transportFunc(func(r *http.Request) (*http.Response, error) { return page(r, 0, "v1") })
		_, err := loadgen.Generate(t.Context(), loadgen.Plan{Request: loadgen.Request{URL: "http://app/", Identify: rules(t, `body:v\d`)}, Load: loadgen.Load{Requests: 95, Rate: 100}}, loadgen.HTTP{RoundTripper: transport}, loadgen.Options{
			Progress: func(p loadgen.Progress) { seen = append(seen, p) },
		})
		require.NoError(t, err)
		require.Len(t, seen, 10)
		for i, p := range seen[:9] {
			assert.InDelta(t, 10*(i+1), p.Done, 1.5)
			assert.Equal(t, time.Duration(i+1)*100*time.Millisecond, p.Elapsed)
		}
		assert.Equal(t, loadgen.Progress{Requests: 95, Done: 95, Elapsed: 940 * time.Millisecond}, seen[9])
	})
}

func TestMemoryDoesNotGrowWithRequests(t *testing.T) {
	few, many := liveHeap(t, 1e4), liveHeap(t, 1e5)
	assert.Less(t, many, few+2<<20, "bytes alive during 100,000 requests, against 10,000")
}
