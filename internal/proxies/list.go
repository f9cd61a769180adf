package proxies

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/splitcheck/splitcheck/internal/inventory"
	"github.com/splitcheck/splitcheck/internal/kube"
)

// proxyContainer is the container that a proxy runs in, whether it was injected or
// is a gateway's own.
const proxyContainer = "istio-proxy"

// List returns the proxies of running pods, by namespace and name; of all
// namespaces where none is named. Pods that are being deleted are left out, and
// waypoints, which are neither gateways nor sidecars.
func (r *Reader) List(ctx context.Context, namespaces ...string) ([]Proxy, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, listTimeout, fmt.Errorf("the API server did not list the pods within %s", listTimeout))
	defer cancel()
	if len(namespaces) == 0 {
		namespaces = []string{metav1.NamespaceAll}
	}
	var found []Proxy
	for _, namespace := range namespaces {
		pods, err := r.client.Pods(namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			if cause := context.Cause(ctx); cause != nil {
				err = cause
			}
			return nil, fmt.Errorf("the proxies cannot be listed: %w", err)
		}
		for i := range pods {
			if p, ok := proxyOf(&pods[i]); ok {
				found = append(found, p)
			}
		}
	}
	slices.SortFunc(found, func(a, b Proxy) int {
		return cmp.Or(strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Name, b.Name))
	})
	return slices.CompactFunc(found, func(a, b Proxy) bool { return a.String() == b.String() }), nil
}

// proxyOf returns the proxy in a pod, if one runs there.
func proxyOf(pod *corev1.Pod) (Proxy, bool) {
	if pod.DeletionTimestamp != nil || pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
		return Proxy{}, false
	}
	container, running := findProxy(pod)
	if container == nil || !running {
		return Proxy{}, false
	}
	p := Proxy{
		Name: pod.Name, Namespace: pod.Namespace, Workload: kube.Workload(pod),
		IP: pod.Status.PodIP, Labels: pod.Labels,
	}
	switch role(container) {
	case "router":
		p.Gateway = true
	case "sidecar":
	case "":
		// Somebody else's command line: a proxy that has a pod to itself stands
		// in front of no application.
		p.Gateway = len(pod.Spec.Containers) == 1 && pod.Spec.Containers[0].Name == proxyContainer
	default:
		return Proxy{}, false
	}
	if name := pod.Labels[inventory.GatewayNameLabel]; p.Gateway && name != "" {
		p.GatewayAPI = pod.Namespace + "/" + name
	}
	return p, true
}

// findProxy returns the container of the proxy, which may be one of the initial
// ones that go on running, and whether it runs.
func findProxy(pod *corev1.Pod) (*corev1.Container, bool) {
	for _, set := range []struct {
		containers []corev1.Container
		statuses   []corev1.ContainerStatus
	}{
		{pod.Spec.Containers, pod.Status.ContainerStatuses},
		{pod.Spec.InitContainers, pod.Status.InitContainerStatuses},
	} {
		for i := range set.containers {
			if set.containers[i].Name != proxyContainer {
				continue
			}
			running := slices.ContainsFunc(set.statuses, func(s corev1.ContainerStatus) bool {
				return s.Name == proxyContainer && s.State.Running != nil
			})
			return &set.containers[i], running
		}
	}
	return nil, false
}

// role is what pilot-agent was told to be: the argument after "proxy".
func role(c *corev1.Container) string {
	if i := slices.Index(c.Args, "proxy"); i >= 0 && i+1 < len(c.Args) {
		return c.Args[i+1]
	}
	return ""
}
