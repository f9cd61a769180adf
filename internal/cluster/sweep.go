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

	"github.com/splitcheck/splitcheck/internal/kube"
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
	kinds, err := c.kinds(ctx)
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	group, listing := errgroup.WithContext(ctx)
	group.SetLimit(listsAtOnce)
	for _, kind := range kinds {
		group.Go(func() error {
			left, err := c.left(listing, kind)
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
func (c *Cluster) kinds(ctx context.Context) ([]kube.Resource, error) {
	all, err := c.kube.All(ctx)
	if err != nil {
		return nil, fmt.Errorf("the cluster does not say what kinds of objects it has: %w", err)
	}
	// Endpoints have the labels of their Service, and go with it.
	return slices.DeleteFunc(all, func(r kube.Resource) bool { return r.Resource == "endpoints" }), nil
}

// left are the objects of one kind that earlier runs have brought. What a
// controller has made of one of them, and labelled like it, goes with it.
func (c *Cluster) left(ctx context.Context, at kube.Resource) ([]*brought, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, answerTimeout, fmt.Errorf("the API server did not answer within %s", answerTimeout))
	defer cancel()
	list, err := c.kube.In(at, "").List(ctx, metav1.ListOptions{LabelSelector: ScenarioLabel})
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
		key := manifests.Key{Group: at.Group, Kind: at.Kind, Namespace: u.GetNamespace(), Name: u.GetName()}
		b := &brought{key: key, phase: phaseOf(key), original: original(u), resource: c.kube.In(at, key.Namespace)}
		found = append(found, b)
	}
	return found, nil
}
