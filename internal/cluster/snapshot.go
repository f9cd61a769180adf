package cluster

import (
	"context"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/splitcheck/splitcheck/internal/inventory"
	"github.com/splitcheck/splitcheck/internal/kube"
	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/proxies"
	"github.com/splitcheck/splitcheck/internal/routing"
	"github.com/splitcheck/splitcheck/split"
)

// A snapshot is what Kubernetes says of some namespaces at one moment.
type snapshot struct {
	deployments []appsv1.Deployment
	pods        []corev1.Pod
	services    []corev1.Service
	slices      []discoveryv1.EndpointSlice
	// others are workloads of the scenario that are no Deployments, where they
	// were asked for.
	others map[manifests.Key]*unstructured.Unstructured
}

func (c *Cluster) snapshot(ctx context.Context, namespaces []string) (*snapshot, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, answerTimeout, fmt.Errorf("the API server did not answer within %s", answerTimeout))
	defer cancel()
	s := &snapshot{}
	for _, namespace := range namespaces {
		deployments, err := c.kube.Deployments(namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return nil, notListed(ctx, "Deployments", namespace, err)
		}
		pods, err := c.kube.Pods(namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return nil, notListed(ctx, "Pods", namespace, err)
		}
		services, err := c.kube.Services(namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return nil, notListed(ctx, "Services", namespace, err)
		}
		endpoints, err := c.kube.EndpointSlices(namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return nil, notListed(ctx, "EndpointSlices", namespace, err)
		}
		s.deployments = append(s.deployments, deployments...)
		s.pods = append(s.pods, pods...)
		s.services = append(s.services, services...)
		s.slices = append(s.slices, endpoints...)
	}
	return s, nil
}

func notListed(ctx context.Context, what, namespace string, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	return fmt.Errorf("the %s of namespace %s cannot be listed: %w", what, namespace, err)
}

// of returns the pods of a workload, by what owns them: labels alone may fit the
// pods of another.
func (s *snapshot) of(key manifests.Key) []*corev1.Pod {
	var found []*corev1.Pod
	for i := range s.pods {
		p := &s.pods[i]
		if p.Namespace != key.Namespace || kube.Workload(p) != key.Name {
			continue
		}
		kind := "Pod"
		if owner := metav1.GetControllerOf(p); owner != nil {
			kind = owner.Kind
		}
		if kind == key.Kind || key.Kind == "Deployment" && kind == "ReplicaSet" {
			found = append(found, p)
		}
	}
	return found
}

func (s *snapshot) deployment(namespace, name string) *appsv1.Deployment {
	for i := range s.deployments {
		if d := &s.deployments[i]; d.Namespace == namespace && d.Name == name {
			return d
		}
	}
	return nil
}

func (s *snapshot) pod(namespace, name string) *corev1.Pod {
	for i := range s.pods {
		if p := &s.pods[i]; p.Namespace == namespace && p.Name == name {
			return p
		}
	}
	return nil
}

func (s *snapshot) service(namespace, name string) *corev1.Service {
	for i := range s.services {
		if v := &s.services[i]; v.Namespace == namespace && v.Name == name {
			return v
		}
	}
	return nil
}

// endpoints are the ready addresses of a Service in its EndpointSlices, by the
// pods' names, each with the port for the Service's port (0 for the first). Of a
// Service with two families of addresses it is the first that counts: a pod is
// then in two slices, and proxies name it by the first.
func (s *snapshot) endpoints(service *corev1.Service, port int) map[string]string {
	name := ""
	for _, p := range service.Spec.Ports {
		if int(p.Port) == port || port == 0 {
			name = p.Name
			break
		}
	}
	found := map[string]string{}
	for i := range s.slices {
		slice := &s.slices[i]
		if slice.Namespace != service.Namespace || slice.Labels[discoveryv1.LabelServiceName] != service.Name {
			continue
		}
		if families := service.Spec.IPFamilies; len(families) > 0 && string(slice.AddressType) != string(families[0]) {
			continue
		}
		number := 0
		for _, p := range slice.Ports {
			if p.Name != nil && *p.Name == name && p.Port != nil {
				number = int(*p.Port)
			}
		}
		for _, e := range slice.Endpoints {
			if e.Conditions.Ready != nil && !*e.Conditions.Ready || len(e.Addresses) == 0 {
				continue
			}
			pod := e.Addresses[0]
			if e.TargetRef != nil {
				pod = e.TargetRef.Name
			}
			found[pod] = net.JoinHostPort(e.Addresses[0], strconv.Itoa(number))
		}
	}
	return found
}

// unsettled says in which Service of those that are concerned the EndpointSlices
// are not yet what the pods are; nil when they are.
func (s *snapshot) unsettled(world []manifests.Object) *split.Finding {
	for i := range s.services {
		service := &s.services[i]
		if !concerned(service, world) || len(service.Spec.Selector) == 0 || service.Spec.PublishNotReadyAddresses {
			continue
		}
		var should []string
		for j := range s.pods {
			p := &s.pods[j]
			if p.Namespace == service.Namespace && routing.Selects(service.Spec.Selector, p.Labels) && kube.Ready(p) && p.Status.PodIP != "" {
				should = append(should, p.Name)
			}
		}
		slices.Sort(should)
		has := slices.Sorted(maps.Keys(s.endpoints(service, 0)))
		if !slices.Equal(should, has) {
			found := split.Found("endpoints-unsettled", split.Values{
				"service": service.Namespace + "/" + service.Name, "has": has, "ready": should,
			})
			return &found
		}
	}
	return nil
}

// addresses returns for each destination the addresses that a proxy should have
// for it, by the name of its cluster. What is in other namespaces, or has no cluster
// address, is left out.
func (s *snapshot) addresses(destinations []proxies.Destination) map[string][]string {
	want := map[string][]string{}
	for _, d := range destinations {
		service := s.service(d.Namespace, d.Service)
		if service == nil || len(service.Spec.Selector) == 0 || service.Spec.ClusterIP == corev1.ClusterIPNone || service.Spec.Type == corev1.ServiceTypeExternalName {
			continue
		}
		addresses := []string{}
		for name, address := range s.endpoints(service, d.Port) {
			for i := range s.pods {
				if p := &s.pods[i]; p.Namespace == d.Namespace && p.Name == name && routing.Selects(d.Selector, p.Labels) {
					addresses = append(addresses, address)
				}
			}
		}
		slices.Sort(addresses)
		want[d.Cluster] = addresses
	}
	return want
}

// mostListed is how many of one kind a finding has room for.
const mostListed = 6

// concerned says whether a Service is the scenario's, or that of a gateway which
// was made for it.
func concerned(service *corev1.Service, world []manifests.Object) bool {
	return slices.ContainsFunc(world, func(o manifests.Object) bool {
		if o.Namespace != service.Namespace {
			return false
		}
		return o.Kind == "Service" && o.Name == service.Name ||
			o.Kind == "Gateway" && o.Name == service.Labels[inventory.GatewayNameLabel]
	})
}
