package routing_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/splitcheck/splitcheck/internal/routing"
)

// The cost of one decision, and that it needs no memory of its own.
func BenchmarkRoute(b *testing.B) {
	simple := compile(b, ingress, bookinfo, ingressGateway, onGateway("in", `"*"`, "  - route: [{destination: {host: reviews, subset: v1}, weight: 90}, {destination: {host: reviews, subset: v2}, weight: 10}]"))
	byHeader := compile(b, client, bookinfo, reviewsRules(`
  - match: [{headers: {end-user: {exact: testuser}}}]
    route: [{destination: {host: reviews, subset: v2}, weight: 10}, {destination: {host: reviews, subset: v3}, weight: 90}]
  - route: [{destination: {host: reviews, subset: v1}}]`))
	var rules strings.Builder
	for i := range 100 {
		fmt.Fprintf(&rules, "  - {match: [{uri: {prefix: /path/%d/}, headers: {x: {exact: a}}, queryParams: {q: {exact: b}}}], route: [{destination: {host: reviews, subset: v1}}]}\n", i)
	}
	long := compile(b, client, bookinfo, reviewsRules(rules.String()))

	for _, bm := range []struct {
		name  string
		table *routing.Table
		port  int
		r     *http.Request
	}{
		{"version-test", simple, 80, request("GET", "http://127.0.0.1:30080/version.html")},
		{"header", byHeader, 9080, request("GET", "http://reviews:9080/reviews/0", "end-user: testuser")},
		{"100 rules", long, 9080, request("GET", "http://reviews.default.svc.cluster.local:9080/path/99/x?p=1&q=b", "x: a")},
	} {
		b.Run(bm.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if bm.table.Route(bm.port, bm.r).Rule == nil {
					b.Fatal("no rule")
				}
			}
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	objects := decode(b, everyField...)
	b.ReportAllocs()
	for b.Loop() {
		routing.Compile(objects, client)
	}
}

// A decision allocates nothing, on the hot path of every simulated request.
func TestRouteAllocatesNothing(t *testing.T) {
	table := compile(t, client, bookinfo, reviewsRules(`
  - match: [{uri: {prefix: /reviews}, headers: {end-user: {exact: testuser}}, queryParams: {q: {prefix: b}}}]
    route: [{destination: {host: reviews, subset: v2}}]`))
	r := request("GET", "http://reviews:9080/reviews/0?p=1&q=bc", "end-user: testuser")
	if n := testing.AllocsPerRun(100, func() { table.Route(9080, r) }); n != 0 {
		t.Errorf("Route allocates %v times", n)
	}
}
