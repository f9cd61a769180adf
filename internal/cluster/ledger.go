package cluster

import (
	"cmp"
	"maps"
	"sync"

	"github.com/splitcheck/splitcheck/internal/envoy"
	"github.com/splitcheck/splitcheck/internal/proxies"
	"github.com/splitcheck/splitcheck/internal/routing"
)

// A ledger keeps what the proxies have counted, from when each counter was first
// seen: proxies count from their own beginning, and pods outlive scenarios.
type ledger struct {
	mu       sync.Mutex
	base     map[counter]tally
	last     map[counter]tally
	proxies  map[string]proxies.Proxy // by name
	gateways map[string]*entered      // by node of the graph
	taken    map[counter]tally
	went     map[string]tally // of gateways, the same
}

// A counter is what one proxy counts of one address in one cluster.
type counter struct{ proxy, cluster, address string }

func (c counter) compare(other counter) int {
	return cmp.Or(cmp.Compare(c.proxy, other.proxy), cmp.Compare(c.cluster, other.cluster), cmp.Compare(c.address, other.address))
}

type tally struct{ requests, errors int64 }

// record notes what a proxy says now.
func (l *ledger) record(p proxies.Proxy, clusters envoy.Clusters) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.base == nil {
		l.base = map[counter]tally{}
	}
	if l.last == nil {
		l.last, l.proxies = map[counter]tally{}, map[string]proxies.Proxy{}
	}
	l.proxies[p.String()] = p
	for _, cluster := range clusters {
		// What leads to the proxy's own application, or nowhere, is left out.
		if _, service := routing.ParseClusterName(cluster.Name); !service {
			continue
		}
		for _, e := range cluster.Endpoints {
			at := counter{p.String(), cluster.Name, e.Address}
			now := tally{e.Requests, e.Errors}
			before, known := l.last[at]
			if !known {
				l.base[at] = now
			} else if now.requests < before.requests {
				// The address left the cluster and has come back: its counter
				// began anew, and what it had counted stays counted.
				l.base[at] = tally{l.base[at].requests - before.requests, l.base[at].errors - before.errors}
			}
			l.last[at] = now
		}
	}
}

// since are the counts since first sight.
func (l *ledger) since() map[counter]tally {
	l.mu.Lock()
	defer l.mu.Unlock()
	counts := map[counter]tally{}
	for at, now := range l.last {
		counts[at] = tally{now.requests - l.base[at].requests, now.errors - l.base[at].errors}
	}
	return counts
}

// entry returns the count of what enters by a gateway.
func (l *ledger) entry(gateway string) *entered {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.gateways == nil {
		l.gateways = map[string]*entered{}
	}
	if l.gateways[gateway] == nil {
		l.gateways[gateway] = &entered{}
	}
	return l.gateways[gateway]
}

// take returns what was counted since it was last taken, by proxies and on the way
// into gateways.
func (l *ledger) take() (sent map[counter]tally, entered map[string]tally) {
	sent, entered = l.since(), l.entered()
	before, went := l.taken, l.went
	l.taken, l.went = maps.Clone(sent), maps.Clone(entered)
	for at, n := range before {
		sent[at] = tally{sent[at].requests - n.requests, sent[at].errors - n.errors}
	}
	for name, n := range went {
		entered[name] = tally{entered[name].requests - n.requests, entered[name].errors - n.errors}
	}
	return sent, entered
}

// entered are the counts of what has gone in.
func (l *ledger) entered() map[string]tally {
	l.mu.Lock()
	defer l.mu.Unlock()
	counts := map[string]tally{}
	for name, n := range l.gateways {
		counts[name] = tally{n.requests.Load(), n.errors.Load()}
	}
	return counts
}

func (l *ledger) proxy(name string) proxies.Proxy {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.proxies[name]
}
