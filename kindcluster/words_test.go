package kindcluster

import (
	"errors"
	"fmt"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	kindexec "sigs.k8s.io/kind/pkg/exec"
)

// What docker prints, as seen of Docker 28, is what tells one failure from
// another; kind's own error has only the command's exit status.
func TestKindsErrorsInWords(t *testing.T) {
	failed := func(output string) error {
		return &kindexec.RunError{Command: []string{"docker", "run"}, Output: []byte(output), Inner: errors.New("exit status 125")}
	}
	for want, err := range map[string]error{
		"run the command again":    failed("docker: Error response from daemon: driver failed programming external connectivity: Bind for 127.0.0.1:30123 failed: port is already allocated."),
		"the disk is full":         failed("write /var/lib/docker/tmp/x: no space left on device"),
		"set nodeImage":            fmt.Errorf("failed to pull image %q: %w", DefaultNodeImage, failed("dial tcp: lookup registry-1.docker.io: no such host")),
		"kind cannot make":         failed("something else"),
		"has not made":             errors.New(`node(s) already exist for a cluster with the name "splitcheck"`),
		"no such host":             fmt.Errorf("failed to pull image %q: %w", DefaultNodeImage, failed("no such host")),
		"port is already allocate": failed("port is already allocated"),
	} {
		assert.ErrorContains(t, inWords(err, Default()), want)
	}
	assert.True(t, portTaken(failed("Bind for 127.0.0.1:30123 failed: port is already allocated.")))
	assert.ErrorIs(t, inWords(errors.New(`node(s) already exist for a cluster with the name "splitcheck"`), Default()), errForeign)
}

func TestFullDisk(t *testing.T) {
	err := diskFull("/cache", fmt.Errorf("write: %w", syscall.ENOSPC))
	assert.ErrorContains(t, err, "XDG_CACHE_HOME")
	assert.ErrorContains(t, err, "full")
	assert.NoError(t, diskFull("/cache", nil))
	assert.Error(t, room(t.TempDir()+"/missing"))
	assert.NoError(t, room(t.TempDir()))
}

// The outputs are those of istioctl 1.31 for `version --remote=false -o json`.
func TestIstioctlsVersion(t *testing.T) {
	version, err := parseVersion("istioctl", []byte(`{"clientVersion": {"version": "1.31.1", "revision": "x", "golang_version": "go1.26.2", "status": "Clean", "tag": "1.31.1"}}`))
	require.NoError(t, err)
	assert.Equal(t, "1.31.1", version)
	for _, text := range []string{"", "{}", "client version: 1.31.1", "null"} {
		_, err := parseVersion("/bin/false", []byte(text))
		assert.ErrorContains(t, err, "/bin/false is not an istioctl")
	}
}

// An overlay that asks for another NodePort must not win.
func TestTheGatewayComesLast(t *testing.T) {
	u := &up{Options: Options{Config: Default()}, cluster: &Cluster{Kubeconfig: "k", Context: "c"}}
	u.Config.Istio.Overlays = []string{"mine.yaml"}
	args := u.installArgs("base.yaml", "gateway.yaml")
	var files []string
	for i, arg := range args {
		if arg == "-f" {
			files = append(files, args[i+1])
		}
	}
	assert.Equal(t, []string{"base.yaml", "mine.yaml", "gateway.yaml"}, files)
}

func TestFreePortsDiffer(t *testing.T) {
	ports, err := freePorts()
	require.NoError(t, err)
	assert.Len(t, map[int]bool{ports.Gateway: true, ports.Service: true, ports.GatewayAPI: true}, 3)
	assert.Len(t, ports.mappings(), 3)
	for _, mapping := range ports.mappings() {
		assert.Equal(t, "127.0.0.1", mapping.ListenAddress)
	}
}

func TestTagOfAnImage(t *testing.T) {
	for image, want := range map[string]string{
		"registry.istio.io/release/pilot:1.31.1": "1.31.1",
		"localhost:5000/pilot:x":                 "x",
		"localhost:5000/pilot":                   "localhost:5000/pilot",
	} {
		assert.Equal(t, want, tagOf(image))
	}
}
