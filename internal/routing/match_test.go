package routing_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
)

// What a match block of a VirtualService takes and what it leaves; the second
// rule takes the rest. From istio.io/api networking/v1alpha3
// virtual_service.proto, HTTPMatchRequest, and Envoy's
// route_components.proto, RouteMatch and HeaderMatcher.
func TestMatchesOfAVirtualService(t *testing.T) {
	const url = "http://reviews:9080"
	get := func(path string, headers ...string) *http.Request {
		return request(http.MethodGet, url+path, headers...)
	}
	for _, tc := range []struct {
		name, match  string
		takes, spurn []*http.Request
	}{
		{
			name: "exact path, without the query", match: "{uri: {exact: /reviews}}",
			takes: []*http.Request{get("/reviews"), get("/reviews?x=1")},
			spurn: []*http.Request{get("/reviews/"), get("/Reviews"), get("/reviews/0")},
		},
		{
			name: "a prefix is one of the string", match: "{uri: {prefix: /ad}}",
			takes: []*http.Request{get("/ad"), get("/ad/1"), get("/advert")},
			spurn: []*http.Request{get("/a"), get("/AD")},
		},
		{
			name: "case ignored in exact and prefix", match: "{uri: {prefix: /Ad}, ignoreUriCase: true}",
			takes: []*http.Request{get("/ad"), get("/ADvert")},
			spurn: []*http.Request{get("/bad")},
		},
		{
			name: "a regular expression matches the whole path", match: "{uri: {regex: '/v[12]/.*'}, ignoreUriCase: true}",
			takes: []*http.Request{get("/v1/x"), get("/v2/")},
			spurn: []*http.Request{get("/v3/x"), get("/a/v1/x"), get("/V1/x")},
		},
		{
			name: "alternatives are bound together", match: "{uri: {regex: '/a|/b'}}",
			takes: []*http.Request{get("/a"), get("/b")},
			spurn: []*http.Request{get("/ab"), get("/a/b")},
		},
		{
			name: "the path as it was sent", match: "{uri: {exact: /a%2Fb}}",
			takes: []*http.Request{get("/a%2Fb")},
			spurn: []*http.Request{get("/a/b")},
		},
		{
			name: "method", match: "{method: {exact: POST}}",
			takes: []*http.Request{request(http.MethodPost, url+"/")},
			spurn: []*http.Request{get("/")},
		},
		{
			name: "pseudo-headers", match: `{headers: {":method": {exact: POST}, ":path": {regex: '/a[?]x=.*'}, ":scheme": {exact: http}}}`,
			takes: []*http.Request{request(http.MethodPost, url+"/a?x=1")},
			spurn: []*http.Request{request(http.MethodPut, url+"/a?x=1"), request(http.MethodPost, url+"/a"), request(http.MethodPut, url+"/a?x=1", "Method: POST")},
		},
		{
			name: "scheme", match: "{scheme: {exact: http}}",
			takes: []*http.Request{get("/")},
			spurn: []*http.Request{request(http.MethodGet, "https://reviews:9080/")},
		},
		{
			name: "authority, as it was sent", match: "{authority: {exact: 'reviews:9080'}}",
			takes: []*http.Request{get("/")},
			spurn: []*http.Request{request(http.MethodGet, "http://reviews/")},
		},
		{
			name: "header, whatever the case of its name", match: "{headers: {end-user: {exact: jason}}}",
			takes: []*http.Request{get("/", "End-User: jason"), get("/", "end-user: jason")},
			spurn: []*http.Request{get("/"), get("/", "end-user: Jason"), get("/", "end-user: jason2")},
		},
		{
			name: "header prefix and regular expression", match: "{headers: {user-agent: {regex: '.*(Chrome|Edge)/([0-9.]+).*'}, cookie: {prefix: user=}}}",
			takes: []*http.Request{get("/", "User-Agent: Mozilla Chrome/12.0", "Cookie: user=tester")},
			spurn: []*http.Request{get("/", "User-Agent: Mozilla Chrome/12.0"), get("/", "Cookie: user=tester"), get("/", "User-Agent: Firefox/1", "Cookie: user=x")},
		},
		{
			// Seen with Istio 1.31 and Envoy 1.39 on a kind cluster.
			name: "several headers of a name are each asked", match: "{headers: {x: {exact: a}}}",
			takes: []*http.Request{get("/", "x: a", "x: b"), get("/", "x: b", "x: a")},
			spurn: []*http.Request{get("/", "x: a,b"), get("/", "x: b", "x: c")},
		},
		{
			// Seen with Istio 1.31 and Envoy 1.39 on a kind cluster.
			name: "without any of several headers", match: "{withoutHeaders: {x: {exact: a}}}",
			takes: []*http.Request{get("/", "x: b", "x: c")},
			spurn: []*http.Request{get("/", "x: a", "x: b"), get("/", "x: b", "x: a")},
		},
		{
			// Seen with Istio 1.31 and Envoy 1.39 on a kind cluster.
			name: "without a host", match: "{withoutHeaders: {host: {exact: 'reviews:9080'}}}",
			takes: []*http.Request{request(http.MethodGet, "http://reviews.default:9080/")},
			spurn: []*http.Request{get("/")},
		},
		{
			name: "presence", match: "{headers: {x-debug: {}}}",
			takes: []*http.Request{get("/", "x-debug: "), get("/", "x-debug: 1")},
			spurn: []*http.Request{get("/")},
		},
		{
			name: "absence by a star", match: "{withoutHeaders: {x-debug: {regex: '*'}}}",
			takes: []*http.Request{get("/")},
			spurn: []*http.Request{get("/", "x-debug: 1")},
		},
		{
			name: "the host among headers", match: "{headers: {Host: {prefix: reviews}}}",
			takes: []*http.Request{get("/")},
			spurn: []*http.Request{request(http.MethodGet, "http://REVIEWS:9080/")},
		},
		{
			name: "without a header: a missing one will do", match: "{withoutHeaders: {end-user: {exact: jason}}}",
			takes: []*http.Request{get("/"), get("/", "end-user: other")},
			spurn: []*http.Request{get("/", "end-user: jason")},
		},
		{
			name: "without a header at all", match: "{withoutHeaders: {end-user: {}}}",
			takes: []*http.Request{get("/")},
			spurn: []*http.Request{get("/", "end-user: jason"), get("/", "end-user: ")},
		},
		{
			// treat_missing_header_as_empty: nothing is what .* takes.
			name: "without anything at all", match: "{withoutHeaders: {end-user: {regex: '.*'}}}",
			spurn: []*http.Request{get("/"), get("/", "end-user: jason")},
		},
		{
			name: "query parameter", match: "{queryParams: {v: {exact: '2'}}}",
			takes: []*http.Request{get("/?v=2"), get("/?a=b&v=2"), get("/?v=2&v=3")},
			spurn: []*http.Request{get("/"), get("/?v=3"), get("/?v=3&v=2"), get("/?vv=2")},
		},
		{
			name: "an empty query parameter", match: "{queryParams: {debug: {exact: ''}}}",
			takes: []*http.Request{get("/?debug"), get("/?debug=")},
			spurn: []*http.Request{get("/?debug=1"), get("/")},
		},
		{
			name: "port", match: "{port: 9080}",
			takes: []*http.Request{get("/")},
		},
		{
			name: "another port", match: "{port: 80}",
			spurn: []*http.Request{get("/")},
		},
		{
			name: "all of a block", match: "{uri: {prefix: /r}, headers: {a: {exact: b}}, queryParams: {c: {prefix: d}}, method: {regex: 'GET|HEAD'}}",
			takes: []*http.Request{get("/reviews?c=dd", "a: b")},
			spurn: []*http.Request{get("/reviews?c=x", "a: b"), get("/reviews?c=dd", "a: x"), get("/x?c=dd", "a: b")},
		},
		{
			name: "one of several blocks", match: "{uri: {exact: /a}}, {headers: {b: {}}}",
			takes: []*http.Request{get("/a"), get("/x", "b: 1")},
			spurn: []*http.Request{get("/x")},
		},
		{name: "an empty block takes all", match: "{}", takes: []*http.Request{get("/"), get("/x")}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			table := compile(t, client, bookinfo, reviewsRules(`
  - match: [`+tc.match+`]
    route: [{destination: {host: reviews, subset: v2}}]
  - route: [{destination: {host: reviews, subset: v1}}]`))
			for _, r := range tc.takes {
				assert.Equal(t, "reviews/v2=1", arms(table.Route(9080, r)), "%s %s %v", r.Method, r.URL, r.Header)
			}
			for _, r := range tc.spurn {
				assert.Equal(t, "reviews/v1=1", arms(table.Route(9080, r)), "%s %s %v", r.Method, r.URL, r.Header)
			}
		})
	}
}

// "The first rule matching an incoming request is used", and a host whose rules
// all leave a request answers 404.
func TestRulesAreTriedInOrder(t *testing.T) {
	table := compile(t, client, bookinfo, reviewsRules(`
  - match: [{uri: {prefix: /a}}]
    route: [{destination: {host: reviews, subset: v1}}]
  - match: [{uri: {prefix: /a/b}}]
    route: [{destination: {host: reviews, subset: v2}}]
  - match: [{uri: {prefix: /c}}]
    route: [{destination: {host: reviews, subset: v3}}]`))
	assert.Equal(t, "reviews/v1=1", arms(ask(table, 9080, "http://reviews/a/b")))
	assert.Equal(t, "reviews/v3=1", arms(ask(table, 9080, "http://reviews/c")))
	assert.Equal(t, "404", arms(ask(table, 9080, "http://reviews/d")))
}

// sourceLabels and sourceNamespace are looked at when a proxy's configuration is
// made; gateways named in a block take their place and that of the rule's own
// (istio pilot/pkg/networking/core/route/route.go, sourceMatchHTTP).
func TestSourceOfAMatch(t *testing.T) {
	for match, want := range map[string]string{
		"{sourceLabels: {version: v1}}":                                    "reviews/v2=1",
		"{sourceLabels: {app: client, version: v1}}":                       "reviews/v2=1",
		"{sourceLabels: {version: v2}}":                                    "reviews/v1=1",
		"{sourceNamespace: default}":                                       "reviews/v2=1",
		"{sourceNamespace: other}":                                         "reviews/v1=1",
		"{gateways: [mesh]}":                                               "reviews/v2=1",
		"{gateways: [mesh], sourceLabels: {version: v9}}":                  "reviews/v2=1",
		"{gateways: [istio-system/gw]}":                                    "reviews/v1=1",
		"{gateways: [istio-system/gw], sourceLabels: {version: v1}}":       "reviews/v1=1",
		"{sourceNamespace: default, sourceLabels: {version: v1}, port: 1}": "reviews/v1=1",
	} {
		t.Run(match, func(t *testing.T) {
			table := compile(t, client, bookinfo, reviewsRules(`
  - match: [`+match+`]
    route: [{destination: {host: reviews, subset: v2}}]
  - route: [{destination: {host: reviews, subset: v1}}]`))
			assert.Equal(t, want, arms(ask(table, 9080, "http://reviews/")))
		})
	}
}

// Seen with Istio 1.31 and Envoy 1.39 on a kind cluster, whatever the
// definition of HTTPMatchRequest.headers says.
func TestHeadersNamedLikeFields(t *testing.T) {
	for _, name := range []string{"uri", "scheme", "method", "authority"} {
		table, _ := compileWith(t, client, bookinfo, reviewsRules("  - match: [{headers: {"+name+": {exact: a}}}]\n    route: [{destination: {host: details}}]"))
		assert.NotNil(t, ask(table, 9080, "http://reviews/", name+": a").Rule, name)
		assert.Nil(t, ask(table, 9080, "http://reviews/").Rule, name)
	}
}
