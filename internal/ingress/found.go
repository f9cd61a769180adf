package ingress

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/rest"

	"github.com/splitcheck/splitcheck/internal/inventory"
	"github.com/splitcheck/splitcheck/internal/kube"
	"github.com/splitcheck/splitcheck/internal/routing"
	"github.com/splitcheck/splitcheck/reports/words"
	"github.com/splitcheck/splitcheck/split"
)

// FoundOptions say what the user knows of the cluster.
type FoundOptions struct {
	REST *rest.Config
	// GatewayURL is the gateway's address; nothing is looked for then.
	GatewayURL string
	// GatewayService is "namespace/name" of the ingress gateway's Service,
	// whichever one is meant.
	GatewayService string
}

// Found are the Ways into a cluster as it is: a LoadBalancer's address, else a
// NodePort, else a port-forward, whichever answers. Nothing is changed there.
type Found struct {
	options FoundOptions
	client  *kube.Client
	probe   prober
	forward func(ctx context.Context, pod *corev1.Pod, port int) (*forwarding, error)
}

var _ Ways = (*Found)(nil)

// NewFound returns the Ways into the cluster of options.REST.
func NewFound(options FoundOptions) (*Found, error) {
	silence()
	client, err := kube.New(options.REST)
	if err != nil {
		return nil, err
	}
	f := &Found{options: options, client: client, probe: probe}
	f.forward = func(ctx context.Context, pod *corev1.Pod, port int) (*forwarding, error) {
		return forwardTo(ctx, client, pod, port)
	}
	return f, nil
}

// Gateway implements Ways.
func (f *Found) Gateway(ctx context.Context, meant Meant) (Way, error) {
	if f.options.GatewayURL != "" {
		return Way{URL: f.options.GatewayURL}, nil
	}
	service, err := f.gateway(ctx, meant)
	if err != nil {
		return Way{}, err
	}
	return f.enterGateway(ctx, service)
}

// GatewayAPI implements Ways.
func (f *Found) GatewayAPI(ctx context.Context, namespace, name string) (Way, error) {
	if f.options.GatewayURL != "" {
		return Way{URL: f.options.GatewayURL}, nil
	}
	service, err := gatewayService(ctx, f.client, namespace, name)
	if err != nil {
		return Way{}, err
	}
	return f.enterGateway(ctx, service)
}

// Service implements Ways. A port-forward is none: it reaches one pod.
func (f *Found) Service(ctx context.Context, namespace, name string, port int) (Way, error) {
	service, found, err := balancedService(ctx, f.client, namespace, name, port)
	if err != nil {
		return Way{}, err
	}
	way, tried, err := f.direct(ctx, service, found, true)
	if err != nil || way.URL != "" {
		return way, err
	}
	return Way{}, &words.Failure{Found: split.Found("service-not-entered", split.Values{"service": namespace + "/" + name, "since": tried})}
}

// gateway finds the Service of the ingress gateway.
func (f *Found) gateway(ctx context.Context, meant Meant) (*corev1.Service, error) {
	if named := cmp.Or(f.options.GatewayService, meant.Service); named != "" {
		namespace, name, _ := strings.Cut(named, "/")
		service, err := f.client.Services(namespace).Get(ctx, name)
		if err != nil {
			return nil, fmt.Errorf("the ingress gateway's Service %s cannot be looked up: %w", named, err)
		}
		return service, nil
	}
	selectors := meant.Selectors
	if len(selectors) == 0 {
		selectors = []map[string]string{inventory.IngressSelector()}
	}
	var (
		asked []string
		found []*corev1.Service
	)
	for _, selector := range selectors {
		asked = append(asked, labels.FormatLabels(selector))
		services, err := f.selecting(ctx, selector)
		if err != nil {
			return nil, err
		}
		for _, s := range services {
			if !slices.ContainsFunc(found, func(o *corev1.Service) bool { return o.Namespace == s.Namespace && o.Name == s.Name }) {
				found = append(found, s)
			}
		}
	}
	switch len(found) {
	case 0:
		return nil, fmt.Errorf("there is no ingress gateway: no Service leads to running pods with the labels %s; install one, say which it is with --gateway NAMESPACE/NAME, or give its address with --gateway-url", strings.Join(asked, " or "))
	case 1:
		return found[0], nil
	}
	var names []string
	for _, s := range found {
		names = append(names, s.Namespace+"/"+s.Name)
	}
	slices.Sort(names)
	return nil, fmt.Errorf("there are several ingress gateways: %s; say which with --gateway NAMESPACE/NAME, or give its address with --gateway-url", strings.Join(names, ", "))
}

// selecting returns the Services that lead to running pods with these labels.
func (f *Found) selecting(ctx context.Context, selector map[string]string) ([]*corev1.Service, error) {
	pods, err := f.client.Pods(metav1.NamespaceAll).List(ctx, metav1.ListOptions{LabelSelector: labels.FormatLabels(selector)})
	if err != nil {
		return nil, fmt.Errorf("the pods of the ingress gateway cannot be looked for: %w; if this account may not, give the address with --gateway-url", err)
	}
	var found []*corev1.Service
	seen := map[string]bool{}
	for _, pod := range pods {
		if seen[pod.Namespace] || pod.Status.Phase != corev1.PodRunning {
			continue
		}
		seen[pod.Namespace] = true
		services, err := f.client.Services(pod.Namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return nil, fmt.Errorf("the Services of namespace %s cannot be listed: %w; give the gateway's address with --gateway-url", pod.Namespace, err)
		}
		for i := range services {
			s := &services[i]
			if len(s.Spec.Selector) == 0 || s.Spec.ClusterIP == corev1.ClusterIPNone || s.Labels[EntryLabel] != "" {
				continue
			}
			if slices.ContainsFunc(pods, func(p corev1.Pod) bool {
				return p.Namespace == s.Namespace && routing.Selects(s.Spec.Selector, p.Labels)
			}) {
				found = append(found, s)
			}
		}
	}
	return found, nil
}

func (f *Found) enterGateway(ctx context.Context, service *corev1.Service) (Way, error) {
	port, err := HTTPPort(service)
	if err != nil {
		return Way{}, fmt.Errorf("%w; give the gateway's address with --gateway-url", err)
	}
	way, tried, err := f.direct(ctx, service, port, false)
	if err != nil || way.URL != "" {
		return way, err
	}
	name := service.Namespace + "/" + service.Name
	pod, number, all, err := f.readyPod(ctx, service, port)
	if err != nil {
		return Way{}, &words.Failure{Found: split.Found("gateway-not-reached", split.Values{"gateway": name, "since": tried, "text": err.Error()})}
	}
	forwarded, err := f.forward(ctx, pod, number)
	if err != nil {
		return Way{}, &words.Failure{Found: split.Found("gateway-not-reached", split.Values{
			"gateway": name, "since": tried, "pod": pod.Name, "text": err.Error(),
		})}
	}
	err = await(ctx, answerTimeout, "that it answers", func(ctx context.Context) (bool, error) {
		err := f.probe(ctx, forwarded.url)
		return err == nil, err
	})
	if err != nil {
		forwarded.end()
		return Way{}, fmt.Errorf("the gateway %s does not answer by a port-forward to port %d of pod %s: %w; does a Gateway open port %d on it?", name, number, pod.Name, err, port.Port)
	}
	note := split.Found("way-by-port-forward", split.Values{"pod": pod.Name, "since": tried, "pods": all})
	return Way{URL: forwarded.url, Note: &note, Lost: forwarded.lost, Close: forwarded.end}, nil
}

// direct tries the addresses of the Service that lead to its pods; to all of them,
// whichever node is entered, if balanced. It returns an empty Way and what was
// tried if none answers.
func (f *Found) direct(ctx context.Context, s *corev1.Service, port corev1.ServicePort, balanced bool) (Way, []split.Finding, error) {
	type candidate struct {
		url  string
		note split.Finding
	}
	var (
		list  []candidate
		tried []split.Finding
	)
	at := func(host string, port int32) string {
		return "http://" + net.JoinHostPort(host, strconv.Itoa(int(port)))
	}
	balancer := s.Status.LoadBalancer.Ingress
	for _, i := range balancer {
		host := cmp.Or(i.Hostname, i.IP)
		list = append(list, candidate{at(host, port.Port), split.Found("way-by-load-balancer", split.Values{"address": host})})
	}
	if s.Spec.Type == corev1.ServiceTypeLoadBalancer && len(balancer) == 0 {
		tried = append(tried, split.Found("tried-load-balancer", nil))
	}
	if port.NodePort == 0 {
		tried = append(tried, split.Found("tried-no-node-port", nil))
	} else {
		local := s.Spec.ExternalTrafficPolicy == corev1.ServiceExternalTrafficPolicyLocal
		nodes, err := f.client.Nodes().List(ctx, metav1.ListOptions{})
		switch {
		case err != nil:
			tried = append(tried, split.Found("tried-nodes", split.Values{"text": err.Error()}))
		case local && balanced && len(nodes) > 1:
			tried = append(tried, split.Found("tried-local-node-port", nil))
		default:
			for _, address := range nodeAddresses(nodes) {
				note := split.Found("way-by-node-port", split.Values{"port": port.NodePort, "address": address, "local": local})
				list = append(list, candidate{at(address, port.NodePort), note})
			}
		}
	}
	for n, c := range list {
		if n == mostAddresses {
			tried = append(tried, split.Found("tried-no-more", split.Values{"count": len(list) - n}))
			break
		}
		err := f.probe(ctx, c.url)
		if err == nil {
			if len(tried) > 0 {
				c.note.Values["since"] = tried
			}
			return Way{URL: c.url, Note: &c.note}, nil, nil
		}
		if ctx.Err() != nil {
			return Way{}, nil, context.Cause(ctx)
		}
		tried = append(tried, split.Found("tried-address", split.Values{"url": c.url}))
	}
	return Way{}, tried, nil
}

// mostAddresses limits how many addresses are tried: a large cluster has many
// nodes, and if three do not answer, a fourth will not either.
const mostAddresses = 6

// nodeAddresses are those of the nodes that are ready, the external ones first.
func nodeAddresses(nodes []corev1.Node) []string {
	var addresses []string
	for _, kind := range []corev1.NodeAddressType{corev1.NodeExternalIP, corev1.NodeInternalIP} {
		for _, n := range nodes {
			ready := slices.ContainsFunc(n.Status.Conditions, func(c corev1.NodeCondition) bool {
				return c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue
			})
			for _, a := range n.Status.Addresses {
				if ready && a.Type == kind && !slices.Contains(addresses, a.Address) {
					addresses = append(addresses, a.Address)
				}
			}
		}
	}
	return addresses
}

// readyPod returns the first pod by name that is ready behind a Service, the
// number of its port, and how many there are.
func (f *Found) readyPod(ctx context.Context, s *corev1.Service, port corev1.ServicePort) (*corev1.Pod, int, int, error) {
	if len(s.Spec.Selector) == 0 {
		return nil, 0, 0, errors.New("the Service has no selector")
	}
	pods, err := f.client.Pods(s.Namespace).List(ctx, metav1.ListOptions{LabelSelector: labels.FormatLabels(s.Spec.Selector)})
	if err != nil {
		return nil, 0, 0, fmt.Errorf("its pods cannot be listed: %w", err)
	}
	ready := slices.DeleteFunc(slices.Clone(pods), func(p corev1.Pod) bool { return !kube.Ready(&p) })
	if len(ready) == 0 {
		return nil, 0, 0, fmt.Errorf("none of its %d pods is ready", len(pods))
	}
	slices.SortFunc(ready, func(a, b corev1.Pod) int { return strings.Compare(a.Name, b.Name) })
	pod := &ready[0]
	if number := port.TargetPort.IntValue(); number > 0 {
		return pod, number, len(ready), nil
	}
	if port.TargetPort.StrVal == "" {
		return pod, int(port.Port), len(ready), nil
	}
	for _, c := range pod.Spec.Containers {
		for _, p := range c.Ports {
			if p.Name == port.TargetPort.StrVal {
				return pod, int(p.ContainerPort), len(ready), nil
			}
		}
	}
	return nil, 0, 0, fmt.Errorf("pod %s has no port named %q", pod.Name, port.TargetPort.StrVal)
}
