package apps

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestHeadersPassedOn(t *testing.T) {
	// istio samples/bookinfo/src: getForwardHeaders of productpage.py and
	// headers_to_propagate of LibertyRestEndpoint.java.
	names := []string{
		"x-request-id", "x-ot-span-context", "x-datadog-trace-id", "x-datadog-parent-id", "x-datadog-sampling-priority",
		"traceparent", "tracestate", "x-cloud-trace-context", "grpc-trace-bin",
		"x-b3-traceid", "x-b3-spanid", "x-b3-parentspanid", "x-b3-sampled", "x-b3-flags", "sw8",
		"user-agent", "cookie", "authorization", "jwt",
	}
	headers := []string{"end-user", "mallory", "x-other", "stays", "accept-encoding", "gzip"}
	for _, name := range names {
		headers = append(headers, name, "value of "+name)
	}

	town, page := bookinfo(t, "v3")
	get(page, "/productpage", headers...)
	for _, host := range []string{"details:9080", "reviews:9080", "ratings:9080"} {
		calls := town.called(host)
		require.Len(t, calls, 1, host)
		for _, name := range names {
			assert.Equal(t, "value of "+name, calls[0].Header.Get(name), "%s to %s", name, host)
		}
		assert.Empty(t, calls[0].Header.Get("end-user"), "productpage believes its session only")
		assert.Empty(t, calls[0].Header.Get("x-other"))
		assert.True(t, calls[0].Close, "each call asks for a connection of its own")
	}

	get(town.hosts["reviews:9080"], "/reviews/0", "end-user", "testuser")
	calls := town.called("ratings:9080")
	assert.Equal(t, "testuser", calls[1].Header.Get("end-user"), "reviews passes on whom it is told of")
}

func TestHeadersAreNotShared(t *testing.T) {
	in := http.Header{"Cookie": append(make([]string, 0, 4), "a=b")}
	out := forwarded(in)
	out.Add("Cookie", "c=d")
	in.Add("Cookie", "e=f")
	assert.Equal(t, []string{"a=b", "c=d"}, out["Cookie"])
}

func TestSecondTry(t *testing.T) {
	town, page := bookinfo(t, "v2")
	good := town.hosts["reviews:9080"]
	for _, test := range []struct {
		name   string
		first  http.Handler
		second http.Handler
		status int
		calls  int
	}{
		{"at once", good, nil, 200, 1},
		{"after an error", failing(503), good, 200, 2},
		{"after an odd success", failing(204), good, 200, 2},
		{"twice an error", failing(503), failing(502), 502, 2},
		{"no JSON", saying("oops"), good, 500, 1},
	} {
		town.calls = nil
		town.hosts["reviews:9080"] = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if len(town.called("reviews:9080")) == 1 {
				test.first.ServeHTTP(w, r)
				return
			}
			test.second.ServeHTTP(w, r)
		})
		assert.Equal(t, test.status, get(page, "/api/v1/products/0/reviews").Code, test.name)
		assert.Len(t, town.called("reviews:9080"), test.calls, test.name)
	}

	delete(town.hosts, "details:9080")
	town.calls = nil
	assert.Equal(t, 500, get(page, "/api/v1/products/0").Code)
	assert.Len(t, town.called("details:9080"), 1, "details gets one try")
}

func TestTimeouts(t *testing.T) {
	// productpage.py: 3 s per call, reviews twice. LibertyRestEndpoint.java:
	// 10 s for ratings if the stars are black, 2.5 s otherwise.
	for _, test := range []struct {
		hangs, reviews, path string
		took                 time.Duration
		status               int
		says                 string
	}{
		{"details:9080", "v1", "/productpage", 3 * time.Second, 200, "Error fetching product details"},
		{"reviews:9080", "v1", "/productpage", 6 * time.Second, 200, "Error fetching product reviews"},
		{"reviews:9080", "v1", "/api/v1/products/0/reviews", 6 * time.Second, 500, "Sorry, product reviews"},
		{"ratings:9080", "v3", "/productpage", 2500 * time.Millisecond, 200, "Ratings service is currently unavailable"},
		// The fault injection task's bug: v2 would wait 10 s, its caller gives up twice after 3.
		{"ratings:9080", "v2", "/productpage", 6 * time.Second, 200, "Error fetching product reviews"},
		{"ratings:9080", "v3", "/api/v1/products/0/ratings", 3 * time.Second, 500, "Sorry, product ratings"},
	} {
		synctest.Test(t, func(t *testing.T) {
			town, page := bookinfo(t, test.reviews)
			town.hosts[test.hangs] = hanging
			start := time.Now()
			answer := get(page, test.path)
			assert.Equal(t, test.took, time.Since(start), test)
			assert.Equal(t, test.status, answer.Code, test)
			assert.Contains(t, answer.Body.String(), test.says, test)
		})
	}

	synctest.Test(t, func(t *testing.T) {
		town, _ := bookinfo(t, "v2")
		town.hosts["ratings:9080"] = hanging
		start := time.Now()
		answer := get(town.hosts["reviews:9080"], "/reviews/0")
		assert.Equal(t, 10*time.Second, time.Since(start))
		assert.Contains(t, answer.Body.String(), "Ratings service is currently unavailable")
	})
}

func TestNobodyWaitsForACallerWhoLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		town, page := bookinfo(t, "v1")
		town.hosts["reviews:9080"] = hanging
		start := time.Now()
		request, cancel := hurried("/productpage", time.Second)
		defer cancel()
		record(page, request)
		assert.Equal(t, time.Second, time.Since(start))
		assert.Len(t, town.called("reviews:9080"), 1, "there is no second try for nobody")
	})
}

func TestFlood(t *testing.T) {
	for _, test := range []struct {
		version string
		env     map[string]string
		calls   int
	}{
		{"v1", nil, 1},
		{"v1", map[string]string{"FLOOD_FACTOR": "7"}, 8},
		{"v-flooding", nil, 101},
		{"v-flooding", map[string]string{"FLOOD_FACTOR": "0"}, 1},
	} {
		town, _ := bookinfo(t, "v1")
		page := town.add(t, "", "productpage", test.version, test.env)
		assert.Equal(t, http.StatusOK, get(page, "/productpage").Code)
		assert.Len(t, town.called("reviews:9080"), test.calls, test)
		assert.Len(t, town.called("details:9080"), 1)
	}
}
