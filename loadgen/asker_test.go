package loadgen_test

import (
	"context"
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

// A lottery is asked without any HTTP: one ticket in ten wins.
type lottery struct {
	asked atomic.Int64
	lost  int64
}

func (l *lottery) Ask(ctx context.Context, number uint64) split.Answer {
	l.asked.Add(1)
	switch {
	case number%100 == 99:
		<-ctx.Done()
		return loadgen.Failure(ctx.Err())
	case number%100 == 98:
		return split.Answer{Outcome: split.Error, Status: 503, Kind: "closed"}
	case number%10 == 0:
		return split.Answer{Version: "won", Connection: number / 10}
	}
	<-time.After(time.Millisecond)
	return split.Answer{Version: "lost", Connection: number / 10}
}

func (l *lottery) Lost() int64 { return l.lost + l.asked.Load() }

func TestAnythingCanBeAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &lottery{lost: 5}
		result, err := loadgen.Ask(t.Context(), l, loadgen.Load{Requests: 1000, Reuse: 10, Timeout: time.Second}, loadgen.Options{})
		require.NoError(t, err)
		assert.Equal(t, map[string]int64{"won": 100, "lost": 880}, result.Tally.Versions)
		assert.Equal(t, map[string]int64{"timeout": 10, "closed": 10}, result.Tally.Errors)
		assert.EqualValues(t, 1000, result.Sent)
		assert.EqualValues(t, 1000, result.Lost, "those before the run are none of its own")
		assert.InDelta(t, time.Millisecond, result.Tally.Replies["lost"].Latencies.Quantile(0.5), float64(20*time.Microsecond))
		assert.EqualValues(t, 10, result.Tally.ErrorReplies.Latencies.Count(), "what nothing answered took no time")
		assert.EqualValues(t, 100, result.Tally.Connections.Count)
	})
}

// What nothing answers is given up, at first, and errors that were answered too.
// Later on they are not.
func TestAnAskerThatNothingAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, test := range []struct {
			status int
			from   uint64
			gaveUp string
		}{
			{0, 0, "none of the first 20 requests was answered (no dial tone: )"},
			{500, 0, "none of the 20 requests came to a complete answer: 20 × no dial tone"},
			{0, 1, "100 requests in a row were not answered (no dial tone: )"},
			{500, 1, ""},
		} {
			result, err := loadgen.Ask(t.Context(), asked(func(number uint64) split.Answer {
				if number < test.from {
					return split.Answer{Version: "v1"}
				}
				return split.Answer{Outcome: split.Error, Status: test.status, Kind: "no dial tone"}
			}), loadgen.Load{Requests: 200, Connections: 1}, loadgen.Options{})
			require.NoError(t, err)
			said := ""
			if result.GaveUp != nil {
				said = words.English(*result.GaveUp)
			}
			assert.Equal(t, test.gaveUp, said)
		}
	})
}

// asked is a function that is asked.
type asked func(number uint64) split.Answer

func (f asked) Ask(_ context.Context, number uint64) split.Answer { return f(number) }

// BenchmarkAsk shows what a run costs where being asked costs nothing.
func BenchmarkAsk(b *testing.B) {
	b.ReportAllocs()
	result, err := loadgen.Ask(b.Context(), asked(func(uint64) split.Answer { return split.Answer{Version: "v1"} }),
		loadgen.Load{Requests: int64(b.N)}, loadgen.Options{})
	require.NoError(b, err)
	require.EqualValues(b, b.N, result.Tally.Hits())
}
