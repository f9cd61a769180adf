package routing_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/internal/routing"
)

func destinationRule(name, namespace, spec string) string {
	return "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: " + name + ", namespace: " + namespace + "}\nspec: " + spec
}

const oneService = "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {ports: [{port: 80, name: http}, {port: 81, name: http-b}]}"

func clusterOf(port int, subset string) routing.ClusterName {
	return routing.ClusterName{Host: "s.default.svc.cluster.local", Port: port, Subset: subset}
}

// istio.io/api networking/v1alpha3 destination_rule.proto, LoadBalancerSettings;
// istio pilot/pkg/networking/util, MergeTrafficPolicy.
func TestBalancers(t *testing.T) {
	for _, tc := range []struct {
		name, spec string
		port       int
		subset     string
		want       routing.Balancer
		on         routing.HashOn
	}{
		{name: "the default", spec: "{host: s}", port: 80, want: routing.LeastRequest},
		{name: "the old name", spec: "{host: s, trafficPolicy: {loadBalancer: {simple: LEAST_CONN}}}", port: 80, want: routing.LeastRequest},
		{name: "round robin", spec: "{host: s, trafficPolicy: {loadBalancer: {simple: ROUND_ROBIN}}}", port: 80, want: routing.RoundRobin},
		{name: "random", spec: "{host: s, trafficPolicy: {loadBalancer: {simple: RANDOM}}}", port: 80, want: routing.Random},
		{name: "a subset takes after the rule", spec: "{host: s, trafficPolicy: {loadBalancer: {simple: RANDOM}}, subsets: [{name: v1}]}", port: 80, subset: "v1", want: routing.Random},
		{
			name: "a subset has its own", spec: "{host: s, trafficPolicy: {loadBalancer: {simple: RANDOM}}, subsets: [{name: v1, trafficPolicy: {loadBalancer: {simple: ROUND_ROBIN}}}]}",
			port: 80, subset: "v1", want: routing.RoundRobin,
		},
		{name: "a port has its own", spec: "{host: s, trafficPolicy: {loadBalancer: {simple: RANDOM}, portLevelSettings: [{port: {number: 81}, loadBalancer: {simple: ROUND_ROBIN}}]}}", port: 81, want: routing.RoundRobin},
		{name: "not the other port", spec: "{host: s, trafficPolicy: {loadBalancer: {simple: RANDOM}, portLevelSettings: [{port: {number: 81}, loadBalancer: {simple: ROUND_ROBIN}}]}}", port: 80, want: routing.Random},
		{name: "a port takes nothing after the rule", spec: "{host: s, trafficPolicy: {loadBalancer: {simple: RANDOM}, portLevelSettings: [{port: {number: 81}}]}}", port: 81, want: routing.LeastRequest},
		{
			name: "by header", spec: "{host: s, trafficPolicy: {loadBalancer: {consistentHash: {httpHeaderName: x-user}}}}",
			port: 80, want: routing.ConsistentHash, on: routing.HashOn{Header: "x-user"},
		},
		{
			name: "by cookie", spec: "{host: s, subsets: [{name: v1, trafficPolicy: {loadBalancer: {consistentHash: {httpCookie: {name: user, ttl: 60s}}}}}]}",
			port: 80, subset: "v1", want: routing.ConsistentHash, on: routing.HashOn{Cookie: "user", CookieTTL: time.Minute},
		},
		{name: "by address", spec: "{host: s, trafficPolicy: {loadBalancer: {consistentHash: {useSourceIp: true}}}}", port: 80, want: routing.ConsistentHash, on: routing.HashOn{SourceIP: true}},
		{name: "by query", spec: "{host: s, trafficPolicy: {loadBalancer: {consistentHash: {httpQueryParameterName: q}}}}", port: 80, want: routing.ConsistentHash, on: routing.HashOn{Query: "q"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := compile(t, client, oneService, destinationRule("s", "default", tc.spec)).Cluster(clusterOf(tc.port, tc.subset))
			require.NotNil(t, c)
			assert.Equal(t, tc.want, c.Balancer)
			assert.Equal(t, tc.on, c.HashOn)
		})
	}
}

// istio pilot/pkg/model/destination_rule.go, mergeDestinationRule.
func TestDestinationRulesOfAHostAreMerged(t *testing.T) {
	table, list := compileWith(t, client, oneService,
		destinationRule("a", "default", "{host: s, subsets: [{name: v1, labels: {version: v1}}]}"),
		destinationRule("b", "default", "{host: s.default.svc.cluster.local, trafficPolicy: {loadBalancer: {simple: RANDOM}}, subsets: [{name: v2, labels: {version: v2}}, {name: v1, labels: {version: other}}]}"),
		destinationRule("c", "default", "{host: s, trafficPolicy: {loadBalancer: {simple: ROUND_ROBIN}}}"))
	assert.Equal(t, map[string]string{"version": "v1"}, table.Cluster(clusterOf(80, "v1")).SubsetLabels)
	assert.Equal(t, map[string]string{"version": "v2"}, table.Cluster(clusterOf(81, "v2")).SubsetLabels)
	assert.Nil(t, table.Cluster(clusterOf(80, "")).SubsetLabels)
	assert.Equal(t, routing.Random, table.Cluster(clusterOf(80, "v1")).Balancer, "the first policy there is")
	assert.Equal(t, []string{`warning DestinationRule default/b: subset "v1" of s.default.svc.cluster.local is defined before; the first definition stands`}, messages(list))
}

// istio pilot/pkg/model/push_context.go, destinationRule: the client's
// namespace, the service's, the root's; the first that has one ends the search.
func TestWhereDestinationRulesAreLookedUp(t *testing.T) {
	const full = "s.default.svc.cluster.local"
	rule := func(namespace, balancer, exportTo string) string {
		return destinationRule("r", namespace, "{host: "+full+", exportTo: ["+exportTo+"], trafficPolicy: {loadBalancer: {simple: "+balancer+"}}}")
	}
	away := client
	away.Namespace = "away"
	for _, tc := range []struct {
		name  string
		proxy routing.Proxy
		rules []string
		want  routing.Balancer
	}{
		{"the client's goes first", away, []string{rule("default", "RANDOM", ""), rule("away", "ROUND_ROBIN", "")}, routing.RoundRobin},
		{"the client's own, private", away, []string{rule("away", "ROUND_ROBIN", "'.'")}, routing.RoundRobin},
		{"then the service's", away, []string{rule("istio-system", "ROUND_ROBIN", ""), rule("default", "RANDOM", "")}, routing.Random},
		{"a private one of the service's is not seen", away, []string{rule("istio-system", "ROUND_ROBIN", ""), rule("default", "RANDOM", "'.'")}, routing.RoundRobin},
		{"exported by name", away, []string{rule("default", "RANDOM", "away")}, routing.Random},
		{"a stranger's is not asked", away, []string{rule("stranger", "RANDOM", "")}, routing.LeastRequest},
		{"a gateway asks the service's before the root's", ingress, []string{rule("istio-system", "ROUND_ROBIN", ""), rule("default", "RANDOM", "")}, routing.Random},
		{"but its own private ones first", ingress, []string{rule("istio-system", "ROUND_ROBIN", "'.'"), rule("default", "RANDOM", "")}, routing.RoundRobin},
	} {
		t.Run(tc.name, func(t *testing.T) {
			table := compile(t, tc.proxy, append([]string{oneService}, tc.rules...)...)
			assert.Equal(t, tc.want, table.Cluster(clusterOf(80, "")).Balancer)
		})
	}
	wild := destinationRule("w", "default", "{host: '*.default.svc.cluster.local', trafficPolicy: {loadBalancer: {simple: RANDOM}}}")
	wider := strings.NewReplacer("RANDOM", "ROUND_ROBIN", "'*.default.svc", "'*.svc", "name: w", "name: wider").Replace(wild)
	assert.Equal(t, routing.Random, compile(t, client, oneService, wider, wild).Cluster(clusterOf(80, "")).Balancer, "the most specific host")
}

// A cluster that is not there answers 503 (flag NC) for its share.
func TestDestinationsThatAreNotThere(t *testing.T) {
	for destination, problem := range map[string]string{
		"{host: reviews, subset: v9}":           `no DestinationRule defines subset "v9" of reviews.default.svc.cluster.local: what is sent there is answered with 503`,
		"{host: nobody}":                        `host "nobody" names no Service: what is sent there is answered with 503`,
		"{host: reviews, port: {number: 9999}}": `Service default/reviews has no port 9999: what is sent there is answered with 503`,
	} {
		table, list := compileWith(t, client, bookinfo, reviewsRules("  - route: [{destination: "+destination+"}]"))
		d := ask(table, 9080, "http://reviews/")
		require.NotNil(t, d.Rule)
		assert.Nil(t, table.Cluster(d.Rule.Destinations[0].Cluster))
		assert.Equal(t, []string{"warning VirtualService default/reviews: " + problem}, messages(list))
	}
}
