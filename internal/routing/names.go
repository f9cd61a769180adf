package routing

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/splitcheck/splitcheck/internal/istio"
)

// The names that Istio has unless it is told otherwise.
//
//differential:virtualservice/root-namespace sidecar/dotted-host
const (
	// MeshGateway stands for the sidecars where a VirtualService names gateways.
	MeshGateway = "mesh"
	// GatewayClass is the class of the Gateways of the Gateway API that istiod
	// serves.
	GatewayClass = "istio"
)

// ServiceHost is the full name of a Kubernetes Service.
func ServiceHost(name, namespace string) string {
	return strings.ToLower(name + "." + namespace + "." + istio.ServiceDomain)
}

// Resolve reads a host as the resolver of a pod in namespace does: NAME,
// NAME.NAMESPACE, NAME.NAMESPACE.svc or the full name.
func Resolve(host, from string) (namespace, name string) {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	host = strings.TrimSuffix(strings.TrimSuffix(host, "."+istio.ServiceDomain), ".svc")
	name, namespace, qualified := strings.Cut(host, ".")
	if !qualified {
		namespace = cmp.Or(from, "default")
	}
	return namespace, name
}

// FullHost is the name that istiod takes host for in an object of namespace: a
// name without dots is a Service of that namespace, any other stands as it is,
// even "reviews.default" (istio pilot/pkg/model, ResolveShortnameToFQDN).
//
//differential:sidecar/dotted-host
func FullHost(host, namespace string) string {
	if host == "" || strings.ContainsAny(host, ".*") {
		return strings.ToLower(host)
	}
	return ServiceHost(host, namespace)
}

// FullGateway is the "namespace/name" of what a VirtualService of namespace calls
// a gateway, or MeshGateway. Of an old name with dots, such as
// "edge.shop.svc.cluster.local", istiod takes the second part for the namespace
// (istio pilot/pkg/model/config.go, resolveGatewayName).
//
//differential:elsewhere test routing/TestFullGateway
func FullGateway(name, namespace string) string {
	if name == MeshGateway || strings.Contains(name, "/") {
		return name
	}
	if short, rest, dotted := strings.Cut(name, "."); dotted {
		name = short
		namespace, _, _ = strings.Cut(rest, ".")
	}
	return namespace + "/" + name
}

// Selects says whether labels have every pair of selector. A selector without any
// selects everything here; a Service's then selects nothing, which its reader has
// to know.
func Selects(selector, have map[string]string) bool {
	return labels.ValidatedSetSelector(selector).Matches(labels.Set(have))
}

// A ClusterName names where requests can be sent.
type ClusterName struct {
	Host   string // fully qualified
	Port   int
	Subset string // empty for the whole service
}

// String is the name that Envoy has for it:
// "outbound|80|v1|reviews.default.svc.cluster.local".
//
//differential:elsewhere test proxies/TestCarried
func (n ClusterName) String() string {
	return fmt.Sprintf("outbound|%d|%s|%s", n.Port, n.Subset, n.Host)
}

// Service is the Kubernetes Service that n is of, if it is of one.
func (n ClusterName) Service() (namespace, name string) { return Resolve(n.Host, "") }

// Called is what people call n: its subset, or its Service where it has none.
func (n ClusterName) Called() string {
	_, name := n.Service()
	return cmp.Or(n.Subset, name)
}

// ParseClusterName reads what String writes; ok is false for the clusters that no
// object names, such as "PassthroughCluster" and "inbound|8080||".
func ParseClusterName(name string) (n ClusterName, ok bool) {
	parts := strings.Split(name, "|")
	if len(parts) != 4 || parts[0] != "outbound" {
		return ClusterName{}, false
	}
	port, err := strconv.Atoi(parts[1])
	return ClusterName{Host: parts[3], Port: port, Subset: parts[2]}, err == nil
}
