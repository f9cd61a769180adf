package routing_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/internal/routing"
)

// apiServices are Services a to e on port 80.
func apiServices() string {
	var b strings.Builder
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		fmt.Fprintf(&b, "apiVersion: v1\nkind: Service\nmetadata: {name: %s}\nspec: {ports: [{port: 80}]}\n---\n", name)
	}
	return strings.TrimSuffix(b.String(), "---\n")
}

func apiGateway(listeners string) string {
	return "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: gw}\nspec:\n  gatewayClassName: istio\n  listeners: [" + listeners + "]\n"
}

const oneListener = "{name: http, port: 80, protocol: HTTP}"

func httpRoute(name, spec string) string {
	return "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: " + name + "}\nspec:\n  parentRefs: [{name: gw}]\n  " + strings.TrimSpace(spec) + "\n"
}

// sigs.k8s.io/gateway-api apis/v1 httproute_types.go, HTTPRouteRule.matches, and
// istio pilot/pkg/config/kube/gateway/conversion.go, sortHTTPRoutes. The rules
// stand in the reverse of their precedence.
func TestPrecedenceOfHTTPRouteRules(t *testing.T) {
	table := compile(t, apiGate, apiServices(), apiGateway(oneListener), httpRoute("r", `rules:
  - {name: any, backendRefs: [{name: a, port: 80, weight: 1}]}
  - {name: regex, matches: [{path: {type: RegularExpression, value: '/pre/fix/.*/longer'}}], backendRefs: [{name: a, port: 80, weight: 2}]}
  - {name: query, matches: [{queryParams: [{name: q, value: '1'}]}], backendRefs: [{name: a, port: 80, weight: 3}]}
  - {name: header, matches: [{headers: [{name: h, value: '1'}]}], backendRefs: [{name: a, port: 80, weight: 4}]}
  - {name: two-headers, matches: [{headers: [{name: h, value: '1'}, {name: i, value: '1'}]}], backendRefs: [{name: a, port: 80, weight: 5}]}
  - {name: method, matches: [{method: POST}], backendRefs: [{name: a, port: 80, weight: 6}]}
  - {name: short, matches: [{path: {value: /pre}}], backendRefs: [{name: a, port: 80, weight: 7}]}
  - {name: long, matches: [{path: {type: PathPrefix, value: /pre/fix}}], backendRefs: [{name: a, port: 80, weight: 8}]}
  - {name: exact, matches: [{path: {type: Exact, value: /pre/fix}}], backendRefs: [{name: a, port: 80, weight: 9}]}`))
	for _, tc := range []struct {
		r    *http.Request
		want string
	}{
		{request("GET", "http://x/pre/fix", "h: 1"), "a=9"},
		{request("GET", "http://x/pre/fix/y"), "a=8"},
		{request("GET", "http://x/pre/fix/y/longer"), "a=8"},
		{request("POST", "http://x/pre/y", "h: 1", "i: 1"), "a=7"},
		{request("POST", "http://x/other", "h: 1", "i: 1"), "a=6"},
		{request("GET", "http://x/?q=1", "h: 1", "i: 1"), "a=5"},
		{request("GET", "http://x/?q=1", "h: 1"), "a=4"},
		{request("GET", "http://x/?q=1"), "a=3"},
		{request("GET", "http://x/"), "a=1"},
	} {
		assert.Equal(t, tc.want, arms(table.Route(80, tc.r)), "%s %s", tc.r.Method, tc.r.URL)
	}
}

// "If ties still exist across multiple Routes": the oldest, then the order of
// rules. All routes of a parent and host are one list.
func TestPrecedenceAcrossHTTPRoutes(t *testing.T) {
	table := compile(t, apiGate, apiServices(), apiGateway(oneListener),
		httpRoute("old", "rules: [{matches: [{path: {value: /x}}], backendRefs: [{name: a, port: 80}]}, {matches: [{path: {value: /x}}], backendRefs: [{name: b, port: 80}]}, {backendRefs: [{name: c, port: 80}]}]"),
		httpRoute("new", "rules: [{matches: [{path: {value: /x}}], backendRefs: [{name: d, port: 80}]}, {matches: [{path: {value: /x/y}}], backendRefs: [{name: e, port: 80}]}]"))
	for path, want := range map[string]string{"/x": "a=1", "/x/y": "e=1", "/z": "c=1"} {
		assert.Equal(t, want, arms(ask(table, 80, "http://h"+path)), path)
	}
}

// sigs.k8s.io/gateway-api apis/v1 httproute_types.go, PathMatchPathPrefix: by
// path elements, a trailing slash ignored; HTTPHeaderMatch: of equal names the
// first counts.
func TestMatchesOfAnHTTPRoute(t *testing.T) {
	for _, tc := range []struct {
		match        string
		takes, spurn []string
	}{
		{"{path: {value: /ad}}", []string{"/ad", "/ad/", "/ad/1", "/ad?x"}, []string{"/advert", "/a", "/"}},
		{"{path: {value: /ad/}}", []string{"/ad", "/ad/", "/ad/1"}, []string{"/advert"}},
		{"{path: {value: /}}", []string{"/", "/x"}, nil},
		{"{path: {type: Exact, value: /ad}}", []string{"/ad"}, []string{"/ad/", "/ad/1"}},
		{"{path: {type: RegularExpression, value: '/a.'}}", []string{"/ad", "/ab"}, []string{"/adv", "/x/ad"}},
		{"{headers: [{name: Version, value: two}, {name: version, value: three}]}", []string{"/"}, nil},
		{"{headers: [{type: RegularExpression, name: version, value: 't.*'}]}", []string{"/"}, nil},
		{"{headers: [{name: version, value: three}]}", nil, []string{"/"}},
		{"{queryParams: [{name: a, value: b}, {type: RegularExpression, name: c, value: '.'}]}", []string{"/?a=b&c=d"}, []string{"/?a=b", "/?a=b&c=dd"}},
		{"{method: GET}", []string{"/"}, nil},
		{"{method: PUT}", nil, []string{"/"}},
	} {
		table := compile(t, apiGate, apiServices(), apiGateway(oneListener),
			httpRoute("r", "rules: [{matches: ["+tc.match+"], backendRefs: [{name: a, port: 80}]}]"))
		for _, path := range tc.takes {
			assert.Equal(t, "a=1", arms(ask(table, 80, "http://h"+path, "version: two")), "%s %s", tc.match, path)
		}
		for _, path := range tc.spurn {
			assert.Equal(t, "404", arms(ask(table, 80, "http://h"+path, "version: two")), "%s %s", tc.match, path)
		}
	}
}

// sigs.k8s.io/gateway-api apis/v1 httproute_types.go, HTTPRouteSpec.hostnames,
// and gateway_types.go, Listener.hostname.
func TestHostnamesOfAnHTTPRoute(t *testing.T) {
	for _, tc := range []struct {
		name, listeners string
		routes          []string
		want            map[string]string
	}{
		{"no names at all", oneListener, []string{"a"}, map[string]string{"x.com": "a=1"}},
		{"the route's", oneListener, []string{"a x.com"}, map[string]string{"x.com": "a=1", "X.com:8080": "a=1", "y.com": "404"}},
		{"the listener's", "{name: http, port: 80, protocol: HTTP, hostname: '*.x.com'}", []string{"a"}, map[string]string{"a.x.com": "a=1", "x.com": "404", "y.com": "404"}},
		{"of both", "{name: http, port: 80, protocol: HTTP, hostname: '*.x.com'}", []string{"a a.x.com,y.com"}, map[string]string{"a.x.com": "a=1", "b.x.com": "404", "y.com": "404"}},
		{"the most specific route", oneListener, []string{"a", "b *.x.com", "c a.x.com"}, map[string]string{"a.x.com": "c=1", "b.x.com": "b=1", "x.com": "a=1"}},
		{
			"the most specific listener",
			"{name: any, port: 80, protocol: HTTP}, {name: x, port: 80, protocol: HTTP, hostname: x.com}",
			[]string{"a", "b x.com"},
			map[string]string{"x.com": "b=1", "y.com": "a=1"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			documents := []string{apiServices(), apiGateway(tc.listeners)}
			for _, r := range tc.routes {
				name, hosts, _ := strings.Cut(r, " ")
				spec := "rules: [{backendRefs: [{name: " + name + ", port: 80}]}]"
				if hosts != "" {
					spec = "hostnames: ['" + strings.ReplaceAll(hosts, ",", "','") + "']\n  " + spec
				}
				documents = append(documents, httpRoute(name, spec))
			}
			table := compile(t, apiGate, documents...)
			for host, want := range tc.want {
				assert.Equal(t, want, arms(ask(table, 80, "http://"+host+"/")), host)
			}
		})
	}
}

// sigs.k8s.io/gateway-api apis/v1 gateway_types.go, AllowedRoutes: the Gateway's
// own namespace unless said otherwise; shared_types.go, ParentReference.
func TestWhichHTTPRoutesAListenerTakes(t *testing.T) {
	const namespaces = "apiVersion: v1\nkind: Namespace\nmetadata: {name: away, labels: {shared: 'yes'}}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: away}\nspec: {ports: [{port: 80}]}"
	away := strings.Replace(httpRoute("r", "rules: [{backendRefs: [{name: s, port: 80}]}]"), "{name: r}", "{name: r, namespace: away}", 1)
	away = strings.Replace(away, "[{name: gw}]", "[{name: gw, namespace: default}]", 1)
	const taken = "s.away.svc.cluster.local=1"
	for allowed, want := range map[string]string{
		"{}":                         "404",
		"{namespaces: {from: Same}}": "404",
		"{namespaces: {from: All}}":  taken,
		"{namespaces: {from: None}}": "404",
		"{namespaces: {from: Selector, selector: {matchLabels: {shared: 'yes'}}}}":                     taken,
		"{namespaces: {from: Selector, selector: {matchLabels: {kubernetes.io/metadata.name: away}}}}": taken,
		"{namespaces: {from: Selector, selector: {matchLabels: {shared: 'no'}}}}":                      "404",
		"{namespaces: {from: All}, kinds: [{kind: HTTPRoute}]}":                                        taken,
		"{namespaces: {from: All}, kinds: [{kind: GRPCRoute}]}":                                        "404",
	} {
		table, list := compileWith(t, apiGate, namespaces, apiGateway("{name: http, port: 80, protocol: HTTP, allowedRoutes: "+allowed+"}"), away)
		assert.Equal(t, want, arms(ask(table, 80, "http://h/")), allowed)
		if want == taken {
			assert.Empty(t, list, allowed)
		} else {
			assert.Equal(t, []string{"warning HTTPRoute away/r: no listener of Gateway default/gw takes this route"}, messages(list), allowed)
		}
	}
	listeners := "{name: one, port: 80, protocol: HTTP}, {name: two, port: 8080, protocol: HTTP}"
	for ref, want := range map[string][2]string{
		"{name: gw}":                     {"a=1", "a=1"},
		"{name: gw, sectionName: two}":   {"404", "a=1"},
		"{name: gw, port: 80}":           {"a=1", "404"},
		"{name: other}":                  {"404", "404"},
		"{name: gw, namespace: another}": {"404", "404"},
		"{group: '', name: gw}":          {"404", "404"},
	} {
		route := strings.Replace(httpRoute("r", "rules: [{backendRefs: [{name: a, port: 80}]}]"), "{name: gw}", ref, 1)
		table, _ := compileWith(t, apiGate, apiServices(), apiGateway(listeners), route)
		assert.Equal(t, want, [2]string{arms(ask(table, 80, "http://h/")), arms(ask(table, 8080, "http://h/"))}, ref)
	}
	// Another class is another controller's.
	table, list := compileWith(t, apiGate, strings.Replace(apiGateway(oneListener), "istio", "nginx", 1))
	assert.Empty(t, table.Ports())
	assert.Len(t, list, 1)
}

// The table of sigs.k8s.io/gateway-api apis/v1 httproute_types.go,
// HTTPPathModifier.replacePrefixMatch. Istio departs from it where the two
// results differ and in the last four rows: seen with Istio 1.31 and Envoy 1.39 on a kind cluster.
func TestReplacePrefixMatch(t *testing.T) {
	for _, tc := range []struct{ path, prefix, replace, rewritten, redirected string }{
		{"/foo/bar", "/foo", "/xyz", "/xyz/bar", "/xyz/bar"},
		{"/foo/bar", "/foo", "/xyz/", "/xyz/bar", "/xyz//bar"},
		{"/foo/bar", "/foo/", "/xyz", "/xyz/bar", "/xyz/bar"},
		{"/foo", "/foo", "/xyz", "/xyz", "/xyz"},
		{"/foo", "/foo", "/xyz/", "/xyz", "/xyz/"},
		{"/foo/", "/foo", "/xyz", "/xyz/", "/xyz/"},
		{"/foo/bar", "/foo", "", "/bar", "/foo/bar"},
		{"/foo/", "/foo", "", "/", "/foo/"},
		{"/foo", "/foo", "", "/", "/foo"},
		{"/foo/", "/foo", "/", "/", "//"},
		{"/foo/bar", "/foo", "/", "/bar", "//bar"},
		{"/foo", "/foo", "/", "/", "/"},
		{"/bar", "/", "/xyz", "/xyzbar", "/xyzbar"},
		{"/bar", "/", "/xyz/", "/xyzbar", "/xyz/bar"},
		{"/", "/", "/xyz", "/xyz", "/xyz"},
		{"/bar", "/", "/", "/bar", "/bar"},
	} {
		modifier := "{path: {type: ReplacePrefixMatch, replacePrefixMatch: '" + tc.replace + "'}}"
		match := "matches: [{path: {value: " + tc.prefix + "}}]"
		table := compile(t, apiGate, apiServices(), apiGateway(oneListener),
			httpRoute("r", "rules: [{"+match+", filters: [{type: URLRewrite, urlRewrite: "+modifier+"}], backendRefs: [{name: a, port: 80}]}]"))
		d := ask(table, 80, "http://h"+tc.path)
		require.NotNil(t, d.Rule)
		assert.Equal(t, tc.rewritten, d.Rule.Rewrite.Apply(tc.path), "rewrite %v", tc)

		table = compile(t, apiGate, apiServices(), apiGateway(oneListener),
			httpRoute("r", "rules: [{"+match+", filters: [{type: RequestRedirect, requestRedirect: "+modifier+"}]}]"))
		r := httptest.NewRequest("GET", "http://h"+tc.path, nil)
		assert.Equal(t, "http://h"+tc.redirected, table.Route(80, r).Rule.Redirect.Location(r), "redirect %v", tc)
	}
}

// sigs.k8s.io/gateway-api apis/v1 httproute_types.go, the filters, and
// istio pilot/pkg/config/kube/gateway/conversion.go.
func TestFiltersOfAnHTTPRoute(t *testing.T) {
	rule := func(fields string) *routing.Rule {
		t.Helper()
		table := compile(t, apiGate, apiServices(), apiGateway("{name: http, port: 8080, protocol: HTTP}"), httpRoute("r", "rules: [{"+fields+"}]"))
		d := ask(table, 8080, "http://h/x")
		require.NotNil(t, d.Rule, fields)
		return d.Rule
	}
	to := ", backendRefs: [{name: a, port: 80}]"
	b := routing.ClusterName{Host: "b.default.svc.cluster.local", Port: 80}

	assert.Equal(t, &routing.Rewrite{Path: "/y", Host: "z.com"}, rule("filters: [{type: URLRewrite, urlRewrite: {hostname: z.com, path: {type: ReplaceFullPath, replaceFullPath: /y}}}]"+to).Rewrite)
	assert.Equal(t, &routing.Redirect{Code: 302, Host: "z.com", Port: 8080}, rule("filters: [{type: RequestRedirect, requestRedirect: {hostname: z.com}}]").Redirect)
	assert.Equal(t, &routing.Redirect{Code: 301, Scheme: "https"}, rule("filters: [{type: RequestRedirect, requestRedirect: {scheme: https, statusCode: 301}}]").Redirect)
	assert.Equal(t, []routing.Mirror{{Cluster: b, Percent: 100}}, rule("filters: [{type: RequestMirror, requestMirror: {backendRef: {name: b, port: 80}}}]"+to).Mirrors)
	assert.Equal(t, []routing.Mirror{{Cluster: b, Percent: 42}}, rule("filters: [{type: RequestMirror, requestMirror: {percent: 42, backendRef: {name: b, port: 80}}}]"+to).Mirrors)
	assert.Equal(t, []routing.Mirror{{Cluster: b, Percent: 0.5}}, rule("filters: [{type: RequestMirror, requestMirror: {fraction: {numerator: 5, denominator: 1000}, backendRef: {name: b, port: 80}}}]"+to).Mirrors)
	assert.Empty(t, rule("filters: [{type: RequestMirror, requestMirror: {percent: 0, backendRef: {name: b, port: 80}}}]"+to).Mirrors)

	r := rule("filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: x-a, value: '1'}, {name: X-A, value: '2'}], remove: [x-b]}}, {type: ResponseHeaderModifier, responseHeaderModifier: {add: [{name: x-c, value: '3'}]}}]," +
		" backendRefs: [{name: a, port: 80, filters: [{type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: x-version, value: v1}]}}]}]")
	assert.Equal(t, routing.HeaderChanges{
		Request:  routing.HeaderOps{Set: map[string]string{"X-A": "1"}, Remove: []string{"X-B"}},
		Response: routing.HeaderOps{Add: map[string]string{"X-C": "3"}},
	}, r.Headers)
	assert.Equal(t, map[string]string{"X-Version": "v1"}, r.Destinations[0].Headers.Response.Set)
}

// A Host that is set is the authority, of the rule or of one backend.
func TestTheHostAmongHeaderFilters(t *testing.T) {
	const set = "{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: Host, value: b.com}]}}"
	rule := ask(compile(t, apiGate, apiServices(), apiGateway(oneListener),
		httpRoute("r", "rules: [{filters: ["+set+"], backendRefs: [{name: a, port: 80}, {name: b, port: 80, filters: ["+set+"]}]}]")), 80, "http://h/").Rule
	assert.Equal(t, &routing.Rewrite{Host: "b.com"}, rule.Rewrite)
	assert.Equal(t, map[string]string{"Host": "b.com"}, rule.Destinations[1].Headers.Request.Set)
}

// istio pilot/pkg/config/kube/gateway/conversion.go, convertHTTPRoute.
func TestTimeoutsAndRetriesOfAnHTTPRoute(t *testing.T) {
	standard := []string{"connect-failure", "refused-stream", "unavailable", "cancelled"}
	for _, tc := range []struct {
		fields  string
		timeout time.Duration
		retries routing.Retries
	}{
		{"", 0, routing.Retries{Attempts: 2, Default: true, On: standard}},
		{"timeouts: {request: 10s}, ", 10 * time.Second, routing.Retries{Attempts: 2, Default: true, On: standard}},
		{"timeouts: {request: 0s}, ", 0, routing.Retries{Attempts: 2, Default: true, On: standard}},
		{"timeouts: {backendRequest: 500ms}, ", 500 * time.Millisecond, routing.Retries{Attempts: 2, Default: true, On: standard}},
		{"retry: {}, ", 0, routing.Retries{Attempts: 2, On: standard}},
		{"retry: {attempts: 0}, ", 0, routing.Retries{}},
		{
			"retry: {attempts: 3, codes: [500, 503]}, timeouts: {request: 10s, backendRequest: 2s}, ", 10 * time.Second,
			routing.Retries{Attempts: 3, PerTryTimeout: 2 * time.Second, On: append(standard[:4:4], "retriable-status-codes"), Codes: []int{500, 503}},
		},
	} {
		rule := ask(compile(t, apiGate, apiServices(), apiGateway(oneListener),
			httpRoute("r", "rules: [{"+tc.fields+"backendRefs: [{name: a, port: 80}]}]")), 80, "http://h/").Rule
		assert.Equal(t, tc.timeout, rule.Timeout, tc.fields)
		assert.Equal(t, tc.retries, rule.Retries, tc.fields)
	}
}

// istio pilot/pkg/config/kube/gateway/route_collections.go, computeRoute: what
// one rule gets wrong takes the whole route away.
func TestARuleThatCannotBeConvertedTakesItsRouteAway(t *testing.T) {
	for rule, problem := range map[string]string{
		"{filters: [{type: ExtensionRef, extensionRef: {group: g.example, kind: K, name: limit}}], backendRefs: [{name: a, port: 80}]}": `Istio has no filter of type "ExtensionRef"`,
		"{backendRefs: [{name: a.default, port: 80}]}":                                                       `"a.default" is a host name, not the name of a Service`,
		"{backendRefs: [{name: a, port: 80, filters: [{type: URLRewrite, urlRewrite: {hostname: x.com}}]}]}": `Istio has no filter of type "URLRewrite" on a backendRef`,
	} {
		table, list := compileWith(t, apiGate, apiServices(), apiGateway(oneListener),
			httpRoute("r", "rules: [{matches: [{path: {value: /sound}}], backendRefs: [{name: b, port: 80}]}, "+rule+"]"))
		assert.Equal(t, "404", arms(ask(table, 80, "http://h/sound")), rule)
		assert.Equal(t, []string{"warning HTTPRoute default/r: " + problem + "; Istio drops the whole HTTPRoute for it, and none of its rules has effect"}, messages(list))
	}
}

// Seen refused by Gateway API 1.6 on a kind cluster.
func TestABackendServiceNeedsAPort(t *testing.T) {
	_, list := compileWith(t, apiGate, apiServices(), apiGateway(oneListener), httpRoute("r", "rules: [{backendRefs: [{name: a, weight: 0}]}]"))
	assert.Equal(t, []string{`error HTTPRoute default/r: the backendRef to Service "a" has no port`}, messages(list.Errors()))
}

// A reference to another namespace needs a grant there, except in the mesh
// (istio pilot/pkg/config/kube/gateway/conversion.go, buildDestination).
func TestReferencesToOtherNamespaces(t *testing.T) {
	const away = "apiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: away}\nspec: {ports: [{port: 80}]}"
	route := httpRoute("r", "rules: [{backendRefs: [{name: s, namespace: away, port: 80}]}]")
	table, list := compileWith(t, apiGate, away, apiGateway(oneListener), route)
	assert.Equal(t, "(500)=1", arms(ask(table, 80, "http://h/")))
	assert.Equal(t, []string{"warning HTTPRoute default/r: Service away/s is in another namespace, which must grant the reference: its share is answered with 500"}, messages(list))

	const grant = "apiVersion: gateway.networking.k8s.io/v1beta1\nkind: ReferenceGrant\nmetadata: {name: g, namespace: away}\nspec:\n" +
		"  from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: default}]\n  to: [{group: '', kind: Service}]"
	for change, want := range map[[2]string]string{
		{"", ""}: "s.away.svc.cluster.local=1",
		{"kind: Service}", "kind: Service, name: s}"}:                                       "s.away.svc.cluster.local=1",
		{"kind: Service}", "kind: Service, name: t}"}:                                       "(500)=1",
		{"kind: Service}", "kind: Secret}"}:                                                 "(500)=1",
		{"namespace: default", "namespace: other"}:                                          "(500)=1",
		{"namespace: away", "namespace: default"}:                                           "(500)=1",
		{"kind: HTTPRoute", "kind: TLSRoute"}:                                               "(500)=1",
		{"group: gateway.networking.k8s.io, kind: HTTPRoute", "group: '', kind: HTTPRoute"}: "(500)=1",
	} {
		table, _ := compileWith(t, apiGate, away, apiGateway(oneListener), route, strings.Replace(grant, change[0], change[1], 1))
		assert.Equal(t, want, arms(ask(table, 80, "http://h/")), change)
	}

	mesh := strings.Replace(route, "{name: gw}", `{group: "", kind: Service, name: a}`, 1)
	assert.Equal(t, "s.away.svc.cluster.local=1", arms(ask(compile(t, client, apiServices(), away, mesh), 80, "http://a/")))
}
