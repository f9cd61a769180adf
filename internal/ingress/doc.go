// Package ingress finds or creates the ways into a cluster: from this machine
// to its ingress gateway, to the gateway that Istio created for a Gateway of
// the Gateway API, or to a Service, bypassing gateway and mesh. It does not
// send load, and it changes only objects of its own.
package ingress

import (
	"context"

	"github.com/splitcheck/splitcheck/split"
)

// A Way leads into a cluster.
type Way struct {
	// URL is the base of every request: scheme, host and port.
	URL string
	// Note is what the user should know about the way; it may be
	// empty.
	Note *split.Finding
	// Lost says why the way leads nowhere any more; while it works, Lost
	// returns nil. Lost itself may be nil: not every way can tell.
	Lost func() error
	// Close releases what the way holds; it may be nil.
	Close func()
}

// Ways are the ways into one cluster. Each method returns only when requests
// are really answered there, with any answer; an error says what was tried.
//
//differential:elsewhere test test/e2e/TestWays
//differential:elsewhere scenario version-test-httproute
type Ways interface {
	// Gateway leads to the gateway that is there already and serves what is
	// meant.
	Gateway(ctx context.Context, meant Meant) (Way, error)
	// GatewayAPI leads to the gateway that Istio created for a Gateway.
	GatewayAPI(ctx context.Context, namespace, name string) (Way, error)
	// Service leads to a port of a Service and bypasses gateway and mesh:
	// kube-proxy chooses a pod for each connection.
	Service(ctx context.Context, namespace, name string, port int) (Way, error)
}

// Meant is what objects say about the gateway that serves them. It is empty for
// Istio's ingress gateway.
//
//differential:elsewhere test test/e2e/TestWays
type Meant struct {
	// Service is "namespace/name" of its Service, where they name that.
	Service string
	// Selectors are the labels of its pods in each Gateway that they attach to.
	Selectors []map[string]string
}
