package kindcluster

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/kind/pkg/cluster"
	"sigs.k8s.io/kind/pkg/cluster/nodes"

	"github.com/splitcheck/splitcheck/internal/istio"
	"github.com/splitcheck/splitcheck/internal/kube"
)

// started starts the nodes of a cluster that was stopped, for example by a
// restart of the machine. It returns, by name, when each node started.
func (u *up) started(ctx context.Context) (map[string]time.Time, error) {
	nodes, err := beside(ctx, Wait{"kind to list the nodes", kindTimeout}, func() ([]nodes.Node, error) { return u.cluster.provider.ListNodes(u.Config.Name) })
	if err != nil {
		return nil, fmt.Errorf("kind cannot list the nodes: %w", err)
	}
	since := map[string]time.Time{}
	for _, node := range nodes {
		// If a node is running already, Docker does nothing and reports no
		// error.
		if _, err := run(ctx, startTimeout, "docker", "start", node.String()); err != nil {
			return nil, fmt.Errorf("node %s cannot be started; `splitcheck cluster down --name %s` makes room for a new cluster: %w", node, u.Config.Name, err)
		}
		at, err := run(ctx, dockerTimeout, "docker", "inspect", "--format", "{{.State.StartedAt}}", node.String())
		if err != nil {
			return nil, fmt.Errorf("docker inspect %s: %w", node, err)
		}
		if since[node.String()], err = time.Parse(time.RFC3339Nano, strings.TrimSpace(at)); err != nil {
			return nil, fmt.Errorf("docker inspect %s: %w", node, err)
		}
	}
	return since, nil
}

// outdated says what the API server still reports from before a node started,
// or "": a kubelet's lease that was not renewed since, and pods of Kubernetes
// and Istio with a container from that time, which no longer runs.
//
//differential:elsewhere test test/e2e/TestRestartedCluster
func outdated(ctx context.Context, client *kube.Client, since map[string]time.Time) (string, error) {
	var open []string
	leases, err := client.Leases(corev1.NamespaceNodeLease).List(ctx, metav1.ListOptions{})
	if err != nil {
		return "", err
	}
	for _, lease := range leases {
		if renewed := lease.Spec.RenewTime; renewed == nil || renewed.Time.Before(since[lease.Name]) {
			open = append(open, "node "+lease.Name+" has not reported since it started")
		}
	}
	for _, namespace := range []string{metav1.NamespaceSystem, istio.Namespace} {
		pods, err := client.Pods(namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return "", err
		}
		for _, pod := range pods {
			// A container's time is given in whole seconds.
			at := since[pod.Spec.NodeName].Truncate(time.Second)
			for _, c := range pod.Status.ContainerStatuses {
				if r := c.State.Running; r != nil && r.StartedAt.Time.Before(at) {
					open = append(open, fmt.Sprintf("pod %s/%s has not started since", namespace, pod.Name))
					break
				}
			}
		}
	}
	return strings.Join(open, "; "), nil
}

// A Status is the state of the cluster of a name.
type Status struct {
	Name string
	// Exists says whether there is such a cluster; Ours whether Up has made and
	// finished it.
	Exists, Ours bool
	// Ready says whether a scenario could run now; Open says what is missing.
	Ready      bool
	Open       []string
	Kubeconfig string
	Context    string
	Ports      Ports
	Versions   map[string]string
	Made       string // from what it was made
}

// Look says what state the cluster of a configuration is in, and whether it is one
// of that configuration. It changes nothing there.
func Look(ctx context.Context, o Options) (Status, error) {
	name, cacheDir := o.Config.Name, o.CacheDir
	s := Status{Name: name, Context: "kind-" + name, Kubeconfig: filepath.Join(cacheDir, name+".kubeconfig")}
	if err := dockerAnswers(ctx); err != nil {
		return s, err
	}
	c := &Cluster{Name: name, Context: s.Context, Kubeconfig: s.Kubeconfig, provider: cluster.NewProvider(cluster.ProviderWithDocker())}
	var err error
	if s.Exists, err = there(ctx, c.provider, name); err != nil || !s.Exists {
		return s, err
	}
	u := &up{Options: o, cluster: c}
	if u.Config, err = o.Config.here(ctx); err != nil {
		return s, err
	}
	if err := u.connect(ctx); err != nil {
		s.Open = append(s.Open, err.Error())
		return s, nil
	}
	return u.look(ctx, s), nil
}

// look adds what the API server says to what is known about an existing
// cluster.
func (u *up) look(ctx context.Context, s Status) Status {
	known, err := recall(ctx, u.kube)
	switch {
	case err != nil:
		s.Open = append(s.Open, err.Error())
		return s
	case known == nil:
		s.Open = append(s.Open, "splitcheck has not made it, or not finished it")
		return s
	}
	s.Ours, s.Ports, s.Versions, s.Made = true, known.Ports, known.Versions, known.Words
	overlays, err := u.read()
	if err != nil {
		s.Open = append(s.Open, err.Error())
	} else if another := known.differs(u.Config, u.Config.fingerprint(overlays)); another != "" {
		s.Open = append(s.Open, another)
	}
	for _, name := range []string{istio.Istiod, istio.IngressGateway} {
		var short string
		err := bounded(ctx, "say how Deployment "+name+" is", func(ctx context.Context) (err error) {
			short, err = u.available(ctx, istio.Namespace, name)
			return err
		})
		if err != nil {
			short = err.Error()
		}
		if short != "" {
			s.Open = append(s.Open, short)
		}
	}
	s.Ready = len(s.Open) == 0
	return s
}
