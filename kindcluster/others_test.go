package kindcluster

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// stands puts a shell script in a program's place and makes its folder the PATH.
func stands(t *testing.T, dir, name, script string) string {
	t.Helper()
	file := filepath.Join(dir, name)
	require.NoError(t, os.WriteFile(file, []byte("#!/bin/sh\n"+script), 0o755))
	t.Setenv("PATH", dir)
	return file
}

// istioctl ends with 79 where it has found something (istioctl/cmd/root.go), which
// is what it was asked for.
func TestWhatIstioctlFinds(t *testing.T) {
	dir := t.TempDir()
	stands(t, dir, "istioctl", `echo "$*"; echo Error: Analyzers found issues >&2; exit 79`)
	o := Others{CacheDir: t.TempDir(), Kubeconfig: "k", Context: "c"}
	said, err := o.Say(t.Context())["istioctl-analyze.txt"](t.Context())
	require.NoError(t, err)
	assert.Equal(t, "analyze --all-namespaces --kubeconfig k --context c\n", string(said))

	stands(t, dir, "istioctl", `echo no answer from the API server >&2; exit 1`)
	_, err = Others{}.analyze(t.Context())
	assert.ErrorContains(t, err, "no answer from the API server")
}

// Any istioctl that is at hand will do, and none is fetched.
func TestWhichIstioctlIsAtHand(t *testing.T) {
	cache, dir := t.TempDir(), t.TempDir()
	t.Setenv("PATH", dir)
	o := Others{CacheDir: cache}
	_, err := o.istioctl()
	assert.ErrorContains(t, err, "there is no istioctl on PATH, and none was downloaded")

	require.NoError(t, keep(filepath.Join(cache, "istioctl-1.30.0-linux-amd64"), []byte("whole")))
	require.NoError(t, os.WriteFile(filepath.Join(cache, "istioctl-1.31.1-linux-amd64"), []byte("half"), 0o755))
	found, err := o.istioctl()
	require.NoError(t, err)
	assert.Equal(t, filepath.Join(cache, "istioctl-1.30.0-linux-amd64"), found, "the other was not kept whole")

	onPath := stands(t, dir, "istioctl", "")
	found, err = o.istioctl()
	require.NoError(t, err)
	assert.Equal(t, onPath, found)
	o.Istioctl = "mine"
	found, err = o.istioctl()
	require.NoError(t, err)
	assert.Equal(t, "mine", found)
}

// The nodes' logs come from Docker, and their end only.
func TestLogsOfNodes(t *testing.T) {
	stands(t, t.TempDir(), "docker", `case "$1" in
	ps) echo one-control-plane ;;
	inspect) echo control-plane ;;
	exec) [ "$8" = kubelet ] || { echo no such unit >&2; exit 1; }; echo "$*" ;;
	*) echo "$*" ;;
	esac`)
	all := Others{Name: "one"}.Say(t.Context())
	require.Contains(t, all, "nodes/one-control-plane/kubelet.log")
	said, err := all["nodes/one-control-plane/kubelet.log"](t.Context())
	require.NoError(t, err)
	assert.Equal(t, "exec one-control-plane journalctl --no-pager --lines 1000 --unit kubelet\n", string(said))
	_, err = all["nodes/one-control-plane/containerd.log"](t.Context())
	assert.ErrorContains(t, err, "no such unit")
	assert.Contains(t, all, "nodes/one-control-plane/serial.log")

	t.Setenv("PATH", t.TempDir())
	_, err = Others{Name: "one"}.Say(t.Context())["nodes"](t.Context())
	assert.ErrorContains(t, err, "kind cannot list the nodes")
}
