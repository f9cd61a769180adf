package cluster

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/splitcheck/splitcheck/internal/inventory"
	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/routing"
)

// inCluster stands for the file of an object that the scenario did not bring.
const inCluster = "the cluster"

// ownOnly are the objects of a world that the scenario has brought.
func ownOnly(world []manifests.Object) []manifests.Object {
	return slices.DeleteFunc(slices.Clone(world), func(o manifests.Object) bool { return o.File == inCluster })
}

// surveyed are the kinds that decide what the routes of a scenario mean. Which
// Gateways count is known from the VirtualServices. An account that may not list
// the kinds that few routes depend on does without them.
var surveyed = []struct {
	schema.GroupKind
	spare bool
}{
	{schema.GroupKind{Group: manifests.IstioGroup, Kind: "VirtualService"}, true},
	{schema.GroupKind{Kind: "Namespace"}, true},
	{schema.GroupKind{Group: manifests.GatewayGroup, Kind: "ReferenceGrant"}, true},
	{schema.GroupKind{Group: manifests.IstioGroup, Kind: "Sidecar"}, true},
	{schema.GroupKind{Kind: "Service"}, false},
	{schema.GroupKind{Group: manifests.IstioGroup, Kind: "DestinationRule"}, false},
	{schema.GroupKind{Group: manifests.IstioGroup, Kind: "Gateway"}, false},
	{schema.GroupKind{Group: manifests.GatewayGroup, Kind: "Gateway"}, false},
}

// survey finds what is in the cluster already and decides what the scenario's
// routes mean: Services and their subsets anywhere, the Gateways that the routes
// name, the labels of namespaces and the grants by which those admit routes,
// Sidecars, which keep routes from proxies, and the VirtualServices that hand
// requests over to the scenario's or get them from there. What a cluster holds that
// this program cannot read is left out: the routes of the proxies will tell.
func (c *Cluster) survey(ctx context.Context, coming []manifests.Object) error {
	ctx, cancel := context.WithTimeoutCause(ctx, answerTimeout, fmt.Errorf("the API server did not answer within %s", answerTimeout))
	defer cancel()
	own := inventory.Of(c.own(), coming).Objects()
	mine := map[manifests.Key]bool{}
	for _, o := range own {
		mine[o.Key()] = true
	}
	named := gatewaysNamed(own)
	c.surroundings = nil
	for _, kind := range surveyed {
		at, err := c.kube.Find(ctx, kind.GroupKind, "")
		if meta.IsNoMatchError(err) {
			continue
		}
		if err != nil {
			return fmt.Errorf("the cluster does not say what a %s is: %w", kind.Kind, err)
		}
		list, err := c.kube.In(at, "").List(ctx, metav1.ListOptions{})
		if kind.spare && apierrors.IsForbidden(err) {
			continue
		}
		if err != nil {
			return notListed(ctx, kind.Kind+"s", "any", err)
		}
		found := readAll(list.Items)
		switch kind.Kind {
		case "VirtualService":
			found = handing(own, found)
			for _, b := range found {
				maps.Copy(named, gatewaysNamed([]manifests.Object{b.object}))
			}
		case "Gateway":
			found = slices.DeleteFunc(found, func(b *brought) bool { return !named[b.key] })
		}
		for _, b := range found {
			if !mine[b.key] {
				c.surroundings = append(c.surroundings, b)
			}
		}
	}
	return nil
}

// readAll are objects of the cluster, as far as they can be read.
func readAll(items []unstructured.Unstructured) []*brought {
	var found []*brought
	for i := range items {
		text, err := bare(&items[i]).MarshalJSON()
		if err != nil {
			continue
		}
		if objects, _ := manifests.Decode(inCluster, text); len(objects) == 1 {
			found = append(found, &brought{key: objects[0].Key(), object: objects[0], created: items[i].GetCreationTimestamp().Time})
		}
	}
	return found
}

// handing are those VirtualServices of the cluster that delegate to one of own,
// and those to which they or own delegate: without all of them it cannot be said
// which routes come of any.
func handing(own []manifests.Object, there []*brought) []*brought {
	mine := map[manifests.Key]bool{}
	wanted := map[manifests.Key]bool{}
	for _, o := range own {
		mine[o.Key()] = true
		for _, key := range delegatesOf(o) {
			wanted[key] = true
		}
	}
	for _, b := range there {
		delegates := delegatesOf(b.object)
		if !mine[b.key] && slices.ContainsFunc(delegates, func(key manifests.Key) bool { return mine[key] }) {
			wanted[b.key] = true
			for _, key := range delegates {
				wanted[key] = true
			}
		}
	}
	return slices.DeleteFunc(there, func(b *brought) bool { return !wanted[b.key] })
}

// delegatesOf are the VirtualServices to which an object hands requests over.
func delegatesOf(o manifests.Object) []manifests.Key {
	v, ok := o.Value.(*networkingv1.VirtualService)
	if !ok {
		return nil
	}
	var keys []manifests.Key
	for _, h := range v.Spec.GetHttp() {
		if d := h.GetDelegate(); d != nil {
			keys = append(keys, manifests.Key{Group: manifests.IstioGroup, Kind: "VirtualService", Namespace: cmp.Or(d.GetNamespace(), o.Namespace), Name: d.GetName()})
		}
	}
	return keys
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
				namespace, name, _ := strings.Cut(routing.FullGateway(g, o.Namespace), "/")
				named[manifests.Key{Group: manifests.IstioGroup, Kind: "Gateway", Namespace: namespace, Name: name}] = true
			}
		case *gatewayv1.HTTPRoute:
			for _, p := range v.Spec.ParentRefs {
				if key := routing.Parent(p, o.Namespace); key.Group == manifests.GatewayGroup && key.Kind == "Gateway" {
					named[key] = true
				}
			}
		}
	}
	return named
}
