package mesh

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/splitcheck/splitcheck/internal/routing"
)

// Endpoints are the pods of one cluster as one proxy sees them, with what its
// balancer has to remember. Envoy counts active requests for each proxy and
// cluster apart; so does this.
//
//differential:elsewhere scenario bookinfo-thirds
type endpoints struct {
	hosts    []*host
	balancer routing.Balancer
	hashOn   routing.HashOn

	turn atomic.Uint64 // of ROUND_ROBIN
	once sync.Once
	ring []point
}

// A host is a pod among endpoints.
type host struct {
	door
	dead    bool
	failing float64
	active  atomic.Int64
	edge    *edge
	sent    *tried // nil for kube-proxy, which counts nothing
}

func (e *endpoints) empty() bool { return e == nil || len(e.hosts) == 0 }

// hostAttempts is how often a retry looks for a pod that was not tried yet
// before it takes what it gets (Istio's default retry policy,
// pilot/pkg/networking/core/route/retry/retry.go).
//
//differential:elsewhere test mesh/TestHostAttempts
const hostAttempts = 5

// pick chooses the pod for a try; hosts that were tried before are avoided.
func (e *endpoints) pick(c *call, attempt int, tried []*host, sent *http.Header) *host {
	for again := range uint64(hostAttempts) {
		chosen := e.choose(c, uint64(attempt)<<8|again, sent)
		if len(tried) == 0 || !slices.Contains(tried, chosen) {
			return chosen
		}
	}
	return e.choose(c, uint64(attempt)<<8|hostAttempts, sent)
}

// choose makes one choice; nth tells those of one call apart. A cookie that the
// balancer makes is put into sent, the headers of the answer.
//
//differential:elsewhere scenario bookinfo-thirds
func (e *endpoints) choose(c *call, nth uint64, sent *http.Header) *host {
	n := uint64(len(e.hosts))
	if n == 1 {
		return e.hosts[0]
	}
	first := c.choice.draw(forPod, nth)
	switch e.balancer {
	case routing.RoundRobin:
		return e.hosts[(e.turn.Add(1)-1)%n]
	case routing.Random:
		return e.hosts[first%n]
	case routing.ConsistentHash:
		if hash, ok := e.hash(c, sent); ok {
			return e.lookup(hash)
		}
		return e.hosts[first%n]
	default:
		// Envoy draws two, which may be the same, and keeps the first unless
		// the second has fewer requests in flight
		// (source/extensions/load_balancing_policies/least_request).
		a, b := e.hosts[first%n], e.hosts[c.choice.draw(forSecondPod, nth)%n]
		if b.active.Load() < a.active.Load() {
			return b
		}
		return a
	}
}

// hash returns what a consistent hash looks at. Without it Envoy draws at
// random, except for a cookie with a lifetime, which it makes.
//
//differential:elsewhere uncompared consistent hashes
func (e *endpoints) hash(c *call, sent *http.Header) (uint64, bool) {
	r := &c.request
	switch on := e.hashOn; {
	case on.Header != "":
		values := r.Header.Values(on.Header)
		if len(values) == 0 {
			return 0, false
		}
		return hashed(strings.Join(values, ",")), true
	case on.Query != "":
		values := r.URL.Query()[on.Query]
		if len(values) == 0 {
			return 0, false
		}
		return hashed(values[0]), true
	case on.Cookie != "":
		if cookie, err := r.Cookie(on.Cookie); err == nil {
			return hashed(cookie.Value), true
		}
		if on.CookieTTL <= 0 {
			return 0, false
		}
		value := strconv.FormatUint(c.key.draw(forCookie, 0), 16)
		made := http.Cookie{Name: on.Cookie, Value: value, MaxAge: int(on.CookieTTL.Seconds()), HttpOnly: true}
		if *sent == nil {
			*sent = http.Header{}
		}
		sent.Set("Set-Cookie", made.String())
		return hashed(value), true
	case on.SourceIP:
		return hashed(clientIP(c.origin.client)), true
	default:
		return 0, false
	}
}

// clientIP cuts the port off an address.
func clientIP(address string) string {
	if i := strings.LastIndexByte(address, ':'); i > 0 {
		return address[:i]
	}
	return address
}

// A point is a place of a pod on the ring.
type point struct {
	at   uint64
	host *host
}

// ringSize is the least number of points on a ring, Envoy's default
// minimum_ring_size.
//
//differential:elsewhere uncompared consistent hashes
const ringSize = 1024

// lookup finds the first point at or after hash on the ring, which is laid out
// when it is first needed.
func (e *endpoints) lookup(hash uint64) *host {
	e.once.Do(func() {
		each := (ringSize + len(e.hosts) - 1) / len(e.hosts)
		for _, h := range e.hosts {
			for i := range each {
				e.ring = append(e.ring, point{hashed(h.pod.address + "_" + strconv.Itoa(i)), h})
			}
		}
		slices.SortFunc(e.ring, func(a, b point) int {
			if a.at < b.at {
				return -1
			}
			return 1
		})
	})
	i, _ := slices.BinarySearchFunc(e.ring, hash, func(p point, hash uint64) int {
		switch {
		case p.at < hash:
			return -1
		case p.at > hash:
			return 1
		}
		return 0
	})
	return e.ring[i%len(e.ring)].host
}
