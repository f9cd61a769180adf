package reports_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/reports"
	"github.com/splitcheck/splitcheck/reports/reportstest"
	"github.com/splitcheck/splitcheck/split"
)

// sampled counts n answers, of which one in a hundred is an error and, from the
// middle on, one in fifty unidentified.
func sampled(n int) (list []split.Answer, tally *split.Tally) {
	random := rand.New(rand.NewPCG(200, uint64(n)))
	tally = &split.Tally{}
	for i := range n {
		a := split.Answer{Number: uint64(i), Version: "v1", Status: 200, Latency: time.Duration(1+random.IntN(100)) * time.Millisecond}
		switch u := random.IntN(100); {
		case u == 0:
			a.Outcome, a.Version, a.Kind, a.Status = split.Error, "", "status 503", 503
		case u < 3 && i > n/2:
			a.Outcome, a.Version, a.Kind, a.Status = split.Unidentified, "", "404 without a marker", 404
		case u < 13:
			a.Version, a.Latency = "v2", a.Latency+time.Second
			if u < 5 {
				a.Status = 500
			}
		}
		list = append(list, a)
		tally.Add(a)
	}
	return list, tally
}

func checkOf(t *split.Tally) reports.Check {
	j := &analysis.Judgement{Verdict: analysis.Verified, Requests: t.Requests(), Errors: t.Failed(), Unidentified: t.Unknown(), Versions: []analysis.VersionResult{
		{Version: "v1", Weight: 90, Count: t.Versions["v1"], Expected: true},
		{Version: "v2", Weight: 10, Count: t.Versions["v2"], Expected: true},
	}}
	return reports.FromJudgement("everyone", j, reports.Measurement{Tally: t, Latency: reports.LatencyOf(t.Latencies())})
}

// Every point is compared with counting from the first answer on.
func TestCourseIsThatOfCounting(t *testing.T) {
	for _, n := range []int{1, 2, 198, 199, 200, 1000, 1920, 300_000} {
		list, tally := sampled(n)
		c := checkOf(tally)
		require.NotNil(t, c.Course, n)
		assert.LessOrEqual(t, len(c.Course.Requests), 200)
		assert.EqualValues(t, n, c.Course.Requests[len(c.Course.Requests)-1])
		for i, upTo := range c.Course.Requests {
			counts := map[string]int64{}
			for _, a := range list[:upTo] {
				counts[a.Version+a.Kind]++
			}
			for _, v := range c.Course.Versions {
				require.Equal(t, counts[v.Version], v.Counts[i], "%d: %s at %d", n, v.Version, upTo)
			}
			if c.Errors > 0 {
				require.Equal(t, counts["status 503"], c.Course.Errors[i])
			}
			if c.Unidentified > 0 {
				require.Equal(t, counts["404 without a marker"], c.Course.Unidentified[i])
			}
		}
	}
}

// What was in flight when a run was ended is counted after all others.
func TestCourseEndsAtTheTotals(t *testing.T) {
	_, tally := sampled(1024)
	tally.Unidentified["still in flight when the run ended"] += 7
	c := checkOf(tally)
	last := len(c.Course.Requests) - 1
	assert.EqualValues(t, 1031, c.Course.Requests[last])
	assert.Equal(t, c.Unidentified, c.Course.Unidentified[last])
	assert.Equal(t, c.Errors, c.Course.Errors[last])
	for i, v := range c.Course.Versions {
		assert.Equal(t, c.Versions[i].Count, v.Counts[last])
	}

	_, other := sampled(1024)
	tally.Merge(other)
	assert.Nil(t, checkOf(tally).Course, "nobody knows which of two workers' answers came first")
	assert.Nil(t, checkOf(&split.Tally{Versions: map[string]int64{"v1": 9}}).Course, "counts have no order")
}

func TestStatusesAndLatencyByVersion(t *testing.T) {
	list, tally := sampled(10_000)
	c := checkOf(tally)
	statuses := map[string]map[int]int64{}
	for _, a := range list {
		if statuses[a.Version+a.Kind] == nil {
			statuses[a.Version+a.Kind] = map[int]int64{}
		}
		statuses[a.Version+a.Kind][a.Status]++
	}
	assert.Equal(t, statuses["v1"], c.Versions[0].Statuses)
	assert.Equal(t, statuses["v2"], c.Versions[1].Statuses)
	assert.Len(t, c.Versions[1].Statuses, 2)
	assert.Equal(t, statuses["status 503"], c.ErrorStatuses)
	assert.Equal(t, statuses["404 without a marker"], c.UnidentifiedStatuses)
	// Uniform between 1 and 100 ms, and a second later.
	assert.InDelta(t, 50, c.Versions[0].Latency.P50.Or(0), 2)
	assert.InDelta(t, 1050, c.Versions[1].Latency.P50.Or(0), 20)
	assert.InDelta(t, 1099, c.Versions[1].Latency.P99.Or(0), 10)
	assert.InDelta(t, 1050, c.Latency.P95.Or(0), 20)

	bare := checkOf(&split.Tally{Versions: map[string]int64{"v1": 9}})
	assert.Nil(t, bare.Latency)
	assert.Nil(t, bare.Versions[0].Latency)
	assert.Empty(t, bare.Versions[0].Statuses)
}

func TestFirstAnswers(t *testing.T) {
	timeline := &reports.Timeline{}
	timeline.Answered(2*time.Second, map[string]time.Duration{"v2": time.Second, "v1": time.Millisecond})
	timeline.Answered(9*time.Second, map[string]time.Duration{"v1": 0, "v3": 0})
	assert.Equal(t, []reports.FirstAnswer{
		{Version: "v1", Seconds: reports.Num(2.001)}, {Version: "v2", Seconds: reports.Num(3)}, {Version: "v3", Seconds: reports.Num(9)},
	}, timeline.FirstAnswers)
}

// A saved report reads again as it is, and its lists of numbers stand on a line
// each.
func TestCourseRoundTrip(t *testing.T) {
	_, tally := sampled(1920)
	r := reportstest.OneCheck(checkOf(tally))
	written := asJSON(t, r)
	assert.Contains(t, written, `"requests": [16, 32, 48, `)
	read, err := reports.Read(strings.NewReader(written))
	require.NoError(t, err)
	assert.Equal(t, r, read)
}
