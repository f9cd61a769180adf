package cluster

import (
	"context"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	corev1 "k8s.io/api/core/v1"

	"github.com/splitcheck/splitcheck/internal/envoy"
	"github.com/splitcheck/splitcheck/internal/inventory"
	"github.com/splitcheck/splitcheck/internal/kube"
	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/proxies"
	"github.com/splitcheck/splitcheck/internal/routing"
	"github.com/splitcheck/splitcheck/split"
)

// widened returns a DestinationRule with the subsets of what is there beside its
// own, or nil where it loses none.
func widened(i *item) *unstructured.Unstructured {
	if i.key.Kind != "DestinationRule" || i.existing == nil {
		return nil
	}
	own, _, _ := unstructured.NestedSlice(i.want.Object, "spec", "subsets")
	there, _, _ := unstructured.NestedSlice(i.existing.Object, "spec", "subsets")
	names := map[any]bool{}
	for _, s := range own {
		if subset, ok := s.(map[string]any); ok {
			names[subset["name"]] = true
		}
	}
	all := slices.Clone(own)
	for _, s := range there {
		if subset, ok := s.(map[string]any); ok && !names[subset["name"]] {
			all = append(all, s)
		}
	}
	if len(all) == len(own) {
		return nil
	}
	wide := i.want.DeepCopy()
	if unstructured.SetNestedSlice(wide.Object, all, "spec", "subsets") != nil {
		return nil
	}
	return wide
}

// destinationsOf are the clusters that p sends to: what the rules name, and in a
// sidecar the plain Services of the scenario.
func destinationsOf(world []manifests.Object, p proxies.Proxy) (named, plain []proxies.Destination) {
	named = proxies.Destinations(world, p)
	if p.Gateway {
		return named, nil
	}
	for _, o := range ownOnly(world) {
		service, ok := o.Value.(*corev1.Service)
		if !ok || len(service.Spec.Selector) == 0 {
			continue
		}
		for _, port := range service.Spec.Ports {
			cluster := routing.ClusterName{Host: routing.ServiceHost(o.Name, o.Namespace), Port: int(port.Port)}.String()
			if slices.ContainsFunc(named, func(d proxies.Destination) bool { return d.Cluster == cluster }) {
				continue
			}
			plain = append(plain, proxies.Destination{
				Cluster: cluster, Namespace: o.Namespace, Service: o.Name, Port: int(port.Port), Selector: service.Spec.Selector,
			})
		}
	}
	return named, plain
}

// awry says which endpoints of p's destinations are not the pods that are ready.
func awry(world []manifests.Object, p proxies.Proxy, s *snapshot, clusters envoy.Clusters) []split.Finding {
	named, plain := destinationsOf(world, p)
	want := s.addresses(named)
	var wrong []split.Finding
	for _, d := range named {
		if _, known := want[d.Cluster]; known && clusters.Find(d.Cluster) == nil {
			wrong = append(wrong, split.Found("destination-missing", split.Values{"cluster": d.Cluster}))
			delete(want, d.Cluster)
		}
	}
	// A proxy may be spared the Services that it does not call.
	for name, addresses := range s.addresses(plain) {
		if clusters.Find(name) != nil {
			want[name] = addresses
		}
	}
	for _, m := range proxies.MissingEndpoints(clusters, want) {
		wrong = append(wrong, split.Found("endpoint-missing", split.Values{"address": m.Address, "cluster": m.Cluster}))
	}
	for _, m := range proxies.StaleEndpoints(clusters, want) {
		wrong = append(wrong, split.Found("endpoint-stale", split.Values{"address": m.Address, "cluster": m.Cluster}))
	}
	return wrong
}

// awaitClusters waits until the proxies know the destinations of routes that are
// to come, so that no request meets a route to a destination that is not there
// yet. It gives up without an error: some proxies learn of destinations together
// with the routes, and what is missing in the end is found then.
func (u *underway) awaitClusters(ctx context.Context, world []manifests.Object) error {
	limit, cancel := context.WithTimeout(ctx, clustersPatience)
	defer cancel()
	for {
		missing := false
		choosers, err := u.cluster.choosers(limit, world)
		if err != nil {
			if ctx.Err() == nil && limit.Err() != nil {
				return nil
			}
			return err
		}
		for _, p := range choosers.proxies {
			named := proxies.Destinations(world, p)
			named = slices.DeleteFunc(named, func(d proxies.Destination) bool { return d.Service == "" })
			if len(named) == 0 {
				continue
			}
			clusters, err := u.cluster.clusters(limit, p)
			missing = missing || err != nil || slices.ContainsFunc(named, func(d proxies.Destination) bool { return clusters.Find(d.Cluster) == nil })
		}
		if !missing {
			return nil
		}
		if err := kube.Pause(limit, pollInterval); err != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return nil
		}
	}
}

// clusters asks one proxy for its destinations and counters.
func (c *Cluster) clusters(ctx context.Context, p proxies.Proxy) (envoy.Clusters, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, lookTimeout, fmt.Errorf("proxy %s did not answer within %s", p, lookTimeout))
	defer cancel()
	clusters, err := c.proxies.Clusters(ctx, p)
	if err == nil {
		c.ledger.record(p, clusters)
	}
	return clusters, err
}

// routes asks one proxy for its routes.
func (c *Cluster) routes(ctx context.Context, p proxies.Proxy) (envoy.Routes, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, lookTimeout, fmt.Errorf("proxy %s did not answer within %s", p, lookTimeout))
	defer cancel()
	return c.proxies.Routes(ctx, p)
}

// awaitInjection waits until pods in a Namespace that has changed would get what
// the change promises: the API server learns of labels a moment after they are
// written, and a pod that is made before has no sidecar for ever. It asks for a
// pod without making it. A cluster that refuses such a pod is not argued with.
func (c *Cluster) awaitInjection(ctx context.Context, i *item) error {
	if !inventory.Injects(i.existing.GetLabels(), &corev1.PodTemplateSpec{}) {
		return nil
	}
	probe := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "splitcheck-probe-"},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "probe", Image: "splitcheck.dev/probe:none"}}},
	}
	limit, cancel := context.WithTimeout(ctx, namespacePatience)
	defer cancel()
	for {
		got, err := c.kube.Pods(i.key.Name).Create(limit, probe, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}, FieldManager: Manager})
		if err == nil && injected(got) {
			return nil
		}
		if kube.Pause(limit, pollInterval) != nil {
			if ctx.Err() != nil {
				return fmt.Errorf("%w: a pod in %s would get no sidecar, though its label asks for one", context.Cause(ctx), i.key)
			}
			return nil
		}
	}
}

func injected(p *corev1.Pod) bool {
	return slices.ContainsFunc(slices.Concat(p.Spec.InitContainers, p.Spec.Containers), func(c corev1.Container) bool { return c.Name == "istio-proxy" })
}
