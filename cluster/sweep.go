package cluster

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/splitcheck/splitcheck/manifests"
)

// swept are the kinds that scenarios bring, as far as this program reads them.
var swept = []schema.GroupKind{
	{Group: manifests.GatewayGroup, Kind: "HTTPRoute"},
	{Group: manifests.IstioGroup, Kind: "VirtualService"},
	{Group: manifests.GatewayGroup, Kind: "Gateway"},
	{Group: manifests.IstioGroup, Kind: "Gateway"},
	{Group: manifests.IstioGroup, Kind: "DestinationRule"},
	{Group: manifests.AppsGroup, Kind: "Deployment"},
	{Kind: "Service"},
	{Kind: "Namespace"},
}

// Sweep takes away what runs that were killed, or kept their objects, have left
// in a cluster that is splitcheck's own, and returns the names of it. What they
// had overwritten is put back. It is not for a cluster that others use: another
// run may be at work there.
func Sweep(ctx context.Context, options Options) (removed []string, err error) {
	c, err := Open(ctx, options)
	if err != nil {
		return nil, err
	}
	defer c.proxies.Close()
	for _, kind := range swept {
		mapping, err := c.mapper.RESTMapping(kind)
		if meta.IsNoMatchError(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("the cluster does not say what a %s is: %w", kind.Kind, err)
		}
		list, err := c.dynamic.Resource(mapping.Resource).List(ctx, metav1.ListOptions{LabelSelector: ScenarioLabel})
		if err != nil {
			return nil, notListed(ctx, kind.Kind+"s", "any", err)
		}
		for i := range list.Items {
			u := &list.Items[i]
			key := manifests.Key{Group: kind.Group, Kind: kind.Kind, Namespace: u.GetNamespace(), Name: u.GetName()}
			b := &brought{key: key, phase: phaseOf(key), original: original(u)}
			b.resource, _, err = c.resource(key, "")
			if err != nil {
				return nil, err
			}
			c.brought = append(c.brought, b)
			removed = append(removed, key.String())
		}
	}
	return removed, c.takeAway(ctx, c.brought, forgetTimeout, func(b *brought) error { return c.undo(ctx, b) })
}
