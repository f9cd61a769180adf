package routing_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func delegateOf(name, spec string) string {
	return "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: " + name + ", namespace: team}\nspec: " + spec
}

// istio pilot/pkg/model/virtualservice.go, mergeVirtualServicesIfNeeded and
// mergeHTTPMatchRequests.
func TestDelegates(t *testing.T) {
	root := onGateway("root", "a.com", `
  - match: [{uri: {prefix: /reviews}, headers: {x: {exact: z}}}]
    delegate: {name: leaf, namespace: team}
    timeout: 3s
  - match: [{uri: {prefix: /gone}}]
    delegate: {name: gone, namespace: team}
  - route: [{destination: {host: details}}]`)
	leaf := delegateOf("leaf", `
  http:
  - match: [{uri: {prefix: /reviews/v2}}]
    route: [{destination: {host: reviews.default.svc.cluster.local, subset: v2}}]
  - match: [{uri: {prefix: /other}}]
    route: [{destination: {host: reviews.default.svc.cluster.local, subset: v3}}]
  - route: [{destination: {host: reviews.default.svc.cluster.local, subset: v1}}]`)
	table, list := compileWith(t, ingress, bookinfo, ingressGateway, root, leaf)
	for path, want := range map[string]string{"/reviews/v2/x": "reviews/v2=1", "/reviews/x": "reviews/v1=1", "/other": "details=1", "/gone": "details=1"} {
		assert.Equal(t, want, arms(ask(table, 80, "http://a.com"+path, "x: z")), path)
		assert.Equal(t, "details=1", arms(ask(table, 80, "http://a.com"+path)), "without the root's header: %s", path)
	}
	d := ask(table, 80, "http://a.com/reviews/x", "x: z")
	assert.EqualValues(t, 3e9, d.Rule.Timeout)
	assert.Equal(t, "VirtualService team/leaf, http[2]", d.Rule.Source.String())
	assert.Equal(t, []string{
		"warning VirtualService default/root: delegates to VirtualService team/gone, which is not there or has hosts of its own: the rule is left out",
		"warning VirtualService team/leaf: matches what the rule that delegates here (VirtualService default/root, http[0]) does not: the rule is left out",
	}, messages(list))
}

func TestDelegatesThatAreLeftOut(t *testing.T) {
	root := onGateway("root", "a.com", "  - delegate: {name: leaf, namespace: team}\n  - route: [{destination: {host: details}}]")
	for _, tc := range []struct{ name, leaf, problem string }{
		{
			"not exported", "{exportTo: ['.'], http: [{directResponse: {status: 418}}]}",
			"warning VirtualService default/root: delegates to VirtualService team/leaf, which is not exported to namespace default: the rule is left out",
		},
		{
			"two levels", "{http: [{delegate: {name: leaf2}}]}",
			"warning VirtualService team/leaf: a delegate cannot delegate further: the rule is left out",
		},
		{
			"with hosts", "{hosts: [b.com], gateways: [default/gw], http: [{directResponse: {status: 418}}]}",
			"warning VirtualService default/root: delegates to VirtualService team/leaf, which is not there or has hosts of its own: the rule is left out",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			table, list := compileWith(t, ingress, bookinfo, ingressGateway, root, delegateOf("leaf", tc.leaf))
			assert.Equal(t, "details=1", arms(ask(table, 80, "http://a.com/")))
			assert.Equal(t, []string{tc.problem}, messages(list))
		})
	}
}

// istio pilot/pkg/model/virtualservice.go, hasConflict and stringMatchConflict.
func TestWhichMatchesADelegateMayHave(t *testing.T) {
	for _, tc := range []struct {
		root, leaf string
		ok         bool
	}{
		{"{uri: {prefix: /a}}", "{uri: {prefix: /a/b}}", true},
		{"{uri: {prefix: /a}}", "{uri: {exact: /a/b}}", true},
		{"{uri: {prefix: /a/b}}", "{uri: {prefix: /a}}", false},
		{"{uri: {exact: /a}}", "{uri: {exact: /a}}", true},
		{"{uri: {exact: /a}}", "{uri: {prefix: /a}}", false},
		{"{uri: {regex: '/a'}}", "{uri: {exact: /a}}", false},
		{"{uri: {prefix: /a}}", "{uri: {prefix: /a}, ignoreUriCase: true}", false},
		{"{method: {exact: GET}}", "{method: {exact: POST}}", false},
		{"{headers: {h: {exact: a}}}", "{headers: {h: {exact: b}}}", false},
		{"{headers: {h: {exact: a}}}", "{headers: {i: {exact: b}}}", true},
		{"{withoutHeaders: {h: {exact: a}}}", "{withoutHeaders: {h: {exact: b}}}", false},
		{"{queryParams: {q: {exact: a}}}", "{queryParams: {q: {exact: b}}}", false},
		{"{port: 80}", "{port: 81}", false},
		{"{uri: {exact: /a}}, {uri: {exact: /b}}", "{uri: {exact: /b}}", true},
	} {
		root := onGateway("root", "a.com", "  - {match: ["+tc.root+"], delegate: {name: leaf, namespace: team}}")
		leaf := delegateOf("leaf", "{http: [{match: ["+tc.leaf+"], directResponse: {status: 418}}]}")
		_, list := compileWith(t, ingress, ingressGateway, root, leaf)
		assert.Equal(t, tc.ok, len(list) == 0, "%s and %s: %v", tc.root, tc.leaf, list)
	}
}
