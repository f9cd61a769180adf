package cluster

import (
	"context"
	"slices"

	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	"k8s.io/apimachinery/pkg/labels"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/splitcheck/splitcheck/internal/inventory"
	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/proxies"
	"github.com/splitcheck/splitcheck/internal/routing"
	"github.com/splitcheck/splitcheck/split"
)

// Choosers are the proxies that make a choice by the objects of a world, and the
// Gateways among those that no proxy serves.
type choosers struct {
	proxies  []proxies.Proxy
	unserved []manifests.Object
}

// choosers finds the pods of each gateway concerned and the sidecars in the
// namespaces of the objects.
func (c *Cluster) choosers(ctx context.Context, world []manifests.Object) (choosers, error) {
	var found choosers
	own := namespacesOf(ownOnly(world))
	if len(own) == 0 {
		return found, nil
	}
	all, err := c.listProxies(ctx, world, own)
	if err != nil {
		return found, err
	}
	served := map[manifests.Key]bool{}
	for _, p := range all {
		chooses := !p.Gateway && slices.Contains(own, p.Namespace)
		for _, o := range world {
			if serves(p, o) {
				served[o.Key()] = true
				chooses = true
			}
		}
		if chooses {
			found.proxies = append(found.proxies, p)
		}
	}
	for _, o := range world {
		if isGateway(o) && !served[o.Key()] && o.File != inCluster {
			found.unserved = append(found.unserved, o)
		}
	}
	return found, nil
}

// listProxies lists those of the scenario's namespaces, of the namespaces of the
// Gateways for which Istio makes pods, since it makes them there, and of those
// where pods were found that other Gateways select; of all namespaces until then.
//
//differential:elsewhere scenario version-test-httproute
func (c *Cluster) listProxies(ctx context.Context, world []manifests.Object, own []string) ([]proxies.Proxy, error) {
	names := slices.Clone(own)
	anywhere := false
	for _, o := range world {
		if _, ok := o.Value.(*networkingv1.Gateway); ok {
			anywhere = true
		} else if g, ok := inventory.GatewayOf(o); ok {
			names = append(names, o.Namespace)
			anywhere = anywhere || g.Handed
		}
	}
	if !anywhere || c.gatewayNamespaces != nil {
		names = append(names, c.gatewayNamespaces...)
		slices.Sort(names)
		return c.proxies.List(ctx, slices.Compact(names)...)
	}
	all, err := c.proxies.List(ctx)
	if err != nil {
		return nil, err
	}
	for _, p := range all {
		if slices.ContainsFunc(world, func(o manifests.Object) bool { return serves(p, o) }) && !slices.Contains(c.gatewayNamespaces, p.Namespace) {
			c.gatewayNamespaces = append(c.gatewayNamespaces, p.Namespace)
		}
	}
	return all, nil
}

// serves says whether p is one of the pods of a Gateway.
func serves(p proxies.Proxy, o manifests.Object) bool {
	if !p.Gateway {
		return false
	}
	switch g := o.Value.(type) {
	case *networkingv1.Gateway:
		return routing.Selects(g.Spec.GetSelector(), p.Labels)
	case *gatewayv1.Gateway:
		return p.Compiled().Serves(o.Namespace, o.Name, &g.Spec)
	}
	return false
}

func isGateway(o manifests.Object) bool {
	_, own := o.Value.(*networkingv1.Gateway)
	return own || makesPods(o)
}

// makesPods says whether an object is a Gateway for which Istio makes pods.
//
//differential:elsewhere scenario version-test-httproute
func makesPods(o manifests.Object) bool {
	g, ok := inventory.GatewayOf(o)
	return ok && !g.Handed
}

// unserved says why nobody serves a Gateway.
func unserved(o manifests.Object) split.Finding {
	if g, ok := o.Value.(*networkingv1.Gateway); ok {
		return split.Found("gateway-selects-nothing", ofObject(o, split.Values{"selector": labels.FormatLabels(g.Spec.GetSelector())}))
	}
	return split.Found("gateway-without-pods", ofObject(o, nil))
}
