package proxies

import (
	"maps"
	"net"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/splitcheck/splitcheck/internal/envoy"
	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/routing"
)

// A Destination is a cluster that a proxy's rules send to.
type Destination struct {
	// Cluster is its name, as routing.ClusterName writes it.
	Cluster string
	// Namespace and Service name the Kubernetes Service behind it, Port is the
	// Service's, TargetPort the pods' own: a number or the name of one. All are
	// zero where no Service among the objects has the name: such a cluster has
	// no endpoints, and what is sent there is answered with 503 or 500.
	Namespace, Service string
	Port               int
	TargetPort         string
	// Selector holds the labels that the pods have: the Service's selector and
	// the subset's labels. It is nil where the Service selects none.
	Selector map[string]string
}

// Destinations returns the clusters that the rules of objects have p send to,
// mirrors included, each once, by name. The plain routes to Services, which
// no object asks for, are left out.
func Destinations(objects []manifests.Object, p Proxy) []Destination {
	c := newComparison(objects, p, nil)
	services := map[string]*corev1.Service{}
	for _, o := range objects {
		if s, ok := o.Value.(*corev1.Service); ok && s != nil {
			services[o.Namespace+"/"+o.Name] = s
		}
	}
	found := map[string]Destination{}
	add := func(name routing.ClusterName) {
		d := Destination{Cluster: name.String()}
		if cluster := c.table.Cluster(name); cluster != nil {
			d.Namespace, d.Service, d.Port = cluster.ServiceNamespace, cluster.ServiceName, name.Port
			if s := services[d.Namespace+"/"+d.Service]; s != nil {
				d.Selector, d.TargetPort = selector(s, cluster.SubsetLabels), targetPort(s, name.Port)
			}
		}
		found[d.Cluster] = d
	}
	for _, wants := range c.want {
		for _, w := range wants {
			for _, d := range w.split.Rule.Destinations {
				if d.Status == 0 {
					add(d.Cluster)
				}
			}
			for _, m := range w.split.Rule.Mirrors {
				add(m.Cluster)
			}
		}
	}
	out := make([]Destination, 0, len(found))
	for _, name := range slices.Sorted(maps.Keys(found)) {
		out = append(out, found[name])
	}
	return out
}

func selector(s *corev1.Service, subset map[string]string) map[string]string {
	if len(s.Spec.Selector) == 0 {
		return nil
	}
	out := maps.Clone(s.Spec.Selector)
	maps.Copy(out, subset)
	return out
}

// targetPort is the pods' port behind a Service's: the same where none is named.
func targetPort(s *corev1.Service, port int) string {
	for _, p := range s.Spec.Ports {
		if int(p.Port) == port && p.TargetPort.String() != "0" {
			return p.TargetPort.String()
		}
	}
	return strconv.Itoa(port)
}

// An Endpoint is an address in a cluster, as a proxy calls it.
type Endpoint struct{ Address, Cluster string }

// MissingEndpoints returns the addresses of want ("10.244.0.7:8080", by the
// name of a cluster) that clusters lack, or hold for unhealthy, in order.
func MissingEndpoints(clusters envoy.Clusters, want map[string][]string) []Endpoint {
	var missing []Endpoint
	for _, name := range slices.Sorted(maps.Keys(want)) {
		have := addresses(clusters.Find(name))
		for _, address := range slices.Sorted(slices.Values(want[name])) {
			if !have[address] {
				missing = append(missing, Endpoint{address, name})
			}
		}
	}
	return missing
}

// StaleEndpoints returns the addresses that the clusters named in want have
// beyond those in it, as MissingEndpoints does. One that the proxy holds for
// unhealthy is sent nothing and is left out: it may be on its way out.
func StaleEndpoints(clusters envoy.Clusters, want map[string][]string) []Endpoint {
	var stale []Endpoint
	for _, name := range slices.Sorted(maps.Keys(want)) {
		for _, address := range slices.Sorted(maps.Keys(addresses(clusters.Find(name)))) {
			if !slices.Contains(want[name], address) {
				stale = append(stale, Endpoint{address, name})
			}
		}
	}
	return stale
}

func addresses(c *envoy.Cluster) map[string]bool {
	out := map[string]bool{}
	if c == nil {
		return out
	}
	for _, e := range c.Endpoints {
		if e.Healthy {
			out[net.JoinHostPort(e.Address, strconv.Itoa(e.Port))] = true
		}
	}
	return out
}
