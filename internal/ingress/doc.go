// Package ingress finds or makes the ways in to a cluster: from this machine to
// its ingress gateway, to the gateway that Istio made for a Gateway of the
// Gateway API, or to a Service past any gateway and mesh. It sends no load and
// changes no object that is not its own.
package ingress

import "context"

// A Way leads into a cluster.
type Way struct {
	// URL is the base of every request: scheme, host and port.
	URL string
	// Note says in words what the user should know of the way; it may be empty.
	Note string
	// Lost says why the way leads nowhere any more, and nil while it does. It may
	// be nil: not every way can tell.
	Lost func() error
	// Close gives back what the way holds; it may be nil.
	Close func()
}

// Ways are the ways in to one cluster. Each method returns once requests are
// really answered there, whatever the answer; an error says what was tried.
type Ways interface {
	// Gateway leads to the gateway that is there already and serves what is
	// meant.
	Gateway(ctx context.Context, meant Meant) (Way, error)
	// GatewayAPI leads to the gateway that Istio made for a Gateway.
	GatewayAPI(ctx context.Context, namespace, name string) (Way, error)
	// Service leads to a port of a Service past gateway and mesh: kube-proxy
	// draws a pod for each connection.
	Service(ctx context.Context, namespace, name string, port int) (Way, error)
}

// Meant is what objects say of the gateway that serves them. It is empty for
// Istio's ingress gateway.
type Meant struct {
	// Service is "namespace/name" of its Service, where they name that.
	Service string
	// Selectors are the labels of its pods in each Gateway that they attach to.
	Selectors []map[string]string
}
