package routing_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/internal/routing"
)

// istio pilot/pkg/networking/core/httproute.go, GenerateAltVirtualHosts; the
// port of the Host header is ignored (IgnorePortInHostMatching).
func TestNamesOfAServiceInASidecar(t *testing.T) {
	elsewhere := client
	elsewhere.Namespace = "other"
	rules := reviewsRules("  - route: [{destination: {host: reviews, subset: v2}}]")
	for _, tc := range []struct {
		host       string
		here, away string
	}{
		{"reviews", "reviews/v2=1", "unknown"},
		{"reviews:9080", "reviews/v2=1", "unknown"},
		{"Reviews", "reviews/v2=1", "unknown"},
		{"reviews.default", "reviews/v2=1", "reviews/v2=1"},
		{"reviews.default:9080", "reviews/v2=1", "reviews/v2=1"},
		{"reviews.default.svc", "reviews/v2=1", "reviews/v2=1"},
		{"reviews.default.svc.cluster.local", "reviews/v2=1", "reviews/v2=1"},
		{"reviews.default.svc.cluster.local:9080", "reviews/v2=1", "reviews/v2=1"},
		{"reviews.other", "unknown", "unknown"},
		{"example.com", "unknown", "unknown"},
		{"details.default", "details=1", "details=1"},
	} {
		assert.Equal(t, tc.here, arms(ask(compile(t, client, bookinfo, rules), 9080, "http://"+tc.host+"/")), "here: %s", tc.host)
		assert.Equal(t, tc.away, arms(ask(compile(t, elsewhere, bookinfo, rules), 9080, "http://"+tc.host+"/")), "away: %s", tc.host)
	}
	unknown := ask(compile(t, client, bookinfo), 8888, "http://reviews/")
	assert.True(t, unknown.Unknown, "a port on which nothing listens")
	assert.Equal(t, http.StatusBadGateway, unknown.Status)
}

// istio pilot/pkg/networking/core/route/route.go, BuildDefaultHTTPOutboundRoute,
// and retry/retry.go, DefaultPolicy.
func TestAServiceWithoutRules(t *testing.T) {
	table := compile(t, client, bookinfo)
	rule := ask(table, 9080, "http://details/").Rule
	require.NotNil(t, rule)
	name := routing.ClusterName{Host: "details.default.svc.cluster.local", Port: 9080}
	assert.Equal(t, []routing.Destination{{Cluster: name, Weight: 1}}, rule.Destinations)
	assert.Equal(t, routing.Retries{Attempts: 2, Default: true, On: []string{"connect-failure", "refused-stream", "unavailable", "cancelled"}}, rule.Retries)
	assert.Zero(t, rule.Timeout)
	assert.Equal(t, &routing.Cluster{Name: name, ServiceNamespace: "default", ServiceName: "details"}, table.Cluster(name))
	assert.Equal(t, "Service default/details", rule.Source.String())
}

// istio pilot/pkg/model/virtualservice_controller.go,
// sortMergedVirtualServicesByCreationTime, and the same host in core/httproute.go,
// buildVirtualHost: the trap of the write-up in which `reivews` hides `reviews`.
func TestOfTwoVirtualServicesForAHostASidecarKeepsTheOldest(t *testing.T) {
	older := strings.Replace(reviewsRules("  - route: [{destination: {host: reviews, subset: v1}}]"), "name: reviews}", "name: reivews}", 1)
	newer := reviewsRules("  - route: [{destination: {host: reviews, subset: v3}}]")
	table, list := compileWith(t, client, bookinfo, older, newer)
	assert.Equal(t, "reviews/v1=1", arms(ask(table, 9080, "http://reviews/")))
	assert.Equal(t, []string{"warning VirtualService default/reviews: reviews.default.svc.cluster.local is already routed by " +
		"VirtualService default/reivews, which comes first: a sidecar takes the routes of one object per host and drops these"}, messages(list))

	// One that has nothing to say to this proxy is no hindrance.
	foreign := strings.Replace(older, "  - route", "  - match: [{sourceLabels: {version: v9}}]\n    route", 1)
	table = compile(t, client, bookinfo, foreign, newer)
	assert.Equal(t, "reviews/v3=1", arms(ask(table, 9080, "http://reviews/")))
}

// istio pilot/pkg/model/push_context.go, initVirtualServices, and
// virtualservice.go, SelectVirtualServices.
func TestExportOfVirtualServices(t *testing.T) {
	rules := func(name, subset, exportTo string) string {
		return "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: " + name + ", namespace: " + name + "}\nspec:\n" +
			"  hosts: [reviews.default.svc.cluster.local]\n  exportTo: [" + exportTo + "]\n" +
			"  http: [{route: [{destination: {host: reviews.default.svc.cluster.local, subset: " + subset + "}}]}]"
	}
	for _, tc := range []struct{ name, exportTo, want string }{
		{"to all", "'*'", "reviews/v2=1"},
		{"by default", "", "reviews/v2=1"},
		{"to its own namespace", "'.'", "reviews=1"},
		{"to this namespace", "default", "reviews/v2=1"},
		{"to another", "third", "reviews=1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			assert.Equal(t, tc.want, arms(ask(compile(t, client, bookinfo, rules("other", "v2", tc.exportTo)), 9080, "http://reviews/")))
		})
	}
	// What is private to the client's namespace goes before what is public,
	// however old that is.
	near := strings.Replace(rules("default", "v3", "'.'"), "name: default,", "name: near,", 1)
	table, list := compileWith(t, client, bookinfo, rules("other", "v2", "'*'"), near)
	assert.Equal(t, "reviews/v3=1", arms(ask(table, 9080, "http://reviews/")))
	assert.Len(t, list, 1)
}

// istio pilot/pkg/networking/core/httproute.go: hosts that are no service's are
// known on port 80 alone; and pilot/pkg/model/sidecar.go,
// computeWildcardHostVirtualServiceIndex: the most specific host wins.
func TestHostsOfAVirtualServiceInASidecar(t *testing.T) {
	vs := func(name, host, subset string) string {
		return "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: " + name + "}\nspec:\n  hosts: ['" + host + "']\n" +
			"  http: [{route: [{destination: {host: reviews, subset: " + subset + ", port: {number: 9080}}}]}]"
	}
	table := compile(t, client, bookinfo, vs("web", "example.com", "v1"), vs("webs", "*.example.com", "v2"))
	assert.Equal(t, "reviews/v1=1", arms(ask(table, 80, "http://example.com/")))
	assert.Equal(t, "reviews/v2=1", arms(ask(table, 80, "http://a.example.com/")))
	assert.Equal(t, "unknown", arms(ask(table, 9080, "http://example.com/")))

	table = compile(t, client, bookinfo,
		vs("all", "*.cluster.local", "v1"), vs("here", "*.default.svc.cluster.local", "v2"), vs("reviews", "reviews", "v3"))
	assert.Equal(t, "reviews/v2=1", arms(ask(table, 9080, "http://details/")))
	assert.Equal(t, "reviews/v3=1", arms(ask(table, 9080, "http://reviews/")))
}

// A name with dots is not completed (istio pilot/pkg/model,
// ResolveShortnameToFQDN).
func TestANameWithDotsIsNotCompleted(t *testing.T) {
	vs := strings.Replace(reviewsRules("  - route: [{destination: {host: reviews.default}}]"), "hosts: [reviews]", "hosts: [reviews.default]", 1)
	table, list := compileWith(t, client, bookinfo, vs)
	assert.Equal(t, "reviews=1", arms(ask(table, 9080, "http://reviews/")), "the Service's default")
	assert.Contains(t, messages(list), `warning VirtualService default/reviews: a host with dots is used unchanged, so "reviews.default" is not Service default/reviews`)
	d := ask(table, 80, "http://reviews.default/")
	require.NotNil(t, d.Rule)
	assert.Nil(t, table.Cluster(d.Rule.Destinations[0].Cluster))
}

// A port whose protocol is not HTTP has no routes
// (istio pkg/config/kube/conversion.go, ConvertProtocol).
func TestPortsThatAreNotHTTP(t *testing.T) {
	for _, tc := range []struct {
		port string
		http bool
	}{
		{"{port: 9000, name: http}", true},
		{"{port: 9000, name: http-web}", true},
		{"{port: 9000, name: grpc}", true},
		{"{port: 9000}", true},
		{"{port: 9000, name: web}", true},
		{"{port: 9000, name: tcp}", false},
		{"{port: 9000, name: tcp-web}", false},
		{"{port: 9000, name: tcp, appProtocol: http}", true},
		{"{port: 9000, name: http, appProtocol: tcp}", false},
		{"{port: 3306}", false},
		{"{port: 3306, name: http}", true},
	} {
		t.Run(tc.port, func(t *testing.T) {
			service := "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {ports: [" + tc.port + "]}"
			vs := "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: s}\nspec: {hosts: [s], http: [{directResponse: {status: 418}}]}"
			port := 9000
			if strings.Contains(tc.port, "3306") {
				port = 3306
			}
			table, list := compileWith(t, client, service, vs)
			got := arms(ask(table, port, "http://s/"))
			if tc.http {
				assert.Equal(t, "418", got)
				assert.Empty(t, list)
			} else {
				assert.Equal(t, "s=1", got)
				assert.Len(t, list, 1)
			}
		})
	}
}
