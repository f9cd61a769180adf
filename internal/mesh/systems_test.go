package mesh_test

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/internal/mesh"
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/loadgen"
	"github.com/splitcheck/splitcheck/split"
)

// library reads manifests of the built-in scenarios.
func library(t testing.TB, names ...string) []string {
	t.Helper()
	var documents []string
	for _, name := range names {
		data, err := os.ReadFile("../../scenarios/library/" + name + ".yaml")
		require.NoError(t, err)
		documents = append(documents, string(data))
	}
	return documents
}

func bookinfo(t testing.TB, more ...string) []string {
	return append(library(t, "apps/bookinfo/namespace", "apps/bookinfo/bookinfo",
		"apps/bookinfo/bookinfo-gateway", "apps/bookinfo/destination-rule-all"), more...)
}

// stars tells the versions of reviews on bookinfo's page by their stars.
func stars(r *http.Response, body string) string {
	switch {
	case r == nil || r.StatusCode != http.StatusOK || strings.Contains(body, "Error fetching product reviews"):
		return "error"
	case strings.Contains(body, "text-red-500") && strings.Contains(body, "glyphicon-star"):
		return "v3"
	case strings.Contains(body, "glyphicon-star"):
		return "v2"
	default:
		return "v1"
	}
}

var productpage = sample{path: "/productpage", name: stars, requests: 900}

func TestBookinfoWithoutRulesGivesThirds(t *testing.T) {
	m := open(t, mesh.Options{}, bookinfo(t)...)
	got := draw(t, m, productpage)
	for _, v := range []string{"v1", "v2", "v3"} {
		assert.InDelta(t, 300, got[v], 5*math.Sqrt(200), v)
	}
}

func TestBookinfoShift(t *testing.T) {
	m := open(t, mesh.Options{}, bookinfo(t, library(t, "apps/bookinfo/virtual-service-all-v1")...)...)
	assert.Equal(t, map[string]int{"v1": 900}, draw(t, m, productpage))
	apply(t, m, library(t, "apps/bookinfo/virtual-service-reviews-50-v3")...)
	half := draw(t, m, productpage)
	assert.InDelta(t, 450, half["v1"], 5*15)
	assert.Equal(t, 900, half["v1"]+half["v3"])
	assert.Equal(t, half, draw(t, m, productpage.at(32)), "three hops repeat at any concurrency")
	change(t, m, target.Change{Scale: []target.Scale{{Namespace: "default", Deployment: "reviews-v1", Replicas: 5}}})
	assert.Equal(t, half, draw(t, m, productpage), "replicas do not move the split")
}

func TestGammaRouteActsInTheClientsSidecar(t *testing.T) {
	documents := library(t, "apps/gamma/namespace", "apps/gamma/gamma", "apps/gamma/gateway", "gamma-shift/route-80-20")
	m := open(t, mesh.Options{}, documents...)
	counts := draw(t, m, sample{path: "/api", requests: 1000, name: func(r *http.Response, body string) string {
		switch {
		case strings.Contains(body, `"v1"`):
			return "v1"
		case strings.Contains(body, `"v2"`):
			return "v2"
		}
		return body
	}})
	assert.InDelta(t, 200, counts["v2"], 5*math.Sqrt(160))
	assert.Equal(t, 1000, counts["v1"]+counts["v2"])
}

func TestGraphShowsWhatCalledWhat(t *testing.T) {
	m := open(t, mesh.Options{}, bookinfo(t, library(t, "apps/bookinfo/virtual-service-all-v1")...)...)
	draw(t, m, productpage.of(50))
	got, err := m.Graph(context.Background())
	require.NoError(t, err)
	assert.Equal(t, []split.Edge{
		{From: "client", To: "istio-system/istio-ingressgateway", Service: "istio-ingressgateway.istio-system.svc.cluster.local", Requests: 50},
		{From: "default/productpage-v1", To: "default/details-v1", Service: "details.default.svc.cluster.local", Requests: 50},
		{From: "default/productpage-v1", To: "default/reviews-v1", Service: "reviews.default.svc.cluster.local", Requests: 50},
		{From: "istio-system/istio-ingressgateway", To: "default/productpage-v1", Service: "productpage.default.svc.cluster.local", Requests: 50},
	}, got.Edges)
	assert.Contains(t, got.Nodes, split.Node{ID: "default/reviews-v1", Workload: "reviews-v1", Version: "v1", Namespace: "default"})

	draw(t, m, productpage.of(7))
	got, err = m.Graph(context.Background())
	require.NoError(t, err)
	assert.EqualValues(t, 7, got.Edges[0].Requests, "since it was asked last")
	got, err = m.Graph(context.Background())
	require.NoError(t, err)
	assert.Empty(t, got)
}

// A Service that does not exist is an error of the resolver to its caller: the
// page says that reviews are not to be had.
func TestACallToNobody(t *testing.T) {
	documents := bookinfo(t)
	documents[1] = strings.Replace(documents[1], "kind: Service\nmetadata:\n  name: reviews", "kind: Service\nmetadata:\n  name: renamed", 1)
	m := open(t, mesh.Options{}, documents...)
	assert.Equal(t, map[string]int{"error": 5}, draw(t, m, productpage.of(5)))
}

const reviewsVia = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec: {hosts: [reviews], http: [ENTRY]}
`

func reviews(entry string) string { return strings.Replace(reviewsVia, "ENTRY", entry, 1) }

func TestDelays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := open(t, mesh.Options{}, bookinfo(t, reviews(
			`{fault: {delay: {fixedDelay: 2s, percentage: {value: 100}}}, route: [{destination: {host: reviews, subset: v1}}]}`))...)
		began := time.Now()
		assert.Equal(t, map[string]int{"v1": 1}, draw(t, m, productpage.of(1)))
		assert.Equal(t, 2*time.Second, time.Since(began))

		entry, err := m.Enter(target.Via{}, target.Load{})
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, entry.URL+"/productpage", nil)
		require.NoError(t, err)
		began = time.Now()
		_, err = entry.Opener.(loadgen.HTTP).RoundTrip(r)
		require.ErrorIs(t, err, context.DeadlineExceeded, "the client gives up")
		assert.Equal(t, time.Second, time.Since(began))
	})
}

func TestTimeouts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// The sidecar of reviews waits for ratings; productpage's for reviews.
		m := open(t, mesh.Options{}, bookinfo(t, `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: ratings}
spec: {hosts: [ratings], http: [{fault: {delay: {fixedDelay: 9s, percentage: {value: 100}}}, route: [{destination: {host: ratings}}]}]}
`, `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews-at-the-gateway}
spec:
  hosts: ["reviews.example.com"]
  gateways: [bookinfo-gateway]
  http: [{timeout: 500ms, route: [{destination: {host: reviews, subset: v2}}]}]
`)...)
		began := time.Now()
		response, body := get(t, m, "/reviews/0", http.Header{"Host": {"reviews.example.com"}})
		assert.Equal(t, 500*time.Millisecond, time.Since(began))
		assert.Equal(t, http.StatusGatewayTimeout, response.StatusCode)
		assert.Equal(t, "upstream request timeout", body)
	})
}

func TestRetriesStayInTheArm(t *testing.T) {
	split := `route: [{destination: {host: canary, subset: v1}, weight: 50}, {destination: {host: canary, subset: v2}, weight: 50}]`
	failing := target.Defect{Kind: "failing", Version: "v2", Host: "canary", Share: 0.5}

	m := open(t, mesh.Options{}, versionTest, canary(`{`+split+`}`))
	defects(t, m, failing)
	assert.InDelta(t, 500, draw(t, m, page.of(2000))["500"], 100, "a 500 is not tried again by default")

	apply(t, m, canary(`{retries: {attempts: 3, retryOn: 5xx}, `+split+`}`))
	got := draw(t, m, page.of(2000))
	assert.InDelta(t, 1000, got["v1"], 5*math.Sqrt(500), "v1 gets no more than its share")
	assert.InDelta(t, 2000.0/2/16, got["500"], 45, "four tries fail one time in sixteen")
}

// Of two pods one refuses. A try that avoids pods tried before finds the other
// with six draws (five attempts and the last): 0.5 * 0.5^6 of the requests fail;
// without it a quarter would.
func TestRetriesAvoidThePodThatFailed(t *testing.T) {
	m := open(t, mesh.Options{}, versionTest, canary(`{retries: {attempts: 1, retryOn: gateway-error}, route: [{destination: {host: canary}}]}`))
	defects(t, m, target.Defect{Kind: "dead", Host: "canary", Version: "v2"})
	got := draw(t, m, page.of(2000))
	assert.InDelta(t, 2000*math.Pow(0.5, 7), got["503"], 20)
}

// productpage asks reviews a second time, and each call is drawn for itself: a
// quarter of the pages fail where half of the calls do.
func TestEachCallIsDrawnForItself(t *testing.T) {
	m := open(t, mesh.Options{}, bookinfo(t, reviews(
		`{fault: {abort: {httpStatus: 500, percentage: {value: 50}}}, route: [{destination: {host: reviews, subset: v1}}]}`))...)
	assert.InDelta(t, 225, draw(t, m, productpage)["error"], 5*math.Sqrt(900*0.25*0.75))
}

func TestMirroring(t *testing.T) {
	m := open(t, mesh.Options{}, versionTest, echo, canary(`{route: [{destination: {host: canary, subset: v1}}],
		mirror: {host: canary, subset: v2}, mirrorPercentage: {value: 20}}`))
	assert.Equal(t, map[string]int{"v1": 2000}, draw(t, m, page.of(2000).at(8)))
	mirrored, err := m.Mirrored(context.Background(), "appv2")
	require.NoError(t, err)
	assert.InDelta(t, 400, mirrored, 5*math.Sqrt(320))
	draw(t, m, page.of(2000))
	again, err := m.Mirrored(context.Background(), "default/appv2")
	require.NoError(t, err)
	assert.Equal(t, 2*mirrored, again, "draws repeat")
	_, err = m.Mirrored(context.Background(), "nobody")
	assert.ErrorContains(t, err, "there are default/appv1, default/appv2, default/echo")
}

// Copies go on when the client has its answer; a bubble does not end before
// every goroutine in it has, so that this test fails if Close leaves one.
func TestCloseWaitsForMirrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := mesh.New(mesh.Options{ApplyDelay: -1})
		documents := bookinfo(t, `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: ratings}
spec: {hosts: [ratings], http: [{fault: {delay: {fixedDelay: 60s, percentage: {value: 100}}}, route: [{destination: {host: ratings}}]}]}
`, reviews(`{route: [{destination: {host: reviews, subset: v1}}], mirrors: [{destination: {host: reviews, subset: v2}}]}`))
		change(t, m, target.Change{Apply: objects(t, documents...)})
		assert.Equal(t, map[string]int{"v1": 20}, draw(t, m, productpage.of(20)))
		mirrored, err := m.Mirrored(context.Background(), "reviews-v2")
		require.NoError(t, err)
		assert.EqualValues(t, 20, mirrored)
		began := time.Now()
		require.NoError(t, m.Close(context.Background()))
		assert.LessOrEqual(t, time.Since(began), 5*time.Second)
	})
}

// The way of a user who logs in: the session's cookie comes from a POST, and
// only productpage makes the header of it that the rule looks at.
func TestLoginLeadsToAnotherSplit(t *testing.T) {
	m := open(t, mesh.Options{}, bookinfo(t, library(t, "bookinfo-testuser/virtual-service-reviews-testuser")...)...)
	entry, err := m.Enter(target.Via{}, target.Load{})
	require.NoError(t, err)
	r, err := http.NewRequest(http.MethodPost, entry.URL+"/login", strings.NewReader("username=testuser&passwd=x"))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Referer", entry.URL+"/productpage")
	response, err := entry.Opener.(loadgen.HTTP).RoundTrip(r)
	require.NoError(t, err)
	require.Equal(t, http.StatusFound, response.StatusCode)
	require.NotEmpty(t, response.Cookies())

	user := productpage
	user.header = http.Header{"Cookie": {response.Cookies()[0].String()}}
	got := draw(t, m, user)
	assert.Zero(t, got["v1"])
	assert.InDelta(t, 90, got["v2"], 45, "a tenth of 900")
	assert.Equal(t, map[string]int{"v1": 900}, draw(t, m, productpage), "everybody else")
}

func TestBodiesAndMethods(t *testing.T) {
	m := open(t, mesh.Options{}, versionTest, echo, canary(`{route: [{destination: {host: echo}}]}`))
	entry, err := m.Enter(target.Via{}, target.Load{})
	require.NoError(t, err)
	for _, each := range []struct {
		method, body string
		empty        bool
	}{
		{http.MethodPut, "text", false}, {http.MethodGet, "", false}, {http.MethodHead, "", true},
	} {
		r, err := http.NewRequest(each.method, entry.URL+"/x", strings.NewReader(each.body))
		require.NoError(t, err)
		response, err := entry.Opener.(loadgen.HTTP).RoundTrip(r)
		require.NoError(t, err)
		assert.Equal(t, http.StatusOK, response.StatusCode)
		assert.Equal(t, each.empty, response.ContentLength == 0, each.method)
	}
	r, err := http.NewRequest(http.MethodPost, entry.URL, strings.NewReader(strings.Repeat("x", 8<<20+1)))
	require.NoError(t, err)
	_, err = entry.Opener.(loadgen.HTTP).RoundTrip(r)
	assert.ErrorContains(t, err, "longer than 8388608 bytes", "memory is bounded")
}

func TestLeaksOfAnHTTPRoute(t *testing.T) {
	for name, disturbed := range map[string]string{
		"an arm that a rule leaves out": "v1", "a backend by its name": "backend-v1",
	} {
		t.Run(name, func(t *testing.T) {
			documents := library(t, "apps/gamma/namespace", "apps/gamma/gamma", "apps/gamma/gateway", "gamma-shift/route-0-100")
			m := open(t, mesh.Options{}, documents...)
			defects(t, m, target.Defect{Kind: "leak", Host: "backend-svc", Version: disturbed, Share: 0.5})
			counts := draw(t, m, sample{path: "/api", requests: 400, name: func(r *http.Response, body string) string {
				return fmt.Sprint(strings.Contains(body, `"v1"`))
			}})
			assert.InDelta(t, 200, counts["true"], 50)
		})
	}
}
