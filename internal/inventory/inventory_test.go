package inventory_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/splitcheck/splitcheck/internal/inventory"
	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/routing"
)

func objects(t *testing.T, text string) []manifests.Object {
	t.Helper()
	list, found := manifests.Decode("test.yaml", []byte(text))
	require.NoError(t, found.Err())
	return list
}

func names(list []manifests.Object) []string {
	var words []string
	for _, o := range list {
		words = append(words, o.String())
	}
	return words
}

// route is a VirtualService that sends everything to one subset.
func route(t *testing.T, name, subset string) manifests.Object {
	t.Helper()
	return objects(t, `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: `+name+`}
spec: {hosts: [reviews], http: [{route: [{destination: {host: reviews, subset: `+subset+`}}]}]}
`)[0]
}

// TestAppliedAgain: Kubernetes never changes an object's creationTimestamp, and a
// sidecar keeps the older of two VirtualServices for one host, as the differential
// case sidecar/older-wins shows. So the one that was applied first decides until it
// is deleted, however often it is applied.
func TestAppliedAgain(t *testing.T) {
	there := inventory.Of(objects(t, `
apiVersion: v1
kind: Service
metadata: {name: reviews}
spec: {selector: {app: reviews}, ports: [{port: 9080, name: http}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews}
spec: {host: reviews, subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}, {name: v3, labels: {version: v3}}]}
`))
	decides := func() string {
		table, found := routing.Compile(there.Objects(), routing.Proxy{Name: "client", Namespace: "default"})
		require.NoError(t, found.Err())
		return table.Splits("reviews")[0].Rule.Destinations[0].Cluster.Subset
	}
	there.Apply(route(t, "zulu", "v1"), route(t, "alpha", "v2"))
	assert.Equal(t, "v1", decides())
	before := there.Clone()
	there.Apply(route(t, "zulu", "v3"))
	assert.Equal(t, "v3", decides(), "applied again it is changed, and as old as it was")
	there.Delete(route(t, "zulu", "v3").Key())
	there.Apply(route(t, "zulu", "v1"))
	assert.Equal(t, "v2", decides(), "made anew it is the younger")
	there = before
	assert.Equal(t, "v1", decides(), "a clone does not change with its origin")
}

func TestReplicas(t *testing.T) {
	deployment := func(spec string) []manifests.Object {
		return objects(t, `
apiVersion: apps/v1
kind: Deployment
metadata: {name: app, namespace: shop}
spec: {`+spec+`selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: a}}, spec: {containers: [{name: app, image: i}]}}}
`)
	}
	key := inventory.DeploymentKey("shop", "app")
	there := inventory.Of(deployment(""))
	assert.Equal(t, 1, there.Replicas(key), "Kubernetes' default")
	assert.True(t, there.Scale("shop", "app", 4))
	there.Apply(deployment("")...)
	assert.Equal(t, 4, there.Replicas(key), "kubectl apply leaves what a manifest does not say")
	there.Apply(deployment("replicas: 2, ")...)
	assert.Equal(t, 2, there.Replicas(key))
	assert.False(t, there.Scale("default", "app", 3))
	assert.Nil(t, there.Deployment("default", "app"))

	clone := there.Clone()
	clone.Delete(key)
	assert.False(t, clone.Scale("shop", "app", 3))
	clone.Apply(deployment("")...)
	assert.Equal(t, 1, clone.Replicas(key), "made anew")
	assert.Equal(t, 2, there.Replicas(key), "a clone is another")
}

func TestDelete(t *testing.T) {
	there := inventory.Of(objects(t, `
{apiVersion: v1, kind: Namespace, metadata: {name: shop}}
---
{apiVersion: v1, kind: Service, metadata: {name: a, namespace: shop}, spec: {ports: [{port: 80}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: b}, spec: {ports: [{port: 80}]}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: c, namespace: shop}}
`))
	there.Delete(manifests.Key{Kind: "Service", Namespace: "shop", Name: "nothing"})
	assert.Len(t, there.Objects(), 4)
	there.Delete(manifests.Key{Kind: "Namespace", Name: "shop"})
	assert.Equal(t, []string{"Service default/b"}, names(there.Objects()), "everything in it is gone with it")
	_, known := there.Object(manifests.Key{Kind: "Service", Namespace: "default", Name: "b"})
	assert.True(t, known)
}

// Orders after istio pilot/pkg/model/config.go, sortConfigByCreationTime, and the
// Gateway API's "alphabetical order by {namespace}/{name}".
func TestOlder(t *testing.T) {
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	older := func(kind, a string, made time.Time, b string, other time.Time) bool {
		key := func(name string) manifests.Key {
			return manifests.Key{Kind: kind, Namespace: name[:1], Name: name[2:]}
		}
		return inventory.Older(key(a), made, key(b), other) < 0
	}
	for _, kind := range []string{"VirtualService", "HTTPRoute"} {
		assert.True(t, older(kind, "z/z", noon, "a/a", noon.Add(time.Second)), kind)
		assert.True(t, older(kind, "n/a", noon, "n/b", noon), kind)
	}
	assert.True(t, older("VirtualService", "b/x", noon, "a/y", noon), "by name first")
	assert.False(t, older("HTTPRoute", "b/x", noon, "a/y", noon), "by namespace first")
}

// Cases after the webhooks of istio manifests/charts/istio-control/istio-discovery
// (templates/mutatingwebhook.yaml) and pkg/kube/inject/inject.go, injectRequired.
func TestInjects(t *testing.T) {
	const mark = "sidecar.istio.io/inject"
	type set = map[string]string
	for _, tc := range []struct {
		name                         string
		namespace, labels, annotated set
		want                         bool
	}{
		{"nothing said", nil, nil, nil, false},
		{"the namespace asks", set{"istio-injection": "enabled"}, nil, nil, true},
		{"by a revision", set{"istio.io/rev": "stable"}, nil, nil, true},
		{"by a word that means nothing", set{"istio-injection": "yes"}, nil, nil, false},
		{"it declines, whatever the pod asks", set{"istio-injection": "disabled"}, set{mark: "true"}, nil, false},
		{"it declines, whatever the revision", set{"istio-injection": "disabled", "istio.io/rev": "stable"}, nil, nil, false},
		{"the pod declines by its label", set{"istio-injection": "enabled"}, set{mark: "false"}, nil, false},
		{"or its annotation", set{"istio.io/rev": "stable"}, nil, set{mark: "false"}, false},
		{"its label goes before its annotation", set{"istio-injection": "enabled"}, set{mark: "true"}, set{mark: "false"}, true},
		{"both say the same", set{"istio-injection": "enabled"}, set{mark: "true"}, set{mark: "true"}, true},
		{"the pod asks by its label", nil, set{mark: "true"}, nil, true},
		{"its annotation alone is not seen", nil, nil, set{mark: "true"}, false},
		{"the pod names a revision", nil, set{"istio.io/rev": "stable"}, nil, true},
		{"and declines", nil, set{"istio.io/rev": "stable", mark: "false"}, nil, false},
	} {
		pod := &corev1.PodTemplateSpec{}
		pod.Labels, pod.Annotations = tc.labels, tc.annotated
		assert.Equal(t, tc.want, inventory.Injects(tc.namespace, pod), tc.name)
		pod.Spec.HostNetwork = true
		assert.False(t, inventory.Injects(tc.namespace, pod), "%s, on the node's network", tc.name)
	}

	there := inventory.Of(objects(t, "{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {istio-injection: enabled}}}"))
	assert.True(t, there.Injects("shop", &corev1.PodTemplateSpec{}))
	assert.False(t, there.Injects("default", &corev1.PodTemplateSpec{}))
}

func TestEntrance(t *testing.T) {
	gateway := func(name, class, more string) string {
		return `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: ` + name + `, namespace: shop, labels: {team: web}}
spec: {gatewayClassName: ` + class + more + `, listeners: [{name: tls, port: 443, protocol: HTTPS}, {name: web, port: 8080, protocol: HTTP}]}
---
`
	}
	_, ok := inventory.Entrance(objects(t, gateway("others", "nginx", "")))
	assert.False(t, ok, "another's class")

	g, ok := inventory.Entrance(objects(t, gateway("others", "nginx", "")+gateway("first", "istio", "")+gateway("second", "istio", "")))
	require.True(t, ok)
	assert.False(t, g.Handed)
	assert.Equal(t, 8080, g.Port())
	assert.Equal(t, routing.Proxy{
		Name: "first-istio", Namespace: "shop", Gateway: true, GatewayAPI: "shop/first",
		Labels: map[string]string{"gateway.networking.k8s.io/gateway-name": "first", "team": "web"},
	}, g.Proxy())

	g, ok = inventory.Entrance(objects(t, gateway("handed", "istio", ", addresses: [{type: Hostname, value: edge.shop.svc.cluster.local}]")+gateway("made", "istio", "")))
	require.True(t, ok)
	assert.True(t, g.Handed)
	assert.Equal(t, []string{"shop/edge"}, g.Services)
}
