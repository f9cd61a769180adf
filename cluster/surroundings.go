package cluster

import (
	"context"
	"fmt"
	"slices"
	"strings"

	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/splitcheck/splitcheck/manifests"
)

// inCluster stands for the file of an object that the scenario did not bring.
const inCluster = "the cluster"

// ownOnly are the objects of a world that the scenario has brought.
func ownOnly(world []manifests.Object) []manifests.Object {
	return slices.DeleteFunc(slices.Clone(world), func(o manifests.Object) bool { return o.File == inCluster })
}

// survey finds what is in the cluster already and decides what the scenario's
// routes mean: Services and their subsets anywhere, the Gateways that the routes
// name, Sidecars, which keep routes from proxies, and grants, which let them leave
// their namespace. What a cluster holds that this program cannot read is left out:
// the routes of the proxies will tell.
func (c *Cluster) survey(ctx context.Context, coming []manifests.Object) error {
	ctx, cancel := context.WithTimeoutCause(ctx, answerTimeout, fmt.Errorf("the API server did not answer within %s", answerTimeout))
	defer cancel()
	named := gatewaysNamed(with(c.own(), coming))
	mine := map[manifests.Key]bool{}
	for _, o := range with(c.own(), coming) {
		mine[o.Key()] = true
	}
	c.surroundings = nil
	for _, kind := range []schema.GroupKind{
		{Kind: "Service"},
		{Group: manifests.IstioGroup, Kind: "DestinationRule"},
		{Group: manifests.IstioGroup, Kind: "Gateway"},
		{Group: manifests.IstioGroup, Kind: "Sidecar"},
		{Group: manifests.GatewayGroup, Kind: "Gateway"},
		{Group: manifests.GatewayGroup, Kind: "ReferenceGrant"},
	} {
		mapping, err := c.mapper.RESTMapping(kind)
		if meta.IsNoMatchError(err) {
			continue
		}
		if err != nil {
			return fmt.Errorf("the cluster does not say what a %s is: %w", kind.Kind, err)
		}
		list, err := c.dynamic.Resource(mapping.Resource).List(ctx, metav1.ListOptions{})
		if err != nil {
			return notListed(ctx, kind.Kind+"s", "any", err)
		}
		for i := range list.Items {
			u := bare(&list.Items[i])
			text, err := u.MarshalJSON()
			if err != nil {
				continue
			}
			objects, _ := manifests.Decode(inCluster, text)
			if len(objects) != 1 {
				continue
			}
			o := objects[0]
			if mine[o.Key()] || kind.Kind == "Gateway" && !named[o.Key()] {
				continue
			}
			c.surroundings = append(c.surroundings, &brought{key: o.Key(), object: o, created: list.Items[i].GetCreationTimestamp().Time})
		}
	}
	return nil
}

// gatewaysNamed are the Gateways that routes attach to.
func gatewaysNamed(objects []manifests.Object) map[manifests.Key]bool {
	named := map[manifests.Key]bool{}
	for _, o := range objects {
		switch v := o.Value.(type) {
		case *networkingv1.VirtualService:
			gateways := slices.Clone(v.Spec.GetGateways())
			for _, h := range v.Spec.GetHttp() {
				for _, m := range h.GetMatch() {
					gateways = append(gateways, m.GetGateways()...)
				}
			}
			for _, g := range gateways {
				namespace, name, ok := strings.Cut(g, "/")
				if !ok {
					namespace, name = o.Namespace, g
				}
				named[manifests.Key{Group: manifests.IstioGroup, Kind: "Gateway", Namespace: namespace, Name: name}] = true
			}
		case *gatewayv1.HTTPRoute:
			for _, p := range v.Spec.ParentRefs {
				if p.Kind != nil && *p.Kind != "Gateway" {
					continue
				}
				namespace := o.Namespace
				if p.Namespace != nil {
					namespace = string(*p.Namespace)
				}
				named[manifests.Key{Group: manifests.GatewayGroup, Kind: "Gateway", Namespace: namespace, Name: string(p.Name)}] = true
			}
		}
	}
	return named
}
