package ingress

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/splitcheck/splitcheck/internal/inventory"
	"github.com/splitcheck/splitcheck/internal/kube"
)

// A Port is a NodePort and the port of 127.0.0.1 that it is mapped to.
type Port struct{ Node, Local int }

// Ports are the three that were mapped when the cluster was created.
type Ports struct {
	// Gateway belongs to the ingress gateway's own Service; Service and
	// GatewayAPI are for entry Services.
	Gateway, Service, GatewayAPI Port
}

// The marks of an entry Service.
const (
	// EntryLabel is "service" or "gateway-api".
	EntryLabel = "splitcheck.dev/entry"
	// entryOf holds the name of the Service that it stands for.
	entryOf = "splitcheck.dev/entry-of"
	// unseen keeps the entry out of every proxy's configuration.
	unseen = "networking.istio.io/exportTo"
)

// Mapped are the Ways into a cluster of one machine whose NodePorts are mapped to
// ports of 127.0.0.1. Only a Service of type NodePort can use those, and a user's
// Service is not ours to change: an entry Service of our own, with the same
// selector and target port, stands beside it. It goes with Close.
type Mapped struct {
	client *kube.Client
	ports  Ports
	probe  prober
	guard  time.Duration

	mu      sync.Mutex
	entries map[string]*corev1.Service // by EntryLabel
	settled map[string]string          // by EntryLabel: the addresses that were guarded
}

var _ Ways = (*Mapped)(nil)

// NewMapped returns the Ways in by mapped ports.
func NewMapped(client *kube.Client, ports Ports) *Mapped {
	return &Mapped{client: client, ports: ports, probe: probe, guard: kubeProxyGuard,
		entries: map[string]*corev1.Service{}, settled: map[string]string{}}
}

func local(p Port) string { return fmt.Sprintf("http://127.0.0.1:%d", p.Local) }

// Gateway implements Ways. The only gateway is the one that is mapped.
func (m *Mapped) Gateway(ctx context.Context, _ Meant) (Way, error) {
	url := local(m.ports.Gateway)
	if err := m.answers(ctx, url); err != nil {
		return Way{}, fmt.Errorf("the ingress gateway does not answer at %s (NodePort %d): %w; does its pod run, and does a Gateway open port 80 on it?", url, m.ports.Gateway.Node, err)
	}
	return Way{URL: url}, nil
}

// GatewayAPI implements Ways.
func (m *Mapped) GatewayAPI(ctx context.Context, namespace, name string) (Way, error) {
	made, err := gatewayService(ctx, m.client, namespace, name)
	if err != nil {
		return Way{}, err
	}
	port, err := HTTPPort(made)
	if err != nil {
		return Way{}, err
	}
	return m.enter(ctx, "gateway-api", made, port, m.ports.GatewayAPI)
}

// Service implements Ways.
func (m *Mapped) Service(ctx context.Context, namespace, name string, port int) (Way, error) {
	service, found, err := balancedService(ctx, m.client, namespace, name, port)
	if err != nil {
		return Way{}, err
	}
	return m.enter(ctx, "service", service, found, m.ports.Service)
}

// Close removes the entry Services that m has made or used.
func (m *Mapped) Close(ctx context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for kind, entry := range m.entries {
		if err := m.remove(ctx, entry); err != nil {
			return err
		}
		delete(m.entries, kind)
		delete(m.settled, kind)
	}
	return nil
}

func (m *Mapped) remove(ctx context.Context, entry *corev1.Service) error {
	err := m.client.Services(entry.Namespace).Delete(ctx, entry.Name, *metav1.NewPreconditionDeleteOptions(string(entry.UID)))
	if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
		return fmt.Errorf("the entry Service %s/%s cannot be removed: %w", entry.Namespace, entry.Name, err)
	}
	return nil
}

// enter makes port of service reachable by a NodePort.
func (m *Mapped) enter(ctx context.Context, kind string, service *corev1.Service, port corev1.ServicePort, mapped Port) (Way, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	want := entryFor(kind, service, port, mapped.Node)
	entry, err := m.place(ctx, want, mapped)
	if err != nil {
		return Way{}, fmt.Errorf("Service %s/%s cannot be entered: %w", service.Namespace, service.Name, err)
	}
	m.entries[kind] = entry
	addresses, err := m.awaitEndpoints(ctx, service, entry)
	if err != nil {
		return Way{}, fmt.Errorf("Service %s/%s cannot be entered: %w", service.Namespace, service.Name, err)
	}
	// The same pods were waited for before, so kube-proxy knows them.
	if now := string(entry.UID) + " " + addresses; m.settled[kind] != now {
		if err := kube.Pause(ctx, m.guard); err != nil {
			return Way{}, err
		}
		m.settled[kind] = now
	}
	url := local(mapped)
	if err := m.answers(ctx, url); err != nil {
		return Way{}, fmt.Errorf("Service %s/%s does not answer at %s (NodePort %d): %w", service.Namespace, service.Name, url, mapped.Node, err)
	}
	return Way{URL: url}, nil
}

func entryFor(kind string, of *corev1.Service, port corev1.ServicePort, nodePort int) *corev1.Service {
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{
			Name: "splitcheck-entry-" + kind, Namespace: of.Namespace,
			Labels:      map[string]string{EntryLabel: kind},
			Annotations: map[string]string{entryOf: of.Name, unseen: "~"},
		},
		Spec: corev1.ServiceSpec{
			Type: corev1.ServiceTypeNodePort, Selector: maps.Clone(of.Spec.Selector),
			// Any node's port leads to any pod, as the Service itself does.
			ExternalTrafficPolicy:    corev1.ServiceExternalTrafficPolicyCluster,
			SessionAffinity:          of.Spec.SessionAffinity,
			SessionAffinityConfig:    of.Spec.SessionAffinityConfig,
			PublishNotReadyAddresses: of.Spec.PublishNotReadyAddresses,
			Ports: []corev1.ServicePort{{
				Name: port.Name, Protocol: corev1.ProtocolTCP, AppProtocol: port.AppProtocol,
				Port: port.Port, TargetPort: port.TargetPort, NodePort: int32(nodePort),
			}},
		},
	}
}

// alike says whether an entry that is there is the one that is wanted.
func alike(a, want *corev1.Service) bool {
	affinity := func(s *corev1.Service) bool { return s.Spec.SessionAffinity == corev1.ServiceAffinityClientIP }
	return a.DeletionTimestamp == nil && a.Namespace == want.Namespace && a.Name == want.Name && a.Annotations[entryOf] == want.Annotations[entryOf] &&
		maps.Equal(a.Spec.Selector, want.Spec.Selector) && affinity(a) == affinity(want) &&
		a.Spec.ExternalTrafficPolicy == want.Spec.ExternalTrafficPolicy &&
		a.Spec.PublishNotReadyAddresses == want.Spec.PublishNotReadyAddresses &&
		len(a.Spec.Ports) == 1 && a.Spec.Ports[0].Port == want.Spec.Ports[0].Port &&
		a.Spec.Ports[0].TargetPort == want.Spec.Ports[0].TargetPort && a.Spec.Ports[0].NodePort == want.Spec.Ports[0].NodePort
}

// place returns the entry Service that is wanted. An entry for another Service
// is not changed but removed first, and place waits until its port no longer
// answers. So an answer at the same port comes from the new entry, not from
// rules that kube-proxy had not removed yet.
func (m *Mapped) place(ctx context.Context, want *corev1.Service, mapped Port) (*corev1.Service, error) {
	kind := want.Labels[EntryLabel]
	there, err := m.client.Services(metav1.NamespaceAll).List(ctx, metav1.ListOptions{LabelSelector: EntryLabel + "=" + kind})
	if err != nil {
		return nil, fmt.Errorf("the entry Services cannot be listed: %w", err)
	}
	var kept *corev1.Service
	removed := false
	for i := range there {
		if alike(&there[i], want) {
			kept = &there[i]
			continue
		}
		if err := m.remove(ctx, &there[i]); err != nil {
			return nil, err
		}
		removed = true
	}
	if kept != nil {
		return kept, nil
	}
	if removed {
		err = await(ctx, quietTimeout, fmt.Sprintf("that nobody answers at %s, since the former entry is gone,", local(mapped)), func(ctx context.Context) (bool, error) {
			return refused(m.probe(ctx, local(mapped))), nil
		})
		if err != nil {
			return nil, err
		}
	}
	made, err := m.client.Services(want.Namespace).Create(ctx, want, metav1.CreateOptions{FieldManager: "splitcheck"})
	if err != nil {
		return nil, m.refusal(ctx, want, err)
	}
	return made, nil
}

// refusal says who has the NodePort, if that is the reason.
func (m *Mapped) refusal(ctx context.Context, want *corev1.Service, err error) error {
	port := want.Spec.Ports[0].NodePort
	all, listed := m.client.Services(metav1.NamespaceAll).List(ctx, metav1.ListOptions{})
	if listed == nil {
		for _, s := range all {
			if slices.ContainsFunc(s.Spec.Ports, func(p corev1.ServicePort) bool { return p.NodePort == port }) {
				return fmt.Errorf("NodePort %d, the only one that is mapped for this, is taken by Service %s/%s; `kubectl -n %s patch service %s -p '{\"spec\":{\"type\":\"ClusterIP\"}}'` frees it, and leaves the Service to the cluster's own pods", port, s.Namespace, s.Name, s.Namespace, s.Name)
			}
		}
	}
	return fmt.Errorf("the entry Service %s/%s cannot be made: %w", want.Namespace, want.Name, err)
}

// awaitEndpoints waits until the entry has the pods of its Service, and at
// least one, and returns their addresses.
func (m *Mapped) awaitEndpoints(ctx context.Context, service, entry *corev1.Service) (addresses string, err error) {
	what := fmt.Sprintf("that the entry Service %s/%s has the ready pods of %s", entry.Namespace, entry.Name, service.Name)
	err = await(ctx, endpointsTimeout, what, func(ctx context.Context) (bool, error) {
		theirs, err := readyAddresses(ctx, m.client, service)
		if err != nil {
			return false, err
		}
		ours, err := readyAddresses(ctx, m.client, entry)
		if err != nil {
			return false, err
		}
		if len(theirs) == 0 {
			return false, fmt.Errorf("no pod is ready behind Service %s/%s", service.Namespace, service.Name)
		}
		addresses = strings.Join(ours, " ")
		return slices.Equal(theirs, ours), fmt.Errorf("it has %d of %d", len(ours), len(theirs))
	})
	return addresses, err
}

// readyAddresses are the addresses in a Service's EndpointSlices, sorted. If
// there are two address families, the first counts: an entry has no other.
func readyAddresses(ctx context.Context, client *kube.Client, s *corev1.Service) ([]string, error) {
	slicesOf, err := client.EndpointSlices(s.Namespace).List(ctx, metav1.ListOptions{LabelSelector: discoveryv1.LabelServiceName + "=" + s.Name})
	if err != nil {
		return nil, fmt.Errorf("the EndpointSlices of Service %s/%s cannot be listed: %w", s.Namespace, s.Name, err)
	}
	var addresses []string
	for _, slice := range slicesOf {
		if families := s.Spec.IPFamilies; len(families) > 0 && string(slice.AddressType) != string(families[0]) {
			continue
		}
		for _, e := range slice.Endpoints {
			if e.Conditions.Ready == nil || *e.Conditions.Ready {
				addresses = append(addresses, e.Addresses...)
			}
		}
	}
	slices.Sort(addresses)
	return slices.Compact(addresses), nil
}

func (m *Mapped) answers(ctx context.Context, url string) error {
	return await(ctx, answerTimeout, "that it answers", func(ctx context.Context) (bool, error) {
		err := m.probe(ctx, url)
		return err == nil, err
	})
}

// gatewayService returns the Service that Istio made for a Gateway.
//
//differential:elsewhere scenario version-test-httproute
func gatewayService(ctx context.Context, client *kube.Client, namespace, name string) (*corev1.Service, error) {
	var made *corev1.Service
	what := fmt.Sprintf("that Istio has made a Service for Gateway %s/%s (label %s=%s)", namespace, name, inventory.GatewayNameLabel, name)
	err := await(ctx, serviceTimeout, what, func(ctx context.Context) (bool, error) {
		list, err := client.Services(namespace).List(ctx, metav1.ListOptions{LabelSelector: inventory.GatewayNameLabel + "=" + name})
		if err != nil {
			return false, err
		}
		for i := range list {
			if _, ours := list[i].Labels[EntryLabel]; !ours {
				made = &list[i]
			}
		}
		return made != nil, nil
	})
	return made, err
}

// balancedService returns a Service and its port as kube-proxy serves it.
func balancedService(ctx context.Context, client *kube.Client, namespace, name string, port int) (*corev1.Service, corev1.ServicePort, error) {
	service, err := client.Services(namespace).Get(ctx, name)
	if apierrors.IsNotFound(err) {
		return nil, corev1.ServicePort{}, fmt.Errorf("there is no Service %s/%s to enter by", namespace, name)
	}
	if err != nil {
		return nil, corev1.ServicePort{}, fmt.Errorf("Service %s/%s cannot be looked up: %w", namespace, name, err)
	}
	found, err := balanced(service, port)
	return service, found, err
}
