package routing_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// The cases of istio.io/api networking/v1alpha3 virtual_service.proto,
// HTTPRouteDestination.weight, and of istio
// pilot/pkg/networking/core/route/route.go, applyHTTPRouteDestination.
func TestWeightsOfAVirtualService(t *testing.T) {
	for _, tc := range []struct {
		name, route, want, problem string
	}{
		{
			name:  "shares of a hundred",
			route: "[{destination: {host: reviews, subset: v1}, weight: 90}, {destination: {host: reviews, subset: v2}, weight: 10}]",
			want:  "reviews/v1=90 reviews/v2=10",
		},
		{
			// Needed no longer since Istio 1.15.
			name:  "a sum that is not a hundred",
			route: "[{destination: {host: reviews, subset: v1}, weight: 1}, {destination: {host: reviews, subset: v2}, weight: 2}]",
			want:  "reviews/v1=1 reviews/v2=2",
		},
		{name: "one destination without weight", route: "[{destination: {host: reviews, subset: v3}}]", want: "reviews/v3=1"},
		{name: "one destination of weight 0", route: "[{destination: {host: reviews, subset: v3}, weight: 0}]", want: "reviews/v3=1"},
		{name: "one destination of weight 30", route: "[{destination: {host: reviews, subset: v3}, weight: 30}]", want: "reviews/v3=1"},
		{
			name:  "an absent weight among several is 0",
			route: "[{destination: {host: reviews, subset: v1}}, {destination: {host: reviews, subset: v2}, weight: 5}, {destination: {host: reviews, subset: v3}, weight: 5}]",
			want:  "reviews/v2=5 reviews/v3=5",
		},
		{
			name:  "0 among several is never drawn",
			route: "[{destination: {host: reviews, subset: v1}, weight: 0}, {destination: {host: reviews, subset: v2}, weight: 100}]",
			want:  "reviews/v2=100",
		},
		{
			name:    "several without any weight",
			route:   "[{destination: {host: reviews, subset: v1}}, {destination: {host: reviews, subset: v2}}]",
			want:    "500",
			problem: "error VirtualService default/reviews: total destination weight = 0: several destinations, and none has a weight",
		},
		{
			name:    "a negative weight",
			route:   "[{destination: {host: reviews, subset: v1}, weight: 11}, {destination: {host: reviews, subset: v2}, weight: -1}]",
			want:    "reviews/v1=11",
			problem: "error VirtualService default/reviews: the weight -1 is negative",
		},
		{
			name:    "a sum that Envoy cannot hold",
			route:   "[{destination: {host: reviews, subset: v1}, weight: 2147483647}, {destination: {host: reviews, subset: v2}, weight: 2147483647}, {destination: {host: reviews, subset: v3}, weight: 2147483647}]",
			want:    "reviews/v1=2147483647 reviews/v2=2147483647 reviews/v3=2147483647",
			problem: "error VirtualService default/reviews: the weights sum to 6442450941, more than Envoy takes (4294967295)",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			table, list := compileWith(t, client, bookinfo, reviewsRules("  - route: "+tc.route))
			assert.Equal(t, tc.want, arms(ask(table, 9080, "http://reviews:9080/reviews/0")))
			if tc.problem == "" {
				assert.Empty(t, list)
			} else {
				assert.Equal(t, []string{tc.problem}, messages(list))
			}
		})
	}
}

// sigs.k8s.io/gateway-api apis/v1 shared_types.go, BackendRef.weight, and
// httproute_types.go, HTTPRouteRule.backendRefs.
func TestWeightsOfAnHTTPRoute(t *testing.T) {
	for _, tc := range []struct{ name, refs, want, problem string }{
		{name: "the default is 1", refs: "[{name: v1, port: 80}, {name: v2, port: 80, weight: 3}]", want: "v1=1 v2=3"},
		{name: "80 to 20", refs: "[{name: v1, port: 80, weight: 80}, {name: v2, port: 80, weight: 20}]", want: "v1=80 v2=20"},
		{name: "0 is left out", refs: "[{name: v1, port: 80, weight: 0}, {name: v2, port: 80, weight: 100}]", want: "v2=100"},
		{
			name: "all zero", refs: "[{name: v1, port: 80, weight: 0}, {name: v2, port: 80, weight: 0}]", want: "500",
			problem: "warning HTTPRoute default/split: the rule has no backendRef with a weight: it answers 500",
		},
		{
			name: "none", refs: "[]", want: "500",
			problem: "warning HTTPRoute default/split: the rule has no backendRef with a weight: it answers 500",
		},
		{
			name: "a Service that is not there", refs: "[{name: v1, port: 80, weight: 3}, {name: v9, port: 80, weight: 1}]", want: "v1=3 (500)=1",
			problem: "warning HTTPRoute default/split: Service default/v9 does not exist: its share is answered with 500",
		},
		{
			name: "a port that is not there", refs: "[{name: v1, port: 81}]", want: "(500)=1",
			problem: "warning HTTPRoute default/split: Service default/v1 has no port 81: its share is answered with 500",
		},
		{
			name: "another kind", refs: "[{kind: Bucket, group: storage.example, name: b}, {name: v1, port: 80}]", want: "(500)=1 v1=1",
			problem: `warning HTTPRoute default/split: a backend of group "storage.example" and kind "Bucket" is not one that Istio sends to here: its share is answered with 500`,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			services := ""
			for _, name := range []string{"svc", "v1", "v2"} {
				services += "apiVersion: v1\nkind: Service\nmetadata: {name: " + name + "}\nspec: {ports: [{port: 80}]}\n---\n"
			}
			route := `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: split}
` + "spec: {parentRefs: [{group: \"\", kind: Service, name: svc, port: 80}], rules: [\n    {backendRefs: " + tc.refs + "}]}"
			table, list := compileWith(t, client, services[:len(services)-5], route)
			assert.Equal(t, tc.want, arms(ask(table, 80, "http://svc/")))
			if tc.problem == "" {
				assert.Empty(t, list)
			} else {
				assert.Equal(t, []string{tc.problem}, messages(list))
			}
		})
	}
}
