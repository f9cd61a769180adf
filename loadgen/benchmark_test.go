package loadgen_test

import (
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/splitcheck/splitcheck/loadgen"
	"github.com/splitcheck/splitcheck/split"
)

// inProcess answers version-test's page without any socket, one in ten as v2.
type inProcess struct{}

func (inProcess) RoundTrip(request *http.Request) (*http.Response, error) {
	e := split.ExchangeOf(request.Context())
	page := "<html><body>This is version v1</body></html>"
	if rand.Uint64N(10) == 0 {
		page = "<html><body>This is version v2</body></html>"
	}
	if e != nil {
		e.Connection = e.Number / 10
	}
	return &http.Response{
		StatusCode: 200, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"text/html"}},
		Body:   io.NopCloser(strings.NewReader(page)), ContentLength: int64(len(page)), Request: request,
	}, nil
}

func benchmarkPlan(b testing.TB, requests int) loadgen.Plan {
	return loadgen.Plan{Request: loadgen.Request{URL: "http://version-test/version.html", Identify: rules(b, `body:(v[12])`)}, Load: loadgen.Load{Requests: int64(requests), Reuse: 10}}
}

func benchmarkVegeta(b *testing.B, client *http.Client, url string) {
	b.ReportAllocs()
	attacker := vegeta.NewAttacker(vegeta.Client(client), vegeta.Workers(loadgen.DefaultConnections), vegeta.MaxWorkers(loadgen.DefaultConnections))
	pacer := exactly(b.N)
	for range attacker.Attack(vegeta.NewStaticTargeter(vegeta.Target{Method: "GET", URL: url}), pacer, 0, "") {
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "req/s")
}

// exactly is a pacer of so many hits as fast as they go.
type exactly uint64

func (e exactly) Pace(_ time.Duration, hits uint64) (time.Duration, bool) {
	return 0, hits >= uint64(e)
}
func (e exactly) Rate(time.Duration) float64 { return 0 }

func benchmarkGenerator(b *testing.B, transport http.RoundTripper, url string) {
	b.ReportAllocs()
	plan := benchmarkPlan(b, b.N)
	plan.URL = url
	result, err := loadgen.Generate(context.Background(), plan, loadgen.HTTP{RoundTripper: transport}, loadgen.Options{})
	require.NoError(b, err)
	require.EqualValues(b, b.N, result.Tally.Hits())
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "req/s")
}

// BenchmarkInProcess shows what identifying and counting cost where nothing
// else does.
func BenchmarkInProcess(b *testing.B) {
	b.Run("splitcheck", func(b *testing.B) { benchmarkGenerator(b, inProcess{}, "http://version-test/version.html") })
	b.Run("vegeta", func(b *testing.B) {
		benchmarkVegeta(b, &http.Client{Transport: inProcess{}}, "http://version-test/version.html")
	})
}

// BenchmarkLoopback compares with plain vegeta on the same server in the same
// run. The connections are kept open on both sides.
func BenchmarkLoopback(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "<html><body>This is version v1</body></html>")
	}))
	defer server.Close()
	b.Run("splitcheck", func(b *testing.B) {
		network := loadgen.NewNetwork(loadgen.DefaultConnections, 0, 0)
		defer network.Close()
		benchmarkGenerator(b, network, server.URL)
	})
	b.Run("vegeta", func(b *testing.B) {
		transport := &http.Transport{MaxIdleConnsPerHost: loadgen.DefaultConnections}
		defer transport.CloseIdleConnections()
		benchmarkVegeta(b, &http.Client{Transport: transport}, server.URL)
	})
}

// BenchmarkMemory shows the peak of the heap, with the garbage that waits for
// the collector and without it. It does not grow with the number of requests.
func BenchmarkMemory(b *testing.B) {
	for _, size := range []struct {
		name     string
		requests int
	}{{"1e4", 1e4}, {"1e6", 1e6}} {
		b.Run(size.name, func(b *testing.B) {
			for b.Loop() {
				b.ReportMetric(peakHeap(b, size.requests)/(1<<20), "peak-MiB")
				b.ReportMetric(liveHeap(b, size.requests)/(1<<20), "live-MiB")
			}
		})
	}
}

// peakHeap returns the greatest heap, garbage included, in bytes beyond what was
// there before, that was seen during a run of so many requests. It looks at
// every thousandth request.
func peakHeap(tb testing.TB, requests int) float64 {
	before := heap()
	var (
		peak atomic.Uint64
		sent atomic.Int64
	)
	runHeap(tb, requests, transportFunc(func(request *http.Request) (*http.Response, error) {
		if sent.Add(1)%1000 == 0 {
			var now runtime.MemStats
			runtime.ReadMemStats(&now)
			peak.Store(max(peak.Load(), now.HeapAlloc))
		}
		return inProcess{}.RoundTrip(request)
	}), nil)
	return float64(peak.Load()) - before
}

// liveHeap returns the greatest heap without garbage, in bytes beyond what was
// there before.
func liveHeap(tb testing.TB, requests int) float64 {
	before, peak := heap(), 0.0
	runHeap(tb, requests, inProcess{}, func(loadgen.Progress) { peak = max(peak, heap()) })
	return peak - before
}

func runHeap(tb testing.TB, requests int, transport http.RoundTripper, progress func(loadgen.Progress)) {
	result, err := loadgen.Generate(tb.Context(), benchmarkPlan(tb, requests), loadgen.HTTP{RoundTripper: transport}, loadgen.Options{Progress: progress})
	require.NoError(tb, err)
	require.EqualValues(tb, requests, result.Tally.Hits())
}

func heap() float64 {
	runtime.GC()
	var now runtime.MemStats
	runtime.ReadMemStats(&now)
	return float64(now.HeapAlloc)
}
