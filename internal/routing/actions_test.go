package routing_test

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/internal/routing"
)

// onlyRule compiles one rule for reviews and returns it as met by a path.
func onlyRule(t *testing.T, path, rule string) routing.Decision {
	t.Helper()
	d := ask(compile(t, client, bookinfo, reviewsRules(rule)), 9080, "http://reviews:9080"+path)
	require.NotNil(t, d.Rule)
	return d
}

// istio.io/api networking/v1alpha3 virtual_service.proto, HTTPRewrite, and
// Envoy's route_components.proto, RouteAction.prefix_rewrite: a prefix of the
// string is replaced, or the whole path where the match was of the whole.
func TestRewritesOfAVirtualService(t *testing.T) {
	for _, tc := range []struct{ name, match, rewrite, path, want string }{
		{"a prefix", "{uri: {prefix: /a}}", "{uri: /b}", "/a/x", "/b/x"},
		{"a prefix within a word", "{uri: {prefix: /a}}", "{uri: /b}", "/ax", "/bx"},
		{"a slash for the prefix doubles", "{uri: {prefix: /a}}", "{uri: /}", "/a/x", "//x"},
		{"a prefix with its slash", "{uri: {prefix: /a/}}", "{uri: /}", "/a/x", "/x"},
		{"whatever the case", "{uri: {prefix: /a}, ignoreUriCase: true}", "{uri: /b}", "/A/x", "/b/x"},
		{"the whole", "{uri: {exact: /a}}", "{uri: /b/c}", "/a", "/b/c"},
		{"the whole of a regular expression", "{uri: {regex: '/a.*'}}", "{uri: /b}", "/a/x", "/b"},
		{"without a match the prefix is /", "{}", "{uri: /b}", "/x", "/bx"},
		{"a regular expression", "{uri: {prefix: /}}", `{uriRegexRewrite: {match: '^/v(\d)/(.*)$', rewrite: '/\2/version-\1'}}`, "/v2/x", "/x/version-2"},
		{"a dollar is a dollar", "{}", `{uriRegexRewrite: {match: 'a', rewrite: '$1\\'}}`, "/a/a", `/$1\/$1\`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := onlyRule(t, tc.path, "  - match: ["+tc.match+"]\n    rewrite: "+tc.rewrite+"\n    route: [{destination: {host: reviews}}]")
			require.NotNil(t, d.Rule.Rewrite)
			assert.Equal(t, tc.want, d.Rule.Rewrite.Apply(tc.path))
		})
	}
	d := onlyRule(t, "/", "  - rewrite: {authority: other.com}\n    route: [{destination: {host: reviews}}]")
	assert.Equal(t, &routing.Rewrite{Host: "other.com"}, d.Rule.Rewrite)
	assert.Equal(t, "/a", d.Rule.Rewrite.Apply("/a"))
}

func TestTheMatchedPrefix(t *testing.T) {
	table := compile(t, client, bookinfo, reviewsRules(`
  - match: [{uri: {prefix: /Ad}, ignoreUriCase: true}, {uri: {exact: /x}}]
    route: [{destination: {host: reviews}}]
  - route: [{destination: {host: reviews}}]`))
	for path, want := range map[string]string{"/advert": "/ad", "/x": "", "/y": "/"} {
		assert.Equal(t, want, ask(table, 9080, "http://reviews"+path).MatchedPrefix, path)
	}
}

// istio pilot/pkg/networking/core/route/route.go, ApplyRedirect, and Envoy's
// route_components.proto, RedirectAction.
func TestRedirectsOfAVirtualService(t *testing.T) {
	for _, tc := range []struct {
		name, redirect, url string
		code                int
		want                string
	}{
		{"path, 301 by default", "{uri: /b}", "/a?x=1", 301, "http://reviews:9080/b?x=1"},
		{"the redirect's own query", "{uri: '/b?y=2'}", "/a?x=1", 301, "http://reviews:9080/b?y=2"},
		{"host", "{authority: b.com, redirectCode: 302}", "/a?x=1", 302, "http://b.com/a?x=1"},
		{"scheme", "{scheme: https}", "/a", 301, "https://reviews:9080/a"},
		{"port", "{port: 8080, redirectCode: 307}", "/a", 307, "http://reviews:8080/a"},
		{"the default port is left out", "{authority: b.com, port: 80, redirectCode: 308}", "/a", 308, "http://b.com/a"},
		{"the port of the request", "{authority: b.com, derivePort: FROM_REQUEST_PORT, redirectCode: 303}", "/a", 303, "http://b.com:9080/a"},
		{"a prefix", "{prefixRewrite: /b}", "/a/c", 301, "http://reviews:9080/b/c"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := onlyRule(t, tc.url, "  - match: [{uri: {prefix: /a}}]\n    redirect: "+tc.redirect)
			require.NotNil(t, d.Rule.Redirect)
			assert.Equal(t, tc.code, d.Rule.Redirect.Code)
			assert.Equal(t, tc.want, d.Rule.Redirect.Location(httptest.NewRequest("GET", "http://reviews:9080"+tc.url, nil)))
		})
	}
}

// Envoy strips a port that only the old scheme implied.
func TestARedirectToAnotherSchemeDropsTheOldDefaultPort(t *testing.T) {
	rd := routing.Redirect{Code: 301, Scheme: "https"}
	assert.Equal(t, "https://a.com/x", rd.Location(httptest.NewRequest("GET", "http://a.com:80/x", nil)))
	assert.Equal(t, "https://[::1]/x", rd.Location(httptest.NewRequest("GET", "http://[::1]:80/x", nil)))
	assert.Equal(t, "https://a.com:81/", rd.Location(httptest.NewRequest("GET", "http://a.com:81", nil)))
}

// istio.io/api networking/v1alpha3 virtual_service.proto, HTTPFaultInjection;
// percentages reach Envoy in millionths.
func TestFaults(t *testing.T) {
	for _, tc := range []struct {
		fault string
		delay *routing.Delay
		abort *routing.Abort
	}{
		{"{delay: {percentage: {value: 100}, fixedDelay: 7s}}", &routing.Delay{Percent: 100, Duration: 7 * time.Second}, nil},
		{"{delay: {percent: 10, fixedDelay: 2s}}", &routing.Delay{Percent: 10, Duration: 2 * time.Second}, nil},
		{"{abort: {percentage: {value: 0.1}, httpStatus: 555}}", nil, &routing.Abort{Percent: 0.1, Status: 555}},
		{"{abort: {percentage: {value: 12.34567}, httpStatus: 500}}", nil, &routing.Abort{Percent: 12.3456, Status: 500}},
		{"{abort: {percentage: {value: 50}, httpStatus: 500}, delay: {percentage: {value: 20}, fixedDelay: 1s}}", &routing.Delay{Percent: 20, Duration: time.Second}, &routing.Abort{Percent: 50, Status: 500}},
		{"{abort: {percentage: {value: 0}, httpStatus: 500}}", nil, nil},
	} {
		rule := onlyRule(t, "/", "  - fault: "+tc.fault+"\n    timeout: 3s\n    route: [{destination: {host: reviews}}]").Rule
		assert.Equal(t, tc.delay, rule.Delay, tc.fault)
		assert.Equal(t, tc.abort, rule.Abort, tc.fault)
		// Seen with Istio 1.31 and Envoy 1.39 on a kind cluster, whatever the
		// definition of HTTPRoute.fault says.
		assert.Equal(t, 3*time.Second, rule.Timeout)
		assert.Equal(t, 2, rule.Retries.Attempts)
	}
	// Without a percentage nothing is injected.
	table, list := compileWith(t, client, bookinfo, reviewsRules("  - fault: {abort: {httpStatus: 500}, delay: {fixedDelay: 1s}}\n    route: [{destination: {host: reviews}}]"))
	rule := ask(table, 9080, "http://reviews/").Rule
	assert.Nil(t, rule.Delay)
	assert.Nil(t, rule.Abort)
	assert.Len(t, list, 2)
}

// istio pilot/pkg/networking/core/route/route.go, MirrorPercent.
func TestMirrors(t *testing.T) {
	v2 := routing.ClusterName{Host: "reviews.default.svc.cluster.local", Port: 9080, Subset: "v2"}
	for fields, want := range map[string][]routing.Mirror{
		"mirror: {host: reviews, subset: v2}":                                                                         {{Cluster: v2, Percent: 100}},
		"mirror: {host: reviews, subset: v2}\n    mirrorPercentage: {value: 12.5}":                                    {{Cluster: v2, Percent: 12.5}},
		"mirror: {host: reviews, subset: v2}\n    mirrorPercent: 30":                                                  {{Cluster: v2, Percent: 30}},
		"mirror: {host: reviews, subset: v2}\n    mirrorPercentage: {value: 0}":                                       nil,
		"mirrors: [{destination: {host: reviews, subset: v2}, percentage: {value: 1}}]":                               {{Cluster: v2, Percent: 1}},
		"mirrors: [{destination: {host: reviews, subset: v2}}, {destination: {host: reviews, port: {number: 9080}}}]": {{Cluster: v2, Percent: 100}, {Cluster: routing.ClusterName{Host: v2.Host, Port: 9080}, Percent: 100}},
	} {
		assert.Equal(t, want, onlyRule(t, "/", "  - "+fields+"\n    route: [{destination: {host: reviews}}]").Rule.Mirrors, fields)
	}
}

// istio pilot/pkg/networking/core/route/retry/retry.go, ConvertPolicy.
func TestRetriesAndTimeouts(t *testing.T) {
	standard := []string{"connect-failure", "refused-stream", "unavailable", "cancelled"}
	for fields, want := range map[string]routing.Retries{
		"timeout: 2s":            {Attempts: 2, Default: true, On: standard},
		"retries: {attempts: 5}": {Attempts: 5, On: standard},
		"retries: {attempts: 0}": {},
		"retries: {attempts: 3, perTryTimeout: 2s, retryOn: '5xx,gateway-error'}": {Attempts: 3, PerTryTimeout: 2 * time.Second, On: []string{"5xx", "gateway-error"}},
		"retries: {attempts: 1, retryOn: 'reset, 503,429'}":                       {Attempts: 1, On: []string{"reset", "retriable-status-codes"}, Codes: []int{503, 429}},
		"retries: {attempts: 1, retryOn: 'retriable-status-codes,503'}":           {Attempts: 1, On: []string{"retriable-status-codes"}, Codes: []int{503}},
	} {
		rule := onlyRule(t, "/", "  - "+fields+"\n    route: [{destination: {host: reviews}}]").Rule
		assert.Equal(t, want, rule.Retries, fields)
	}
	assert.Equal(t, 2*time.Second, onlyRule(t, "/", "  - timeout: 2s\n    route: [{destination: {host: reviews}}]").Rule.Timeout)
}

// istio pilot/pkg/networking/core/route/route.go, TranslateHeadersOperations:
// the authority is a header that can only be set, and pseudo-headers not at all.
func TestHeaderChanges(t *testing.T) {
	rule := onlyRule(t, "/", `
  - headers: {request: {set: {x-a: "1", Host: a.com, ":path": /no}, add: {x-b: "2"}, remove: [x-c, host]}, response: {set: {x-d: "4"}}}
    route:
    - {destination: {host: reviews, subset: v1}, weight: 1, headers: {response: {add: {x-version: v1}}}}
    - {destination: {host: reviews, subset: v2}, weight: 1, headers: {request: {set: {":authority": b.com}, remove: [x-a]}}}`).Rule
	assert.Equal(t, routing.HeaderChanges{
		Request:  routing.HeaderOps{Set: map[string]string{"X-A": "1"}, Add: map[string]string{"X-B": "2"}, Remove: []string{"X-C"}},
		Response: routing.HeaderOps{Set: map[string]string{"X-D": "4"}},
	}, rule.Headers)
	assert.Equal(t, &routing.Rewrite{Host: "a.com"}, rule.Rewrite)
	assert.Equal(t, map[string]string{"X-Version": "v1"}, rule.Destinations[0].Headers.Response.Add)
	assert.Equal(t, routing.HeaderOps{Set: map[string]string{"Host": "b.com"}, Remove: []string{"X-A"}}, rule.Destinations[1].Headers.Request)

	single := onlyRule(t, "/", "  - route: [{destination: {host: reviews}, headers: {request: {set: {host: b.com}}}}]").Rule
	assert.Equal(t, &routing.Rewrite{Host: "b.com"}, single.Rewrite)
}

func TestDirectResponses(t *testing.T) {
	assert.Equal(t, &routing.DirectResponse{Status: 503, Body: "later"}, onlyRule(t, "/", "  - directResponse: {status: 503, body: {string: later}}").Rule.Direct)
	assert.Equal(t, &routing.DirectResponse{Status: 200, Body: "hi"}, onlyRule(t, "/", "  - directResponse: {status: 200, body: {bytes: aGk=}}").Rule.Direct)
}

// Without a port a destination has the service's only one at a gateway, and the
// listener's in a sidecar (istio pilot/pkg/networking/core/route/route.go,
// GetDestinationCluster, and httproute.go, BuildSidecarOutboundVirtualHosts).
func TestThePortOfADestination(t *testing.T) {
	two := "apiVersion: v1\nkind: Service\nmetadata: {name: two}\nspec: {ports: [{port: 80}, {port: 9080}]}"
	one := "apiVersion: v1\nkind: Service\nmetadata: {name: one}\nspec: {ports: [{port: 8000}]}"
	for destination, port := range map[string]int{"{host: two}": 9080, "{host: two, port: {number: 80}}": 80, "{host: one, port: {number: 8000}}": 8000} {
		d := ask(compile(t, client, bookinfo, one, two, reviewsRules("  - route: [{destination: "+destination+"}]")), 9080, "http://reviews/")
		assert.Equal(t, port, d.Rule.Destinations[0].Cluster.Port, destination)
	}
	table, list := compileWith(t, client, bookinfo, one, reviewsRules("  - route: [{destination: {host: one}}]"))
	assert.Equal(t, 9080, ask(table, 9080, "http://reviews/").Rule.Destinations[0].Cluster.Port)
	assert.Equal(t, []string{"warning VirtualService default/reviews: Service default/one has no port 9080: what is sent there is answered with 503"}, messages(list))

	front := "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: front}\nspec: {hosts: [\"*\"], gateways: [gw], http: [{route: [{destination: {host: one}}]}]}"
	d := ask(compile(t, ingress, bookinfo, ingressGateway, one, front), 80, "http://example.com/")
	assert.Equal(t, 8000, d.Rule.Destinations[0].Cluster.Port)
}
