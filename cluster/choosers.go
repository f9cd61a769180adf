package cluster

import (
	"context"
	"fmt"
	"slices"

	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	"k8s.io/apimachinery/pkg/labels"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/splitcheck/splitcheck/manifests"
	"github.com/splitcheck/splitcheck/proxies"
)

// istioClass is the GatewayClass for whose Gateways Istio makes pods.
const istioClass = "istio"

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

// listProxies lists those of the scenario's namespaces, and of those where its
// gateways were found; of all namespaces while a gateway has not been found.
func (c *Cluster) listProxies(ctx context.Context, world []manifests.Object, own []string) ([]proxies.Proxy, error) {
	selecting := slices.ContainsFunc(world, func(o manifests.Object) bool {
		_, ok := o.Value.(*networkingv1.Gateway)
		return ok
	})
	if !selecting {
		return c.proxies.List(ctx, own...)
	}
	if known := c.gatewayNamespaces; known != nil {
		return c.proxies.List(ctx, slices.Compact(slices.Sorted(slices.Values(slices.Concat(own, known))))...)
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
		selector := g.Spec.GetSelector()
		return len(selector) == 0 || labels.SelectorFromSet(selector).Matches(labels.Set(p.Labels))
	case *gatewayv1.Gateway:
		return p.GatewayAPI == o.Namespace+"/"+o.Name
	}
	return false
}

func isGateway(o manifests.Object) bool {
	switch g := o.Value.(type) {
	case *networkingv1.Gateway:
		return true
	case *gatewayv1.Gateway:
		// One with an address is handed to pods that are there already.
		return g.Spec.GatewayClassName == istioClass && len(g.Spec.Addresses) == 0
	}
	return false
}

// unservedWords says why nobody serves a Gateway.
func unservedWords(o manifests.Object) string {
	if g, ok := o.Value.(*networkingv1.Gateway); ok {
		return fmt.Sprintf("the manifest: the selector of %s (%s:%d), %s, matches no running gateway pod", o, o.File, o.Line, labels.FormatLabels(g.Spec.GetSelector()))
	}
	return fmt.Sprintf("the control plane: Istio has made no running pod for %s (%s:%d)", o, o.File, o.Line)
}
