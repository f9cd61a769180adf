package cluster

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/splitcheck/splitcheck/internal/envoy"
	"github.com/splitcheck/splitcheck/internal/proxies"
	"github.com/splitcheck/splitcheck/reports/words"
)

// TestAgainst reads a status as istiod 1.31 writes it for an HTTPRoute whose
// backend is missing (conditions and words from a cluster).
func TestAgainst(t *testing.T) {
	u := &unstructured.Unstructured{}
	require.NoError(t, u.UnmarshalJSON([]byte(`{"apiVersion":"gateway.networking.k8s.io/v1","kind":"HTTPRoute","metadata":{"name":"a"},
"status":{"parents":[{"parentRef":{"name":"canary-gateway"},"conditions":[
 {"type":"Accepted","status":"True","reason":"Accepted","message":"Route was valid"},
 {"type":"ResolvedRefs","status":"False","reason":"BackendNotFound","message":"backend(appv9.default.svc.cluster.local) not found"}]}]}}`)))
	assert.Equal(t, []string{"for the parent canary-gateway, ResolvedRefs is false: BackendNotFound: backend(appv9.default.svc.cluster.local) not found"}, words.All(against(u)))
	unstructured.RemoveNestedField(u.Object, "status")
	require.Len(t, against(u), 1)
	assert.Contains(t, words.English(against(u)[0]), "no controller has taken it up")
}

// TestLedger: what was counted before a scenario is not its own, and a counter
// that begins anew loses nothing.
func TestLedger(t *testing.T) {
	var l ledger
	p := proxies.Proxy{Name: "a", Namespace: "b"}
	say := func(requests int64) {
		l.record(p, envoy.Clusters{{Name: "outbound|80||x", Endpoints: []envoy.Endpoint{{Address: "10.0.0.1", Requests: requests}}}, {Name: "inbound|80||", Endpoints: []envoy.Endpoint{{Address: "10.0.0.1", Requests: 7}}}})
	}
	count := func() int64 { return l.since()[counter{"a.b", "outbound|80||x", "10.0.0.1"}].requests }
	say(100)
	assert.EqualValues(t, 0, count())
	say(130)
	assert.EqualValues(t, 30, count())
	say(5)
	assert.EqualValues(t, 35, count())
	say(6)
	assert.EqualValues(t, 36, count())
	assert.Len(t, l.since(), 1, "what a sidecar hands to its own application is not sent to a Service")
}

// What istiod's analysis writes into a status: Istio 1.31 was seen to write a code, a
// level, and the page that says what the code means; its type has room for a name.
func TestAnalysisIsToldWithItsPage(t *testing.T) {
	var u unstructured.Unstructured
	require.NoError(t, u.UnmarshalJSON([]byte(`{"apiVersion":"networking.istio.io/v1","kind":"VirtualService","metadata":{"name":"canary"},"status":{"validationMessages":[
		{"documentationUrl":"https://istio.io/v1.31/docs/reference/config/analysis/ist0101/","level":"ERROR","type":{"code":"IST0101"}},
		{"level":"ERROR","type":{"code":"IST0132","name":"VirtualServiceHostNotFoundInGateway"}},
		{"level":"INFO","type":{"code":"IST0102","name":"NamespaceNotInjected"}}]}}`)))
	assert.Equal(t, []string{
		"IST0101, see https://istio.io/v1.31/docs/reference/config/analysis/ist0101/",
		"IST0132 VirtualServiceHostNotFoundInGateway",
	}, words.All(against(&u)))
}
