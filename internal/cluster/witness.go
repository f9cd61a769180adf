package cluster

import (
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/splitcheck/splitcheck/internal/envoy"
	"github.com/splitcheck/splitcheck/internal/inventory"
	"github.com/splitcheck/splitcheck/internal/kube"
	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/proxies"
	"github.com/splitcheck/splitcheck/internal/routing"
	"github.com/splitcheck/splitcheck/internal/target"
)

// An account is what one proxy carries and has sent.
type account struct {
	proxy    proxies.Proxy
	routes   envoy.Routes
	clusters envoy.Clusters
}

// accounts asks all proxies that choose. One whose pod goes while it is asked is
// left out; one that does not answer is an error, for a missing account would
// look like requests that were never sent.
func (c *Cluster) accounts(ctx context.Context, world []manifests.Object) ([]account, error) {
	found, err := c.choosers(ctx, world)
	if err != nil {
		return nil, err
	}
	all := make([]*account, len(found.proxies))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(looksAtOnce)
	for i, p := range found.proxies {
		group.Go(func() error {
			routes, err := c.routes(ctx, p)
			if err == nil {
				var clusters envoy.Clusters
				if clusters, err = c.clusters(ctx, p); err == nil {
					all[i] = &account{p, routes, clusters}
				}
			}
			if proxies.Gone(err) {
				return nil
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var accounts []account
	for _, a := range all {
		if a != nil {
			accounts = append(accounts, *a)
		}
	}
	return accounts, nil
}

// lock takes part in what changes the cluster, so that accounts are never mixed
// of two states; it returns the world.
func (c *Cluster) lock() ([]manifests.Object, func(), error) {
	c.changing.Lock()
	if c.closed {
		c.changing.Unlock()
		return nil, nil, errClosed
	}
	return c.world(), c.changing.Unlock, nil
}

// Observe implements target.Witness. Changes are those by other hands: a change of
// ours begins the account of them anew.
func (c *Cluster) Observe(ctx context.Context) (target.Observation, error) {
	var seen target.Observation
	world, unlock, err := c.lock()
	if err != nil {
		return seen, err
	}
	defer unlock()
	accounts, err := c.accounts(ctx, world)
	if err != nil {
		return seen, err
	}
	pods, err := c.podsByAddress(ctx, world)
	if err != nil {
		return seen, err
	}
	now, err := c.revisions(ctx, world, accounts)
	if err != nil {
		return seen, err
	}
	if c.seen != nil {
		seen.Changes = inventory.Changes(c.seen, now)
	}
	c.seen = now
	for _, a := range accounts {
		for _, route := range proxies.Observe(world, a.proxy, a.routes) {
			route.Workload = a.proxy.Workload + "." + a.proxy.Namespace
			seen.Routes = append(seen.Routes, route)
		}
		for _, cluster := range a.clusters {
			if _, service := routing.ParseClusterName(cluster.Name); !service {
				continue
			}
			for _, e := range cluster.Endpoints {
				if e.Requests == 0 {
					continue
				}
				count := target.Count{Proxy: a.proxy.String(), Cluster: cluster.Name, Pod: e.Address, Requests: e.Requests, Errors: e.Errors}
				if p := pods[e.Address]; p != nil {
					count.Pod, count.Workload = p.Name+"."+p.Namespace, kube.Workload(p)+"."+p.Namespace
				}
				seen.Counts = append(seen.Counts, count)
			}
		}
	}
	return seen, nil
}

// podsByAddress are the pods in the scenario's namespaces.
func (c *Cluster) podsByAddress(ctx context.Context, world []manifests.Object) (map[string]*corev1.Pod, error) {
	pods := map[string]*corev1.Pod{}
	for _, namespace := range namespacesOf(ownOnly(world)) {
		list, err := c.kube.Pods(namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return nil, fmt.Errorf("the pods of namespace %s cannot be listed: %w", namespace, err)
		}
		for i := range list {
			p := &list[i]
			if p.Status.PodIP == "" || p.Spec.HostNetwork {
				continue
			}
			// Of two pods that have had one address, the one that lives has it.
			if known := pods[p.Status.PodIP]; known == nil || known.Status.Phase != corev1.PodRunning {
				pods[p.Status.PodIP] = p
			}
		}
	}
	c.graph.remember(pods)
	return pods, nil
}

// Mirrored implements target.MirrorCounter. Envoy counts copies as it counts
// requests; what tells them apart is that they go by a destination to which the
// proxy sends nothing else.
//
//differential:elsewhere test test/differential/TestCopies
func (c *Cluster) Mirrored(ctx context.Context, workload string) (int64, error) {
	world, unlock, err := c.lock()
	if err != nil {
		return 0, err
	}
	defer unlock()
	accounts, err := c.accounts(ctx, world)
	if err != nil {
		return 0, err
	}
	pods, err := c.podsByAddress(ctx, world)
	if err != nil {
		return 0, err
	}
	known := slices.ContainsFunc(world, func(o manifests.Object) bool {
		return o.Kind == "Deployment" && (o.Name == workload || o.Namespace+"/"+o.Name == workload)
	})
	for _, p := range pods {
		known = known || kube.Workload(p) == workload || p.Namespace+"/"+kube.Workload(p) == workload
	}
	if !known {
		return 0, fmt.Errorf("there is no Deployment %q in the scenario's namespaces whose copies could be counted", workload)
	}
	reached := func(address string) bool {
		p := pods[address]
		return p != nil && (kube.Workload(p) == workload || p.Namespace+"/"+kube.Workload(p) == workload)
	}
	counts := c.ledger.since()
	var sum int64
	for _, a := range accounts {
		copies, answers := map[string]bool{}, map[string]bool{}
		for _, r := range a.routes {
			for _, m := range r.Mirrors {
				copies[m.Cluster] = true
			}
			for _, arm := range r.Arms {
				answers[arm.Cluster] = answers[arm.Cluster] || arm.Weight > 0
			}
		}
		for at, n := range counts {
			if at.proxy != a.proxy.String() || !copies[at.cluster] || !reached(at.address) {
				continue
			}
			if answers[at.cluster] {
				return 0, fmt.Errorf("proxy %s sends both copies and requests of its own to %s, and counts them together: the copies that reach %s cannot be told apart; give the mirror a subset or a Service of its own", a.proxy, at.cluster, workload)
			}
			sum += n.requests
		}
	}
	return sum, nil
}
