//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/kindcluster"
)

// A said is what came of a command.
type said struct {
	code      int
	out, errs string
}

// splitcheck runs the program as a user would, with more variables, and an
// interrupt when the channel is closed.
func splitcheck(t *testing.T, variables []string, interrupt <-chan struct{}, args ...string) said {
	t.Helper()
	return watched(t, variables, interrupt, &watch{}, args...)
}

// A watch is standard error, and closes a channel when it has a line. The
// buffer is not embedded, because then a copy to the watch would bypass Write.
type watch struct {
	text bytes.Buffer
	line string
	seen chan struct{}
	once sync.Once
}

func (w *watch) Write(p []byte) (int, error) {
	n, err := w.text.Write(p)
	if w.seen != nil && strings.Contains(w.text.String(), w.line) {
		w.once.Do(func() { close(w.seen) })
	}
	return n, err
}

// watched is splitcheck with somebody who reads along.
func watched(t *testing.T, variables []string, interrupt <-chan struct{}, errs *watch, args ...string) said {
	t.Helper()
	draws(t, args...)
	binary := os.Getenv("SPLITCHECK_E2E_BINARY")
	require.NotEmpty(t, binary, "set SPLITCHECK_E2E_BINARY to the splitcheck that is tested")
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Env = append(os.Environ(), variables...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, errs
	require.NoError(t, cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case <-interrupt:
		require.NoError(t, cmd.Process.Signal(os.Interrupt))
		<-ended
	case <-ended:
	}
	return said{cmd.ProcessState.ExitCode(), out.String(), errs.text.String()}
}

// otherCluster writes the configuration file again, with another name and one
// more change, and returns its name.
func otherCluster(t *testing.T, name string, change func(*kindcluster.Config)) string {
	t.Helper()
	config := kindcluster.Default()
	if file := os.Getenv("SPLITCHECK_CLUSTER_CONFIG"); file != "" {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		read, found := kindcluster.ReadConfig(file, text)
		require.NoError(t, found.Err())
		config = read
	}
	config.Name = name
	if change != nil {
		change(&config)
	}
	var text strings.Builder
	fmt.Fprintf(&text, "apiVersion: splitcheck.dev/v1alpha1\nkind: ClusterConfig\nname: %s\nnodeImage: %s\napps: %s\ngatewayAPI: {crds: %s}\n", config.Name, config.NodeImage, config.Apps, config.CRDs)
	fmt.Fprintf(&text, "images: [%s]\nistio:\n  hub: %s\n  tag: %s\n  overlays: [%s]\n", strings.Join(config.Images, ", "), config.Istio.Hub, config.Istio.Tag, strings.Join(config.Istio.Overlays, ", "))
	if config.Istio.Istioctl != "" {
		fmt.Fprintf(&text, "  istioctl: %s\n", config.Istio.Istioctl)
	}
	file := filepath.Join(t.TempDir(), "cluster.yaml")
	require.NoError(t, os.WriteFile(file, []byte(text.String()), 0o644))
	return file
}

// containers are kind's for a cluster.
func containers(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.Command("docker", "ps", "-aq", "--filter", "label=io.x-k8s.kind.cluster="+name).Output()
	require.NoError(t, err)
	return strings.TrimSpace(string(out))
}

// What cannot work is said before minutes are spent, with what to do about it.
func TestClustersThatCannotBe(t *testing.T) {
	taken := otherCluster(t, "splitcheck-none", func(c *kindcluster.Config) { c.NodeImage = "registry.invalid/node:v1" })
	release := otherCluster(t, "splitcheck-none", func(c *kindcluster.Config) { c.Istio.Tag = "0.0.1" })
	broken := filepath.Join(t.TempDir(), "cluster.yaml")
	require.NoError(t, os.WriteFile(broken, []byte("kind: ClusterConfig\nname: A B\nfoo: 1\n"), 0o644))
	small := t.TempDir()
	full := filepath.Join(small, "file")
	require.NoError(t, os.WriteFile(full, nil, 0o644))
	for name, c := range map[string]struct {
		variables []string
		args      []string
		code      int
		says      []string
	}{
		"no Docker":          {[]string{"DOCKER_HOST=unix:///nonexistent"}, []string{"run", "version-test-90-10", "--target", "kind"}, 5, []string{"no answer from Docker", "--target sim"}},
		"no docker on PATH":  {[]string{"PATH=/nonexistent"}, []string{"cluster", "up"}, 5, []string{"no program `docker` on PATH"}},
		"no such node image": {nil, []string{"cluster", "up", "--config", taken}, 5, []string{"set nodeImage", "registry.invalid/node:v1"}},
		"another istioctl":   {nil, []string{"cluster", "up", "--config", release}, 5, []string{"0.0.1", "istioctl"}},
		"mistakes in a file": {nil, []string{"cluster", "up", "--config", broken}, 2, []string{":1:1: apiVersion is missing", ":2:7:", ":3:1: at the top: unknown field \"foo\""}},
		"no room for a cache": {[]string{"XDG_CACHE_HOME=" + full}, []string{"cluster", "up"}, 5,
			[]string{"XDG_CACHE_HOME"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := splitcheck(t, c.variables, nil, c.args...)
			assert.Equal(t, c.code, got.code, got.errs)
			for _, words := range c.says {
				assert.Contains(t, got.errs, words)
			}
		})
	}
	assert.Empty(t, containers(t, "splitcheck-none"))
}

// A full disk is said before anything is made, and what to do about it.
func TestFullDisk(t *testing.T) {
	for _, args := range []string{"cluster up", "run version-test-90-10 --target kind"} {
		t.Run(args, func(t *testing.T) {
			cache := t.TempDir()
			// A disk of its own is seen by this command only, and is gone with it.
			full := `mount -t tmpfs -o size=16k none "$1" && { head -c 65536 /dev/zero >"$1/full" 2>/dev/null || true; } && exec env XDG_CACHE_HOME="$1" "$2" ` + args
			cmd := exec.CommandContext(t.Context(), "unshare", "--mount", "--map-root-user", "sh", "-c", full, "sh", cache, os.Getenv("SPLITCHECK_E2E_BINARY"))
			out, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			require.ErrorAs(t, err, &exit, string(out))
			assert.Equal(t, 5, exit.ExitCode(), string(out))
			assert.Contains(t, string(out), "the disk of the cache folder "+cache+"/splitcheck is full; make room there, or set XDG_CACHE_HOME")
		})
	}
}

// A cluster whose node has only just started, as after the machine has, is used
// once it really works, without a word from the user.
func TestRestartedCluster(t *testing.T) {
	var name string
	for line := range strings.Lines(splitcheck(t, nil, nil, "cluster", "status").out) {
		if words := strings.Fields(line); len(words) > 1 && words[0] == "cluster" {
			name = words[1]
		}
	}
	require.NotEmpty(t, name)
	node := containers(t, name)
	for _, how := range [][]string{{"restart", node}, {"stop", node}} {
		t.Run(how[0], func(t *testing.T) {
			out, err := exec.CommandContext(t.Context(), "docker", how...).CombinedOutput()
			require.NoError(t, err, string(out))
			got := splitcheck(t, nil, nil, "run", "version-test-90-10", "--target", "kind", "--margin", "10%")
			assert.Equal(t, 0, got.code, got.out+got.errs)
			assert.Equal(t, node, containers(t, name), "the node is the one that there was")
		})
	}
}

// Two runs at once on one cluster do not tread on each other: the second waits
// until the first has gone, and both see a cluster of their own.
func TestTwoRunsAtOnce(t *testing.T) {
	all := make(chan said, 2)
	for range cap(all) {
		go func() {
			all <- splitcheck(t, nil, nil, "run", "version-test-90-10", "--target", "kind", "--margin", "10%")
		}()
	}
	waited := 0
	for range cap(all) {
		got := <-all
		assert.Equal(t, 0, got.code, got.out+got.errs)
		assert.NotContains(t, got.errs, "an earlier run has left")
		waited += strings.Count(got.errs, "is working on cluster")
	}
	assert.Equal(t, 1, waited, "one of them has waited")
}
