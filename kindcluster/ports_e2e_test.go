//go:build e2e

package kindcluster

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kind/pkg/cluster"
)

// portsTaken is a cluster that is to be made with ports of which one is somebody
// else's by the time that kind asks for it; but only so many searches end so.
func portsTaken(t *testing.T, name string, searches int) (u *up, searched *int) {
	t.Helper()
	config := Default()
	if file := os.Getenv("SPLITCHECK_CLUSTER_CONFIG"); file != "" {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		read, found := ReadConfig(file, text)
		require.NoError(t, found.Err())
		config = read
	}
	config.Name = name
	o := Options{Config: config, CacheDir: t.TempDir(), Steps: func(string) func(error) { return func(error) {} }}
	u = &up{Options: o, cluster: &Cluster{
		Name: name, Context: "kind-" + name, Made: true,
		Kubeconfig: filepath.Join(o.CacheDir, name+".kubeconfig"),
		provider:   cluster.NewProvider(cluster.ProviderWithDocker()),
	}}
	searched = new(int)
	u.freePorts = func() (Ports, error) {
		*searched++
		ports, err := freePorts()
		if err != nil || *searched > searches {
			return ports, err
		}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return Ports{}, err
		}
		t.Cleanup(func() { l.Close() })
		ports.Service = l.Addr().(*net.TCPAddr).Port
		return ports, nil
	}
	require.Empty(t, nodesOf(t, name), "a former test's cluster is there still")
	t.Cleanup(func() {
		assert.NoError(t, Down(context.WithoutCancel(t.Context()), name, o.CacheDir))
	})
	return u, searched
}

// nodesOf are the containers of a cluster, whether they run or not.
func nodesOf(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.CommandContext(context.WithoutCancel(t.Context()), "docker", "ps", "-aq", "--filter", "label=io.x-k8s.kind.cluster="+name).Output()
	require.NoError(t, err)
	return strings.TrimSpace(string(out))
}

// Ports that are taken again and again end in words that say what to do, and
// nothing is left of the cluster.
func TestPortsAreTakenTwice(t *testing.T) {
	const name = "splitcheck-ports"
	u, searched := portsTaken(t, name, 2)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	err := u.undo(ctx, u.make(ctx))
	require.Error(t, err)
	assert.ErrorContains(t, err, "ports that were free a moment ago were taken before the cluster could have them, twice; run the command again")
	assert.Equal(t, 2, *searched, "it is tried with other ports, once")
	assert.Empty(t, nodesOf(t, name), "no node is left")
	_, err = os.Stat(u.cluster.Kubeconfig)
	assert.True(t, errors.Is(err, os.ErrNotExist), "no kubeconfig is left")
}

// A port that is taken once costs nothing but another search.
func TestPortIsTakenOnce(t *testing.T) {
	const name = "splitcheck-ports"
	u, searched := portsTaken(t, name, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	require.NoError(t, u.create(ctx))
	assert.Equal(t, 2, *searched)
	node := nodesOf(t, name)
	require.NotEmpty(t, node)
	out, err := exec.CommandContext(ctx, "docker", "port", node, "30081/tcp").CombinedOutput()
	require.NoError(t, err, string(out))
	_, port, err := net.SplitHostPort(strings.TrimSpace(string(out)))
	require.NoError(t, err)
	assert.Equal(t, port, strconv.Itoa(u.cluster.Ports.Service), "the ports that are told are those that it has")
}
