package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	clienttesting "k8s.io/client-go/testing"

	"github.com/splitcheck/splitcheck/internal/envoy"
	"github.com/splitcheck/splitcheck/internal/kube/kubetest"
	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/proxies"
)

var kinds = []struct {
	gvk        schema.GroupVersionKind
	namespaced bool
}{
	{schema.GroupVersionKind{Version: "v1", Kind: "Namespace"}, false},
	{schema.GroupVersionKind{Version: "v1", Kind: "Service"}, true},
	{schema.GroupVersionKind{Version: "v1", Kind: "ConfigMap"}, true},
	{schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "Deployment"}, true},
	{schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "StatefulSet"}, true},
	{schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "DaemonSet"}, true},
	{schema.GroupVersionKind{Version: "v1", Kind: "Pod"}, true},
	{schema.GroupVersionKind{Group: "networking.istio.io", Version: "v1", Kind: "DestinationRule"}, true},
	{schema.GroupVersionKind{Group: "networking.istio.io", Version: "v1", Kind: "Gateway"}, true},
	{schema.GroupVersionKind{Group: "networking.istio.io", Version: "v1", Kind: "VirtualService"}, true},
	{schema.GroupVersionKind{Group: "gateway.networking.k8s.io", Version: "v1", Kind: "Gateway"}, true},
	{schema.GroupVersionKind{Group: "gateway.networking.k8s.io", Version: "v1", Kind: "HTTPRoute"}, true},
}

// A world is a cluster of which only the objects are there, and one gateway pod
// that carries what it is told to.
type fakeWorld struct {
	t *testing.T
	*Cluster
	dynamic *kubetest.Cluster

	mu sync.Mutex
	// wrote is every write: "apply VirtualService canary", "delete Gateway in".
	wrote []string
	asked []string // the same for dry runs
	// refuse answers for an object, if it does.
	refuse func(u *unstructured.Unstructured) error
	// carried returns the routes of the gateway's pod.
	carried func() envoy.Routes
	// counted are the requests that the gateway's pod has sent, by cluster and
	// address.
	counted map[string]map[string]envoy.Endpoint
	// refusals are what the proxies write into their logs.
	refusals []string
	pods     []proxies.Proxy
}

func newWorld(t *testing.T, options Options, there ...*unstructured.Unstructured) *fakeWorld {
	t.Helper()
	lists := map[schema.GroupVersionResource]string{}
	for _, k := range kinds {
		// Kubernetes' own are known.
		if strings.Contains(k.gvk.Group, ".") {
			lists[plural(k.gvk)] = k.gvk.Kind + "List"
		}
	}
	w := &fakeWorld{t: t, pods: []proxies.Proxy{{
		Name: "ingress-1", Namespace: "istio-system", Workload: "ingress", Gateway: true,
		Labels: map[string]string{"istio": "ingressgateway"},
	}}}
	w.dynamic = kubetest.With(lists)
	w.dynamic.Kinds = discoverable()
	for _, o := range there {
		// Left to itself the fake would look for gatewaies.
		require.NoError(t, w.dynamic.Tracker().Create(plural(o.GroupVersionKind()), o, o.GetNamespace()))
	}
	w.dynamic.PrependReactor("patch", "*", w.patched)
	w.dynamic.PrependReactor("delete", "*", func(action clienttesting.Action) (bool, runtime.Object, error) {
		w.note(&w.wrote, "delete "+action.GetResource().Resource+" "+action.(clienttesting.DeleteAction).GetName())
		return false, nil, nil
	})
	options.Scenario = "test"
	w.dynamic.PrependReactor("create", "pods", func(action clienttesting.Action) (bool, runtime.Object, error) {
		pod := action.(clienttesting.CreateAction).GetObject().(*unstructured.Unstructured)
		return true, pod, unstructured.SetNestedSlice(pod.Object, []any{map[string]any{"name": "istio-proxy"}}, "spec", "initContainers")
	})
	w.Cluster = open(options, w.dynamic.Client(), w)
	return w
}

// plural is where the objects of a kind are.
func plural(kind schema.GroupVersionKind) schema.GroupVersionResource {
	return kind.GroupVersion().WithResource(strings.ToLower(kind.Kind) + "s")
}

// discoverable are the kinds as an API server tells of them.
func discoverable() []metav1.APIResourceList {
	var lists []metav1.APIResourceList
	for _, k := range kinds {
		version := k.gvk.GroupVersion().String()
		at := slices.IndexFunc(lists, func(l metav1.APIResourceList) bool { return l.GroupVersion == version })
		if at < 0 {
			at, lists = len(lists), append(lists, metav1.APIResourceList{GroupVersion: version})
		}
		lists[at].APIResources = append(lists[at].APIResources, metav1.APIResource{
			Name: plural(k.gvk).Resource, Kind: k.gvk.Kind, Namespaced: k.namespaced, Verbs: metav1.Verbs{"list", "delete"},
		})
	}
	return lists
}

func (w *fakeWorld) note(list *[]string, what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	*list = append(*list, what)
}

// patched stands in for server-side apply, which the fake client has no schema
// for: what is sent is what is there.
func (w *fakeWorld) patched(action clienttesting.Action) (bool, runtime.Object, error) {
	patch := action.(clienttesting.PatchActionImpl)
	if patch.GetPatchType() != types.ApplyPatchType {
		return false, nil, nil
	}
	u := &unstructured.Unstructured{}
	if err := json.Unmarshal(patch.GetPatch(), &u.Object); err != nil {
		return true, nil, err
	}
	if w.refuse != nil {
		if err := w.refuse(u); err != nil {
			return true, nil, err
		}
	}
	what := "apply " + u.GetKind() + " " + u.GetName()
	if len(patch.PatchOptions.DryRun) > 0 {
		w.note(&w.asked, what)
		return true, u, nil
	}
	w.note(&w.wrote, what)
	u.SetCreationTimestamp(metav1.Now())
	tracker := w.dynamic.Tracker()
	if _, err := tracker.Get(patch.Resource, patch.Namespace, patch.Name); err == nil {
		return true, u, tracker.Update(patch.Resource, u, patch.Namespace)
	}
	return true, u, tracker.Create(patch.Resource, u, patch.Namespace)
}

func (w *fakeWorld) List(_ context.Context, namespaces ...string) ([]proxies.Proxy, error) {
	return slices.DeleteFunc(slices.Clone(w.pods), func(p proxies.Proxy) bool {
		return len(namespaces) > 0 && !slices.Contains(namespaces, p.Namespace)
	}), nil
}

func (w *fakeWorld) Routes(context.Context, proxies.Proxy) (envoy.Routes, error) {
	if w.carried == nil {
		return nil, nil
	}
	return w.carried(), nil
}

func (w *fakeWorld) Clusters(context.Context, proxies.Proxy) (envoy.Clusters, error) {
	clusters := envoy.Clusters{
		{Name: "outbound|80|v1|canary.default.svc.cluster.local"},
		{Name: "outbound|80|v2|canary.default.svc.cluster.local"},
	}
	for i := range clusters {
		for address, e := range w.counted[clusters[i].Name] {
			e.Address = address
			clusters[i].Endpoints = append(clusters[i].Endpoints, e)
		}
	}
	return clusters, nil
}

func (w *fakeWorld) Refusals(context.Context, proxies.Proxy, time.Duration) ([]string, error) {
	return w.refusals, nil
}

func (w *fakeWorld) Close() {}

// objects reads manifests.
func objects(t *testing.T, text string) []manifests.Object {
	t.Helper()
	found, problems := manifests.Decode("test.yaml", []byte(text))
	require.NoError(t, problems.Err())
	return found
}

// canary is a Service in two subsets behind the ingress gateway.
const canary = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: canary}
spec:
  hosts: ["*"]
  gateways: [in]
  http:
  - route:
    - {destination: {host: canary.default.svc.cluster.local, subset: v1}, weight: 90}
    - {destination: {host: canary.default.svc.cluster.local, subset: v2}, weight: 10}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: in}
spec:
  selector: {istio: ingressgateway}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: canary}
spec:
  host: canary.default.svc.cluster.local
  subsets: [{name: v1, labels: {app: v1}}, {name: v2, labels: {app: v2}}]
---
apiVersion: v1
kind: Service
metadata: {name: canary}
spec: {ports: [{port: 80, name: http}], selector: {apply: canary}}
---
apiVersion: v1
kind: Namespace
metadata: {name: default, labels: {istio-injection: enabled}}
`

// routed is what a gateway carries of canary, as in the recorded dumps of
// package proxies.
func routed(v1, v2 float64) envoy.Routes {
	return envoy.Routes{{
		Config: "http.8080", VirtualHost: "*:80", Domains: []string{"*"},
		Object: manifests.Key{Group: "networking.istio.io", Kind: "VirtualService", Namespace: "default", Name: "canary"}, Rule: -1,
		Match: envoy.Match{Path: "prefix", Value: "/"},
		Arms: []envoy.Arm{
			{Cluster: "outbound|80|v1|canary.default.svc.cluster.local", Weight: v1},
			{Cluster: "outbound|80|v2|canary.default.svc.cluster.local", Weight: v2},
		},
		Settings: envoy.Settings{Retries: 2},
		Updated:  time.Date(2026, 11, 24, 4, 0, 0, 0, time.UTC),
	}}
}

func there(kind, name string, labels map[string]string) *unstructured.Unstructured {
	u := &unstructured.Unstructured{}
	for _, k := range kinds {
		if k.gvk.Kind == kind {
			u.SetGroupVersionKind(k.gvk)
			if k.namespaced {
				u.SetNamespace("default")
			}
			break
		}
	}
	u.SetName(name)
	u.SetLabels(labels)
	u.SetManagedFields([]metav1.ManagedFieldsEntry{{Manager: "helm"}})
	return u
}

var errRefused = fmt.Errorf("admission webhook said no")

// names are what canary calls its objects.
var names = map[string]string{"VirtualService": "canary", "DestinationRule": "canary", "Gateway": "in"}

// edit changes one object of canary past the API: nothing counts its generations.
func (w *fakeWorld) edit(t *testing.T, kind string, change func(*unstructured.Unstructured)) {
	t.Helper()
	at := schema.GroupVersionResource{Group: "networking.istio.io", Version: "v1", Resource: strings.ToLower(kind) + "s"}
	got, err := w.dynamic.Tracker().Get(at, "default", names[kind])
	require.NoError(t, err)
	u := got.(*unstructured.Unstructured).DeepCopy()
	change(u)
	require.NoError(t, w.dynamic.Tracker().Update(at, u, "default"))
}

func (w *fakeWorld) drop(t *testing.T, kind string) {
	t.Helper()
	at := schema.GroupVersionResource{Group: "networking.istio.io", Version: "v1", Resource: strings.ToLower(kind) + "s"}
	require.NoError(t, w.dynamic.Tracker().Delete(at, "default", names[kind]))
}

// add puts one more object into the cluster.
func (w *fakeWorld) add(t *testing.T, text string) {
	t.Helper()
	u := stands(t, text)
	at := plural(u.GroupVersionKind())
	require.NoError(t, w.dynamic.Tracker().Create(at, u, u.GetNamespace()))
}
