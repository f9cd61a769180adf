package kube_test

import (
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/splitcheck/splitcheck/internal/kube"
	"github.com/splitcheck/splitcheck/internal/kube/kubetest"
)

func kind(name string, namespaced bool, verbs ...string) metav1.APIResource {
	return metav1.APIResource{Name: name, Kind: map[string]string{"httproutes": "HTTPRoute", "referencegrants": "ReferenceGrant", "tokenreviews": "TokenReview", "nodes": "Node", "nodes/status": "Node"}[name],
		Namespaced: namespaced, Verbs: verbs}
}

// discoverable is the Gateway API of 1.3, whose grants were not in v1 yet.
func discoverable() *kubetest.Cluster {
	c := kubetest.New()
	c.Kinds = []metav1.APIResourceList{
		{GroupVersion: "v1", APIResources: []metav1.APIResource{kind("nodes/status", false, "get"), kind("nodes", false, "list", "delete")}},
		{GroupVersion: "gateway.networking.k8s.io/v1", APIResources: []metav1.APIResource{kind("httproutes", true, "list", "delete")}},
		{GroupVersion: "gateway.networking.k8s.io/v1beta1", APIResources: []metav1.APIResource{kind("httproutes", true, "list", "delete"), kind("referencegrants", true, "list", "delete")}},
		{GroupVersion: "authentication.k8s.io/v1", APIResources: []metav1.APIResource{kind("tokenreviews", false, "create")}},
	}
	return c
}

func TestFind(t *testing.T) {
	cluster := discoverable()
	client := cluster.Client()
	gateway := func(kind string) schema.GroupKind {
		return schema.GroupKind{Group: "gateway.networking.k8s.io", Kind: kind}
	}
	got, err := client.Find(t.Context(), gateway("HTTPRoute"), "")
	require.NoError(t, err)
	assert.Equal(t, "v1", got.Version, "the first that has it")
	got, err = client.Find(t.Context(), gateway("ReferenceGrant"), "")
	require.NoError(t, err)
	assert.Equal(t, kube.Resource{
		GroupVersionResource: schema.GroupVersionResource{Group: "gateway.networking.k8s.io", Version: "v1beta1", Resource: "referencegrants"}, Kind: "ReferenceGrant", Namespaced: true,
	}, got)
	got, err = client.Find(t.Context(), schema.GroupKind{Kind: "Node"}, "v1")
	require.NoError(t, err)
	assert.Equal(t, "nodes", got.Resource, "and not a part of it")

	for _, version := range []string{"", "v1", "v9"} {
		_, err = client.Find(t.Context(), gateway("ReferenceGrant"), version)
		assert.Equal(t, version != "", meta.IsNoMatchError(err), version)
	}
	_, err = client.Find(t.Context(), schema.GroupKind{Group: "networking.istio.io", Kind: "Gateway"}, "")
	assert.True(t, meta.IsNoMatchError(err), "a group that is not there")
	// A kind may come at any time, as when its definition is applied.
	cluster.Kinds = append(cluster.Kinds, metav1.APIResourceList{GroupVersion: "networking.istio.io/v1", APIResources: []metav1.APIResource{{Name: "gateways", Kind: "Gateway"}}})
	_, err = client.Find(t.Context(), schema.GroupKind{Group: "networking.istio.io", Kind: "Gateway"}, "")
	assert.NoError(t, err)
}

func TestAllThatCanBeDeleted(t *testing.T) {
	all, err := discoverable().Client().All(t.Context())
	require.NoError(t, err)
	var names []string
	for _, r := range all {
		names = append(names, r.GroupVersion().String()+" "+r.Resource)
	}
	assert.ElementsMatch(t, []string{"v1 nodes", "gateway.networking.k8s.io/v1 httproutes", "gateway.networking.k8s.io/v1beta1 referencegrants"}, names)
}

func TestObjectsAndLogs(t *testing.T) {
	client := kubetest.New(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "web", Name: "a"}, Spec: corev1.PodSpec{NodeName: "one"}}).Client()
	pod, err := client.Pods("web").Get(t.Context(), "a")
	require.NoError(t, err)
	assert.Equal(t, "one", pod.Spec.NodeName)
	_, err = client.Pods("web").Create(t.Context(), &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "web", Name: "b"}}, metav1.CreateOptions{})
	require.NoError(t, err)
	require.NoError(t, client.Pods("web").Delete(t.Context(), "a", metav1.DeleteOptions{}))
	left, err := client.Pods("").List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	require.Len(t, left, 1)
	assert.Equal(t, "b", left[0].Name)
	log, err := client.Log(t.Context(), "web", "b", corev1.PodLogOptions{Container: "app"})
	require.NoError(t, err)
	text, err := io.ReadAll(log)
	require.NoError(t, err)
	assert.Equal(t, kubetest.Log, string(text))
}
