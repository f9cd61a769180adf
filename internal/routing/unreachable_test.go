package routing_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"

	"github.com/splitcheck/splitcheck/internal/routing"
)

// Cases after istio pkg/config/validation/virtualservice.go and its test
// (analysis messages IST0130 and IST0131), and the rules of matching.
func TestUnreachable(t *testing.T) {
	const direct = ", directResponse: {status: 200}}"
	for _, tc := range []struct {
		name  string
		rules string
		want  []routing.DeadRule
	}{
		{"none", "{match: [{uri: {prefix: /a}}]" + direct + ", {directResponse: {status: 200}}", nil},
		{
			"after a rule without match", "{directResponse: {status: 200}}, {match: [{uri: {prefix: /a}}]" + direct,
			[]routing.DeadRule{{Rule: 1, Match: -1, By: 0, ByMatch: -1}},
		},
		{
			"after the prefix /", "{match: [{uri: {prefix: /}}]" + direct + ", {directResponse: {status: 200}}",
			[]routing.DeadRule{{Rule: 1, Match: -1, By: 0, ByMatch: 0}},
		},
		{
			"after the expression .*", "{match: [{uri: {regex: '.*'}}]" + direct + ", {directResponse: {status: 200}}",
			[]routing.DeadRule{{Rule: 1, Match: -1, By: 0, ByMatch: 0}},
		},
		{"after a port", "{match: [{port: 80}]" + direct + ", {directResponse: {status: 200}}", nil},
		{"the prefix / of a header", "{match: [{headers: {x: {prefix: /}}}]" + direct + ", {match: [{headers: {x: {exact: shop}}}]" + direct, nil},
		{
			"a longer prefix", "{match: [{uri: {prefix: /a}}]" + direct + ", {match: [{uri: {prefix: /a/b}}, {uri: {exact: /advert}}]" + direct,
			[]routing.DeadRule{{Rule: 1, Match: -1, By: 0, ByMatch: 0}},
		},
		{
			"one block of two", "{match: [{uri: {prefix: /a}}]" + direct + ", {match: [{uri: {prefix: /b}}, {uri: {exact: /ab}}]" + direct,
			[]routing.DeadRule{{Rule: 1, Match: 1, By: 0, ByMatch: 0}},
		},
		{
			"the same again", "{match: [{headers: {x: {exact: a}}}]" + direct + ", {match: [{headers: {X: {exact: a}}, method: {exact: GET}}]" + direct,
			[]routing.DeadRule{{Rule: 1, Match: -1, By: 0, ByMatch: 0}},
		},
		{
			"presence covers a value", "{match: [{headers: {x: {}}}]" + direct + ", {match: [{headers: {x: {exact: a}}}]" + direct,
			[]routing.DeadRule{{Rule: 1, Match: -1, By: 0, ByMatch: 0}},
		},
		{
			"without covers without any", "{match: [{withoutHeaders: {x: {exact: a}}}]" + direct + ", {match: [{withoutHeaders: {x: {}}}]" + direct,
			[]routing.DeadRule{{Rule: 1, Match: -1, By: 0, ByMatch: 0}},
		},
		{"nor does .*, which takes what is missing", "{match: [{withoutHeaders: {x: {regex: '.*'}}}]" + direct + ", {match: [{withoutHeaders: {x: {}}}]" + direct, nil},
		{"more conditions cover less", "{match: [{uri: {prefix: /}, headers: {x: {exact: a}}}]" + direct + ", {match: [{uri: {prefix: /}}]" + direct, nil},
		{"another value", "{match: [{headers: {x: {exact: a}}}]" + direct + ", {match: [{headers: {x: {exact: b}}}]" + direct, nil},
		{"case counts", "{match: [{uri: {prefix: /a}}]" + direct + ", {match: [{uri: {prefix: /A}, ignoreUriCase: true}]" + direct, nil},
		{
			"unless it is ignored", "{match: [{uri: {prefix: /A}, ignoreUriCase: true}]" + direct + ", {match: [{uri: {prefix: /ab}}]" + direct,
			[]routing.DeadRule{{Rule: 1, Match: -1, By: 0, ByMatch: 0}},
		},
		{"regular expressions are not compared", "{match: [{uri: {regex: '/a.*'}}]" + direct + ", {match: [{uri: {prefix: /a}}]" + direct, nil},
		{
			"but for being the same", "{match: [{uri: {regex: '/a.*'}}]" + direct + ", {match: [{uri: {regex: '/a.*'}}]" + direct,
			[]routing.DeadRule{{Rule: 1, Match: -1, By: 0, ByMatch: 0}},
		},
		{"for other clients", "{match: [{sourceLabels: {version: v1}}]" + direct + ", {directResponse: {status: 200}}", nil},
		{"for another gateway", "{match: [{gateways: [mesh]}]" + direct + ", {match: [{gateways: [gw]}]" + direct, nil},
		{"for another port", "{match: [{port: 80}]" + direct + ", {match: [{port: 81}]" + direct, nil},
		{
			"for a part of the clients", "{match: [{sourceLabels: {version: v1}}]" + direct + ", {match: [{sourceLabels: {app: a, version: v1}}]" + direct,
			[]routing.DeadRule{{Rule: 1, Match: -1, By: 0, ByMatch: 0}},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			objects := decode(t, "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: v}\nspec: {hosts: [v], http: ["+tc.rules+"]}")
			assert.Equal(t, tc.want, routing.Unreachable(objects[0].Value.(*networkingv1.VirtualService)))
		})
	}
	assert.Empty(t, routing.Unreachable(nil))
}

func TestWhereADeadRuleStands(t *testing.T) {
	assert.Equal(t, "spec.http[2]", routing.DeadRule{Rule: 2, Match: -1}.Path())
	assert.Equal(t, "spec.http[2].match[1]", routing.DeadRule{Rule: 2, Match: 1}.Path())
}

func TestSplits(t *testing.T) {
	table := compile(t, ingress, bookinfo, ingressGateway, onGateway("in", `"*"`, `
  - match: [{uri: {prefix: /r}, headers: {end-user: {exact: testuser}}}]
    route: [{destination: {host: reviews, subset: v2}, weight: 10}, {destination: {host: reviews, subset: v3}, weight: 90}]
  - route: [{destination: {host: details}}]`))
	for _, host := range []string{"reviews", "reviews.default", "reviews.default.svc.cluster.local"} {
		splits := table.Splits(host)
		require.Len(t, splits, 1, host)
		assert.Equal(t, 80, splits[0].Port)
		assert.Equal(t, "*", splits[0].Host)
		assert.Equal(t, `path prefix "/r", header end-user "testuser"`, splits[0].Match)
		assert.Equal(t, []routing.Condition{
			{On: "path", Kind: "prefix", Value: "/r"},
			{On: "header", Name: "end-user", Kind: "exact", Value: "testuser"},
		}, splits[0].Conditions())
		assert.Equal(t, "reviews/v2=10 reviews/v3=90", arms(routing.Decision{Rule: splits[0].Rule}))
	}
	assert.Len(t, table.Splits(""), 2)
	assert.Empty(t, table.Splits("review"))
	assert.Equal(t, "any request", table.Splits("details")[0].Match)
	assert.Empty(t, table.Splits("details")[0].Conditions())

	sidecar := compile(t, client, bookinfo, reviewsRules("  - route: [{destination: {host: reviews, subset: v3}}]"))
	splits := sidecar.Splits("reviews")
	require.Len(t, splits, 1)
	assert.Equal(t, "reviews.default.svc.cluster.local", splits[0].Host)
	assert.Equal(t, "VirtualService default/reviews, http[0]", splits[0].Rule.Source.String())
}
