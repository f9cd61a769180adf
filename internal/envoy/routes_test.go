package envoy_test

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/internal/envoy"
	"github.com/splitcheck/splitcheck/internal/manifests"
)

func read(t *testing.T, file string) []byte {
	t.Helper()
	text, err := os.ReadFile("testdata/" + file)
	require.NoError(t, err)
	return text
}

// TestSidecar reads what istiod and Envoy made of this VirtualService:
//
//	hosts: [ratings]
//	http:
//	- name: named
//	  match:
//	  - {headers: {end-user: {exact: jason}}, uri: {prefix: /ad}}
//	  - {uri: {regex: "/x.*"}, method: {exact: GET}, withoutHeaders: {foo: {}}, queryParams: {q: {exact: a}}, ignoreUriCase: true}
//	  fault: {abort: {percentage: {value: 33.333}, httpStatus: 500}, delay: {percentage: {value: 0.1}, fixedDelay: 7s}}
//	  route: [{destination: {host: ratings}, weight: 0}, {destination: {host: ratings, subset: v1}, weight: 100}]
//	  mirrors: [{destination: {host: reviews}, percentage: {value: 12.5}}, {destination: {host: details}}]
//	- match: [{uri: {exact: /r}, scheme: {exact: http}, authority: {prefix: rat}}]
//	  redirect: {uri: /y}
//	- match: [{uri: {exact: /d}}]
//	  directResponse: {status: 418}
//	- fault: {abort: {percentage: {value: 0}, httpStatus: 500}}
//	  route:
//	  - {destination: {host: ratings, subset: v1}, weight: 1}
//	  - {destination: {host: ratings, subset: nowhere}, weight: 2}
//	  - {destination: {host: gone}, weight: 0}
func TestSidecar(t *testing.T) {
	all, err := envoy.ParseRoutes(read(t, "sidecar.json"))
	require.NoError(t, err)
	ratings := manifests.Key{Group: manifests.IstioGroup, Kind: "VirtualService", Namespace: "default", Name: "ratings"}
	var ours envoy.Routes
	for _, r := range all {
		if r.VirtualHost != "ratings.default.svc.cluster.local:9080" {
			assert.Zero(t, r.Object, "plain routes name no object")
			continue
		}
		assert.Equal(t, ratings, r.Object)
		assert.Equal(t, -1, r.Rule)
		assert.Equal(t, "9080", r.Config)
		assert.Contains(t, r.Domains, "ratings")
		assert.Equal(t, time.Date(2026, 11, 24, 3, 47, 26, 466e6, time.UTC), r.Updated)
		ours = append(ours, r)
	}
	require.Len(t, ours, 5)

	named := ours[0]
	assert.Equal(t, "named", named.Name)
	assert.Equal(t, envoy.Match{Path: "prefix", Value: "/ad", Headers: []envoy.Condition{{Name: "end-user", Text: "exact", Value: "jason"}}}, named.Match)
	// istiod leaves out what has no weight.
	assert.Equal(t, []envoy.Arm{{Cluster: "outbound|9080|v1|ratings.default.svc.cluster.local", Weight: 100}}, named.Arms)
	assert.InDelta(t, 33.333, named.Abort, 1e-9)
	assert.InDelta(t, 0.1, named.Delay, 1e-9)
	assert.Equal(t, []envoy.Mirror{
		{Cluster: "outbound|9080||reviews.default.svc.cluster.local", Percent: 12.5},
		{Cluster: "outbound|9080||details.default.svc.cluster.local", Percent: 100},
	}, named.Mirrors)
	assert.Equal(t, envoy.Settings{Retries: 2, AbortStatus: 500, Delay: 7 * time.Second}, named.Settings)

	assert.Equal(t, envoy.Match{
		Path: "regex", Value: "/x.*", CaseInsensitive: true,
		Headers: []envoy.Condition{{Name: "foo", Text: "present", Invert: true}, {Name: ":method", Text: "exact", Value: "GET"}},
		Query:   []envoy.Condition{{Name: "q", Text: "exact", Value: "a"}},
	}, ours[1].Match)

	assert.True(t, ours[2].Redirect)
	assert.Equal(t, envoy.Settings{Status: 301, Location: "/y"}, ours[2].Settings)
	assert.Equal(t, []envoy.Condition{
		{Name: ":authority", Text: "prefix", Value: "rat"}, {Name: ":scheme", Text: "exact", Value: "http"},
	}, ours[2].Match.Headers)

	assert.True(t, ours[3].Direct)
	assert.Equal(t, 418, ours[3].Settings.Status)

	// A subset that nothing defines keeps its arm: Envoy answers it with 503.
	assert.Equal(t, []envoy.Arm{
		{Cluster: "outbound|9080|v1|ratings.default.svc.cluster.local", Weight: 1},
		{Cluster: "outbound|9080|nowhere|ratings.default.svc.cluster.local", Weight: 2},
	}, ours[4].Arms)
	assert.Zero(t, ours[4].Abort, "a fraction whose numerator is not printed")
}

// TestHTTPRoutes reads the routes of two HTTPRoutes that istiod merged into one
// VirtualService of its own, gamma~80~backend-svc.gamma.svc.cluster.local.
func TestHTTPRoutes(t *testing.T) {
	routes, err := envoy.ParseRoutes(read(t, "httproutes.json"))
	require.NoError(t, err)
	require.Len(t, routes, 3)
	of := func(name string) manifests.Key {
		return manifests.Key{Group: manifests.GatewayGroup, Kind: "HTTPRoute", Namespace: "gamma", Name: name}
	}
	assert.Equal(t, of("another"), routes[0].Object)
	assert.Equal(t, 0, routes[0].Rule)
	assert.Equal(t, "under", routes[0].Match.Path)
	assert.Equal(t, of(""), routes[1].Object, "a rule's own name hides its HTTPRoute's")
	assert.Equal(t, "mine", routes[1].Name)
	assert.Equal(t, of("dotted.name"), routes[2].Object)
	assert.Equal(t, 1, routes[2].Rule)
	assert.Equal(t, []envoy.Arm{{Cluster: "outbound|80||backend-v2.gamma.svc.cluster.local", Weight: 100}}, routes[2].Arms,
		"of two backends one has weight 0, the other 3: what is left stands alone")
}

// TestOlderNames reads the names that istiod of releases before 1.27 gave
// (istio 1.20 pilot/pkg/config/kube/gateway/conversion.go, buildHTTPVirtualServices),
// and the word of a refused update as the definition has it
// (envoy/admin/v3/config_dump_shared.proto, UpdateFailureState).
func TestOlderNames(t *testing.T) {
	routes, err := envoy.ParseRoutes([]byte(`{"configs": [{
		"route_config": {"name": "80", "virtual_hosts": [{"name": "a:80", "routes": [
			{"metadata": {"filter_metadata": {"istio": {"config": "/apis/networking.istio.io/v1alpha3/namespaces/ns/virtual-service/my-split-0-istio-autogenerated-k8s-gateway"}}}}
		]}]},
		"error_state": {"details": "no such luck", "last_update_attempt": "2026-01-02T03:04:05Z"}}]}`))
	require.NoError(t, err)
	require.Len(t, routes, 2)
	assert.Equal(t, manifests.Key{Group: manifests.GatewayGroup, Kind: "HTTPRoute", Namespace: "ns", Name: "my-split"}, routes[0].Object)
	assert.Equal(t, envoy.Route{Config: "80", Rejected: "no such luck", Updated: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}, routes[1])
}

func TestClusters(t *testing.T) {
	clusters, err := envoy.ParseClusters(read(t, "clusters.json"))
	require.NoError(t, err)
	v1 := clusters.Find("outbound|80||backend-v1.gamma.svc.cluster.local")
	require.NotNil(t, v1)
	assert.Equal(t, []envoy.Endpoint{{Address: "10.244.0.11", Port: 8080, Healthy: true, Requests: 7}}, v1.Endpoints)
	// Counters that are 0 have no value in the answer.
	echo := clusters.Find("outbound|80||echo.differential.svc.cluster.local")
	require.NotNil(t, echo)
	require.Len(t, echo.Endpoints, 2)
	assert.Zero(t, echo.Endpoints[0].Requests)
	v2 := clusters.Find("outbound|80||backend-v2.gamma.svc.cluster.local")
	require.NotNil(t, v2)
	assert.Empty(t, v2.Endpoints)
	assert.Nil(t, clusters.Find("outbound|80||nobody.gamma.svc.cluster.local"))
}

// TestTunnels reads pods that are sent to by HBONE, as istiod has them
// (istio pilot/pkg/networking/util/util.go, BuildInternalAddressWithIdentifier;
// envoy/config/core/v3/address.proto, EnvoyInternalAddress), and an address within
// Envoy that is no pod's.
func TestTunnels(t *testing.T) {
	clusters, err := envoy.ParseClusters([]byte(`{"cluster_statuses": [{"name": "c", "host_statuses": [
		{"address": {"envoy_internal_address": {"server_listener_name": "connect_originate", "endpoint_id": "10.244.0.7:8080"}},
		 "stats": [{"name": "rq_total", "value": "3"}], "health_status": {"eds_health_status": "HEALTHY"}},
		{"address": {"envoy_internal_address": {"server_listener_name": "connect_originate", "endpoint_id": "[fd00::7]:8080"}}},
		{"address": {"envoy_internal_address": {"server_listener_name": "main_internal"}}}]}]}`))
	require.NoError(t, err)
	assert.Equal(t, envoy.Clusters{{Name: "c", Endpoints: []envoy.Endpoint{
		{Address: "10.244.0.7", Port: 8080, Healthy: true, Requests: 3},
		{Address: "fd00::7", Port: 8080, Healthy: true},
	}}}, clusters)
}

// TestHealth goes by the definition, envoy/admin/v3/clusters.proto,
// HostHealthStatus: flags that are set speak against a host.
func TestHealth(t *testing.T) {
	for status, want := range map[string]bool{
		`{}`:                                true,
		`{"eds_health_status": "HEALTHY"}`:  true,
		`{"eds_health_status": "DEGRADED"}`: true,
		`{"eds_health_status": "DRAINING"}`: false,
		`{"eds_health_status": "HEALTHY", "failed_outlier_check": true}`:       false,
		`{"eds_health_status": "HEALTHY", "pending_dynamic_removal": true}`:    false,
		`{"eds_health_status": "HEALTHY", "failed_active_health_check": true}`: false,
	} {
		clusters, err := envoy.ParseClusters([]byte(`{"cluster_statuses": [{"name": "c", "host_statuses": [
			{"address": {"socket_address": {"address": "10.0.0.1", "port_value": 80}},
			 "stats": [{"name": "rq_total", "value": "9007199254740993"}, {"name": "rq_error", "value": "2"}],
			 "health_status": ` + status + `}, {"address": {"pipe": {"path": "/x"}}}]}]}`))
		require.NoError(t, err)
		assert.Equal(t, envoy.Clusters{{Name: "c", Endpoints: []envoy.Endpoint{
			{Address: "10.0.0.1", Port: 80, Healthy: want, Requests: 9007199254740993, Errors: 2},
		}}}, clusters, status)
	}
}

func TestUnreadable(t *testing.T) {
	for _, text := range []string{"", "upstream connect error", `{"configs": 1}`, `{"cluster_statuses": 1}`} {
		_, errRoutes := envoy.ParseRoutes([]byte(text))
		_, errClusters := envoy.ParseClusters([]byte(text))
		assert.True(t, errRoutes != nil || errClusters != nil, text)
	}
	_, err := envoy.ParseClusters([]byte(`{"cluster_statuses": [{"name": "c", "host_statuses": [
		{"address": {"socket_address": {"address": "a", "port_value": 1}}, "stats": [{"name": "rq_total", "value": "many"}]}]}]}`))
	assert.ErrorContains(t, err, "rq_total of a:1 in c")
}
