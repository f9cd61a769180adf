package clusterdump

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/splitcheck/splitcheck/internal/kube/kubetest"
	"github.com/splitcheck/splitcheck/internal/proxies"
)

// envoys answer as Envoys do, with a password in a route; one of istiod's tables
// cannot be had.
type envoys struct{}

func (envoys) List(context.Context, ...string) ([]proxies.Proxy, error) {
	return []proxies.Proxy{{Name: "gateway-1", Namespace: "istio-system"}}, nil
}

func (envoys) Admin(_ context.Context, _ proxies.Proxy, path string) ([]byte, error) {
	return []byte(`{"path": "` + path + `", "password": "planted-in-envoy"}`), nil
}

func (envoys) Debug(_ context.Context, _ proxies.Proxy, path string) ([]byte, error) {
	if strings.HasSuffix(path, "push_status") {
		return nil, errors.New("no answer within 15s")
	}
	return []byte(`[{"proxy": "gateway-1.istio-system"}]`), nil
}

// An archive has every part, says what it could not have, and holds no secret.
func TestArchive(t *testing.T) {
	kinds := map[schema.GroupVersionResource]string{}
	all := append(append(append([]schema.GroupVersionResource{{Version: "v1", Resource: "nodes"}}, perNamespace...), routing...), webhooks...)
	for _, resource := range all {
		if strings.Contains(resource.Group, "istio.io") || strings.HasPrefix(resource.Group, "gateway.") {
			kinds[resource] = "AnyList"
		}
	}
	pod := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": "app-1", "namespace": "default"},
		"spec": map[string]any{"containers": []any{map[string]any{
			"name": "app", "env": []any{map[string]any{"name": "DB_PASSWORD", "value": "planted-in-env"}, map[string]any{"name": "MODE", "value": "kept"}},
		}}},
	}}
	known := kubetest.With(kinds, pod,
		&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "istiod-1", Namespace: "istio-system", Labels: map[string]string{"app": "istiod"}},
			Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{Name: "discovery", RestartCount: 1}}}},
		&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "s", Namespace: "default"}, StringData: map[string]string{"k": "planted-in-secret"}},
	)
	var archive bytes.Buffer
	require.NoError(t, Write(t.Context(), Options{
		Client: known.Client(), Proxies: envoys{}, Versions: map[string]string{"splitcheck": "1.2.3"},
	}, &archive))

	unzipped, err := gzip.NewReader(&archive)
	require.NoError(t, err)
	parts := map[string]string{}
	for files := tar.NewReader(unzipped); ; {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		text, err := io.ReadAll(files)
		require.NoError(t, err)
		assert.NotContains(t, string(text), "planted", header.Name)
		parts[strings.TrimPrefix(header.Name, "splitcheck-diagnose/")] = string(text)
	}
	assert.Contains(t, parts["versions.txt"], "splitcheck 1.2.3")
	assert.Contains(t, parts["namespaces/default/pods.yaml"], "kept")
	assert.Contains(t, parts["namespaces/default/pods.yaml"], redacted)
	assert.Contains(t, parts["proxies/istio-system/gateway-1/routes.json"], "config_dump?resource=dynamic_route_configs")
	assert.Contains(t, parts["istiod/istiod-1/syncz.json"], "gateway-1")
	assert.Contains(t, parts, "namespaces/istio-system/logs/istiod-1/discovery.log")
	assert.Contains(t, parts, "namespaces/istio-system/logs/istiod-1/discovery.previous.log")
	assert.Contains(t, parts["index.txt"], "istiod/istiod-1/push_status.json: no answer within 15s")
}
