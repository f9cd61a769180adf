package proxies

import (
	"github.com/splitcheck/splitcheck/envoy"
	"github.com/splitcheck/splitcheck/manifests"
)

// A Destination is a cluster that a proxy's rules send to.
type Destination struct {
	// Cluster is Envoy's name of it.
	Cluster string
	// Namespace and Service name the Kubernetes Service behind it; Selector
	// holds the labels that its pods have: the Service's, and the subset's.
	Namespace, Service string
	Selector           map[string]string
	// Port is the Service's, by which the pods' own is found.
	Port int
}

// Destinations returns the clusters that the rules of p send to, mirrors
// included, each once, by name.
func Destinations(objects []manifests.Object, p Proxy) []Destination { return nil }

// MissingEndpoints returns the addresses of want ("10.244.0.7:8080" by Envoy's
// name of a cluster) that clusters do not have, or not as healthy ones, as
// "ADDRESS in CLUSTER", in order.
func MissingEndpoints(clusters envoy.Clusters, want map[string][]string) []string { return nil }

// StaleEndpoints returns the addresses that clusters have beyond those of want,
// among the clusters that want names.
func StaleEndpoints(clusters envoy.Clusters, want map[string][]string) []string { return nil }
