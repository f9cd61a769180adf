package cluster

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/splitcheck/splitcheck/internal/inventory"
	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/proxies"
	"github.com/splitcheck/splitcheck/internal/routing"
)

// revisions are those of everything that decides where requests of the scenario
// go: its own routes, gateways and destinations, and of others' objects the rules
// for the same destinations and the routes beside its own.
func (c *Cluster) revisions(ctx context.Context, world []manifests.Object, accounts []account) (map[manifests.Key]inventory.Revision, error) {
	now := map[manifests.Key]inventory.Revision{}
	for _, b := range c.brought {
		if b.gone || !b.phase.routing() {
			continue
		}
		there, err := b.resource.Get(ctx, b.key.Name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("%s cannot be looked up: %w", b.key, err)
		}
		now[b.key] = inventory.RevisionOf(there)
	}
	hosts := destinationHosts(world, accounts)
	for kind, concerns := range map[string]func(*unstructured.Unstructured) bool{
		"DestinationRule": func(u *unstructured.Unstructured) bool {
			host, _, _ := unstructured.NestedString(u.Object, "spec", "host")
			return slices.ContainsFunc(hosts, func(h string) bool { return routing.Covers(routing.FullHost(host, u.GetNamespace()), h) })
		},
		"VirtualService": func(u *unstructured.Unstructured) bool { return beside(world, u) },
	} {
		at, err := c.kube.Find(ctx, schema.GroupKind{Group: manifests.IstioGroup, Kind: kind}, "")
		if meta.IsNoMatchError(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("the cluster does not say what a %s is: %w", kind, err)
		}
		list, err := c.kube.In(at, "").List(ctx, metav1.ListOptions{})
		if apierrors.IsForbidden(err) {
			continue // The scenario's own are looked up by name.
		}
		if err != nil {
			return nil, notListed(ctx, kind+"s", "any", err)
		}
		for i := range list.Items {
			u := &list.Items[i]
			key := manifests.Key{Group: manifests.IstioGroup, Kind: kind, Namespace: u.GetNamespace(), Name: u.GetName()}
			if c.find(key) == nil && concerns(u) {
				now[key] = inventory.RevisionOf(u)
			}
		}
	}
	return now, nil
}

// destinationHosts are the Services that the proxies send a world's requests to.
func destinationHosts(world []manifests.Object, accounts []account) []string {
	hosts := map[string]bool{}
	for _, a := range accounts {
		for _, d := range proxies.Destinations(world, a.proxy) {
			if name, ok := routing.ParseClusterName(d.Cluster); ok {
				hosts[name.Host] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(hosts))
}

// beside says whether a VirtualService of others has a say in where the requests
// of a world go: it is a part of the world, or has a gateway and a host in common
// with one of the scenario's own.
func beside(world []manifests.Object, u *unstructured.Unstructured) bool {
	theirs := bindings(u)
	return slices.ContainsFunc(world, func(o manifests.Object) bool {
		if o.Kind != "VirtualService" {
			return false
		}
		if o.File == inCluster {
			return o.Namespace == u.GetNamespace() && o.Name == u.GetName()
		}
		own := &unstructured.Unstructured{}
		if own.UnmarshalJSON(o.JSON()) != nil {
			return false
		}
		own.SetNamespace(o.Namespace)
		return slices.ContainsFunc(bindings(own), func(b [2]string) bool { return slices.Contains(theirs, b) })
	})
}

// bindings are the gateways of a VirtualService, each with each of its hosts.
func bindings(u *unstructured.Unstructured) [][2]string {
	hosts, _, _ := unstructured.NestedStringSlice(u.Object, "spec", "hosts")
	gateways, _, _ := unstructured.NestedStringSlice(u.Object, "spec", "gateways")
	if len(gateways) == 0 {
		gateways = []string{routing.MeshGateway}
	}
	var all [][2]string
	for _, g := range gateways {
		for _, host := range hosts {
			all = append(all, [2]string{routing.FullGateway(g, u.GetNamespace()), strings.ToLower(host)})
		}
	}
	return all
}
