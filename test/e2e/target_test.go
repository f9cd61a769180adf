//go:build e2e

package e2e

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/splitcheck/splitcheck/internal/appimage"
	"github.com/splitcheck/splitcheck/internal/cluster"
	"github.com/splitcheck/splitcheck/internal/ingress"
	"github.com/splitcheck/splitcheck/internal/kube"
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/internal/target/targettest"
	"github.com/splitcheck/splitcheck/kindcluster"
	"github.com/splitcheck/splitcheck/loadgen"
	"github.com/splitcheck/splitcheck/reports/words"
	"github.com/splitcheck/splitcheck/scenarios"
)

// kindTarget opens targets on the kind cluster of $SPLITCHECK_CLUSTER_CONFIG, which
// is made if need be. The applications run from the program in
// $SPLITCHECK_E2E_BINARY, a splitcheck for the cluster's nodes.
func kindTarget(t *testing.T) (open func(*testing.T) target.Target, client kubernetes.Interface) {
	t.Helper()
	config := kindcluster.Default()
	if file := os.Getenv("SPLITCHECK_CLUSTER_CONFIG"); file != "" {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		read, found := kindcluster.ReadConfig(file, text)
		require.NoError(t, found.Err())
		config = read
	}
	cache, err := os.UserCacheDir()
	require.NoError(t, err)
	cache = filepath.Join(cache, "splitcheck")
	up, err := kindcluster.Up(t.Context(), kindcluster.Options{Config: config, CacheDir: cache})
	require.NoError(t, err)
	binary := os.Getenv("SPLITCHECK_E2E_BINARY")
	require.NotEmpty(t, binary, "set SPLITCHECK_E2E_BINARY to a splitcheck for the cluster's nodes")
	image, err := appimage.Build(t.Context(), appimage.Options{Executable: binary, Arch: runtime.GOARCH, CacheDir: cache, Env: os.Environ()})
	require.NoError(t, err)
	require.NoError(t, up.LoadArchive(t.Context(), image.Open, image.Ref))
	client, err = kubernetes.NewForConfig(up.REST)
	require.NoError(t, err)
	asks, err := kube.New(up.REST)
	require.NoError(t, err)
	ways := ingress.NewMapped(asks, ingress.Ports{
		Gateway:    ingress.Port{Node: kindcluster.GatewayNodePort, Local: up.Ports.Gateway},
		Service:    ingress.Port{Node: kindcluster.ServiceNodePort, Local: up.Ports.Service},
		GatewayAPI: ingress.Port{Node: kindcluster.GatewayAPINodePort, Local: up.Ports.GatewayAPI},
	})
	t.Cleanup(func() { assert.NoError(t, ways.Close(context.WithoutCancel(t.Context()))) })
	return func(t *testing.T) target.Target {
		opened, err := cluster.Open(t.Context(), cluster.Options{REST: up.REST, Ways: ways, Prepare: image.Prepare, Scenario: "e2e"})
		require.NoError(t, err)
		return opened
	}, client
}

// TestTargetOnKind holds the target on a cluster to the suite of all targets.
func TestTargetOnKind(t *testing.T) {
	open, client := kindTarget(t)
	s, found := scenarios.Builtin("version-test-90-10")
	require.NoError(t, found.Err())
	targettest.Suite{
		Open:    open,
		Objects: append(s.Deploy, s.Steps[0].Apply...),
		Path:    "/version.html",
		Service: "canary",
	}.Run(t)
	list, err := client.AppsV1().Deployments(metav1.NamespaceAll).List(t.Context(), metav1.ListOptions{LabelSelector: cluster.ScenarioLabel})
	require.NoError(t, err)
	assert.Empty(t, list.Items, "nothing is left in the cluster")
}

// TestControlPlaneGone: without istiod no change reaches a proxy, and the target
// says whose fault it is.
func TestControlPlaneGone(t *testing.T) {
	open, client := kindTarget(t)
	s, found := scenarios.Builtin("version-test-90-10")
	require.NoError(t, found.Err())
	opened := open(t)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
		defer cancel()
		assert.NoError(t, opened.Close(ctx))
	})
	live, err := opened.Change(t.Context(), target.Change{Apply: s.Deploy, Timeout: 2 * time.Minute})
	require.NoError(t, err)
	require.True(t, live.Converged, live.Detail)

	scaleIstiod(t, client, 0)
	t.Cleanup(func() { scaleIstiod(t, client, 1) })
	live, err = opened.Change(t.Context(), target.Change{Apply: s.Steps[0].Apply, Timeout: 10 * time.Second})
	require.NoError(t, err)
	assert.False(t, live.Converged)
	assert.Contains(t, words.English(live.Detail), "istiod (Deployment istio-system/istiod) is scaled to zero")

	scaleIstiod(t, client, 1)
	live, err = opened.Change(t.Context(), target.Change{Apply: s.Steps[0].Apply, Timeout: time.Minute})
	require.NoError(t, err)
	assert.True(t, live.Converged, live.Detail)
	entry, err := opened.Enter(target.Via{}, target.Load{Connections: 1, Timeout: 10 * time.Second})
	require.NoError(t, err)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, entry.URL+"/version.html", nil)
	require.NoError(t, err)
	response, err := entry.Opener.(loadgen.HTTP).RoundTrip(request)
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, response.StatusCode)
	require.NoError(t, response.Body.Close())
	entry.Close()
}

// scaleIstiod returns when as many pods of istiod are ready.
func scaleIstiod(t *testing.T, client kubernetes.Interface, replicas int32) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 2*time.Minute)
	defer cancel()
	deployments := client.AppsV1().Deployments("istio-system")
	scale, err := deployments.GetScale(ctx, "istiod", metav1.GetOptions{})
	require.NoError(t, err)
	scale.Spec.Replicas = replicas
	_, err = deployments.UpdateScale(ctx, "istiod", scale, metav1.UpdateOptions{})
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		d, err := deployments.Get(ctx, "istiod", metav1.GetOptions{})
		return err == nil && d.Status.ReadyReplicas == replicas && d.Status.Replicas == replicas
	}, 2*time.Minute, 200*time.Millisecond)
}
