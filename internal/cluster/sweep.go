package cluster

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"

	"github.com/splitcheck/splitcheck/internal/manifests"
)

// listsAtOnce bounds how many kinds are asked for at the same time.
const listsAtOnce = 8

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
	return c.sweep(ctx)
}

func (c *Cluster) sweep(ctx context.Context) (removed []string, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, sweepTimeout, fmt.Errorf("what earlier runs have left was not taken away within %s", sweepTimeout))
	defer cancel()
	defer func() {
		if cause := context.Cause(ctx); err != nil && cause != nil {
			err = fmt.Errorf("%w: %w", cause, err)
		}
	}()
	kinds, err := c.kinds()
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	group, listing := errgroup.WithContext(ctx)
	group.SetLimit(listsAtOnce)
	for at, kind := range kinds {
		group.Go(func() error {
			left, err := c.left(listing, at, kind)
			mu.Lock()
			defer mu.Unlock()
			c.brought = append(c.brought, left...)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	slices.SortFunc(c.brought, func(a, b *brought) int { return strings.Compare(a.key.String(), b.key.String()) })
	for _, b := range c.brought {
		removed = append(removed, b.key.String())
	}
	return removed, c.takeAway(ctx, c.brought, forgetTimeout, func(b *brought) error { return c.undo(ctx, b) })
}

// kinds are all that the cluster has whose objects can be listed and deleted: a
// scenario may bring any of them.
func (c *Cluster) kinds() (map[schema.GroupVersionResource]string, error) {
	lists, err := discovery.ServerPreferredResources(c.kube.Discovery())
	// An API that somebody has added and that does not answer has none of ours.
	if err != nil && !discovery.IsGroupDiscoveryFailedError(err) {
		return nil, fmt.Errorf("the cluster does not say what kinds of objects it has: %w", err)
	}
	kinds := map[schema.GroupVersionResource]string{}
	for _, list := range discovery.FilteredBy(discovery.SupportsAllVerbs{Verbs: []string{"list", "delete"}}, lists) {
		version, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			continue
		}
		for _, r := range list.APIResources {
			// Endpoints have the labels of their Service, and go with it.
			if r.Name != "endpoints" {
				kinds[version.WithResource(r.Name)] = r.Kind
			}
		}
	}
	return kinds, nil
}

// left are the objects of one kind that earlier runs have brought. What a
// controller has made of one of them, and labelled like it, goes with it.
func (c *Cluster) left(ctx context.Context, at schema.GroupVersionResource, kind string) ([]*brought, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, answerTimeout, fmt.Errorf("the API server did not answer within %s", answerTimeout))
	defer cancel()
	list, err := c.dynamic.Resource(at).List(ctx, metav1.ListOptions{LabelSelector: ScenarioLabel})
	if apierrors.IsNotFound(err) || apierrors.IsMethodNotSupported(err) {
		return nil, nil
	}
	if err != nil {
		return nil, notListed(ctx, at.Resource, "any", err)
	}
	var found []*brought
	for i := range list.Items {
		u := &list.Items[i]
		if len(u.GetOwnerReferences()) > 0 {
			continue
		}
		key := manifests.Key{Group: at.Group, Kind: kind, Namespace: u.GetNamespace(), Name: u.GetName()}
		b := &brought{key: key, phase: phaseOf(key), original: original(u), resource: c.dynamic.Resource(at)}
		if key.Namespace != "" {
			b.resource = c.dynamic.Resource(at).Namespace(key.Namespace)
		}
		found = append(found, b)
	}
	return found, nil
}
