package kindcluster

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path"
	"path/filepath"
	"slices"

	"sigs.k8s.io/kind/pkg/cluster"
	"sigs.k8s.io/kind/pkg/cluster/nodes"
)

// Others are programs that know things about a cluster that its API server does
// not say: istioctl, and those that run in kind's nodes.
type Others struct {
	// Istioctl is the file that the user names, or empty.
	Istioctl string
	// CacheDir is where an istioctl may have been kept.
	CacheDir string
	// Kubeconfig and Context are passed to istioctl if they are not empty.
	Kubeconfig, Context string
	// Name is the kind cluster's name, or empty for a cluster that kind did not
	// create.
	Name string
}

// Say returns the questions to ask them, by the names of their answers in an
// archive. It downloads nothing for this.
func (o Others) Say(ctx context.Context) map[string]func(context.Context) ([]byte, error) {
	all := map[string]func(context.Context) ([]byte, error){"istioctl-analyze.txt": o.analyze}
	if o.Name == "" {
		return all
	}
	provider := cluster.NewProvider(cluster.ProviderWithDocker())
	found, err := beside(ctx, Wait{"kind to list the nodes", kindTimeout}, func() ([]nodes.Node, error) { return provider.ListInternalNodes(o.Name) })
	if err != nil {
		all["nodes"] = func(context.Context) ([]byte, error) { return nil, fmt.Errorf("kind cannot list the nodes: %w", err) }
	}
	for _, node := range found {
		for file, command := range map[string][]string{
			"kubelet.log":    {"exec", node.String(), "journalctl", "--no-pager", "--lines", logLines, "--unit", "kubelet"},
			"containerd.log": {"exec", node.String(), "journalctl", "--no-pager", "--lines", logLines, "--unit", "containerd"},
			// The node's first process prints this before there is a journal.
			"serial.log": {"logs", "--tail", logLines, node.String()},
		} {
			all[path.Join("nodes", node.String(), file)] = func(ctx context.Context) ([]byte, error) {
				said, err := run(ctx, dockerTimeout, "docker", command...)
				return []byte(said), err
			}
		}
	}
	return all
}

// logLines is how many lines are taken of each of a node's logs.
const logLines = "1000"

// analyze lets istioctl look for mistakes in all namespaces. Any version will
// do: its output is a hint for a reader and decides nothing.
func (o Others) analyze(ctx context.Context) ([]byte, error) {
	file, err := o.istioctl()
	if err != nil {
		return nil, err
	}
	args := []string{"analyze", "--all-namespaces"}
	if o.Kubeconfig != "" {
		args = append(args, "--kubeconfig", o.Kubeconfig)
	}
	if o.Context != "" {
		args = append(args, "--context", o.Context)
	}
	said, err := run(ctx, analyzeTimeout, file, args...)
	// It ends with an exit code of its own if it has found something.
	if found := new(exec.ExitError); errors.As(err, &found) && said != "" {
		err = nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s analyze: %w", file, err)
	}
	return []byte(said), nil
}

// istioctl returns one that is already here: the user's, the one on PATH, or
// the last by name of those in the cache.
func (o Others) istioctl() (string, error) {
	if o.Istioctl != "" {
		return o.Istioctl, nil
	}
	if found, err := exec.LookPath("istioctl"); err == nil {
		return found, nil
	}
	all, err := filepath.Glob(filepath.Join(o.CacheDir, "istioctl-*"))
	if err != nil {
		return "", err
	}
	for _, file := range slices.Backward(all) {
		if kept(file) {
			return file, nil
		}
	}
	return "", errors.New("there is no istioctl on PATH, and none was downloaded; istio.istioctl in the configuration file can name one")
}
