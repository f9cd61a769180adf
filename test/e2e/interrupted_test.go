//go:build e2e

package e2e

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/kindcluster"
)

// Ctrl-C while the cluster is being created leaves nothing of it, in whichever
// step it comes. A step's line is printed when the step ends, so the test waits
// for the line of the step before.
func TestInterruptedCreation(t *testing.T) {
	const name = "splitcheck-interrupted"
	none := func(c *kindcluster.Config) { c.Images = nil }
	for _, point := range []struct {
		step, after string
		change      func(*kindcluster.Config)
	}{
		{step: "Nodes and Kubernetes"}, // after the node's container is there
		// The node image is in the local Docker by then, and takes long to load.
		{step: "Image ", after: "✓ Nodes are ready", change: func(c *kindcluster.Config) { c.Images = []string{c.NodeImage} }},
		{step: "Gateway API", after: "✓ Nodes are ready", change: none},
		// Nothing has to come up for an istioctl that is cut short.
		{step: "Istio ", after: "✓ Gateway API", change: none},
		{step: "A request goes through the gateway", after: "✓ Istio is ready"},
	} {
		t.Run(point.step, func(t *testing.T) {
			file, cache := otherCluster(t, name, point.change), t.TempDir()
			errs := &watch{line: point.after, seen: make(chan struct{})}
			begun := (<-chan struct{})(errs.seen)
			if point.after == "" {
				errs.seen, begun = nil, nodeAppears(t, name)
			}
			got := watched(t, []string{"XDG_CACHE_HOME=" + cache}, begun, errs, "cluster", "up", "--config", file)
			assert.Equal(t, 130, got.code, got.errs)
			assert.Contains(t, got.errs, "✗ "+point.step, "that is where it was met")
			assert.Contains(t, got.errs, "interrupted while the cluster was being made")
			assert.Empty(t, containers(t, name), "no node is left")

			cache = filepath.Join(cache, "splitcheck")
			left, err := os.ReadDir(cache)
			require.NoError(t, err)
			for _, each := range left {
				// An istioctl that was fetched is kept; the lock's file is, too.
				if !strings.HasPrefix(each.Name(), "istioctl-") && each.Name() != name+".lock" {
					t.Errorf("%s is left in the cache folder", each.Name())
				}
			}
			release, err := kindcluster.Lock(t.Context(), name, cache, func(other string) { t.Errorf("%s has the lock still", other) })
			require.NoError(t, err)
			release()
		})
	}
}

// nodeAppears is closed when Docker starts a container of the cluster.
func nodeAppears(t *testing.T, name string) <-chan struct{} {
	t.Helper()
	events := exec.CommandContext(t.Context(), "docker", "events", "--since", fmt.Sprint(time.Now().Unix()),
		"--filter", "event=start", "--filter", "label=io.x-k8s.kind.cluster="+name)
	out, err := events.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, events.Start())
	appears := make(chan struct{})
	go func() {
		_, _ = bufio.NewReader(out).ReadString('\n')
		close(appears)
		_ = events.Wait() // It ends with the test.
	}()
	return appears
}
