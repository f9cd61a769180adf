package loadgen

import (
	"cmp"
	"context"
	"maps"
	"net"
	"slices"
	"sync"
	"time"
)

// A spread shares connections out among the addresses of a name. Each may be a
// gateway of its own, and a client that keeps to the first would never see what
// the others do.
type spread struct {
	mu    sync.Mutex
	known map[string]*address // by address and port
}

// mostKnown bounds the addresses that are remembered: names that never resolve
// to the same address twice exist.
const mostKnown = 1000

type address struct {
	begun     int64 // connections
	connected bool  // at least one was opened
	failure   error // of one that could never be connected to
}

// next returns which of some addresses is to be connected to: one that is not
// known to fail, and of those the one with the fewest connections.
func (s *spread) next(from []string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil || len(s.known) > mostKnown {
		s.known = map[string]*address{}
	}
	for _, each := range from {
		if s.known[each] == nil {
			s.known[each] = &address{}
		}
	}
	best := slices.MinFunc(from, func(a, b string) int {
		one, two := s.known[a], s.known[b]
		if (one.failure == nil) != (two.failure == nil) {
			if one.failure == nil {
				return -1
			}
			return 1
		}
		return cmp.Compare(one.begun, two.begun)
	})
	s.known[best].begun++
	return best
}

// tried notes what came of a connection. It says whether another address may be
// tried instead: one that nobody has ever reached is as good as not there, but a
// gateway that was there and is no longer has failed.
func (s *spread) tried(which string, err error) (another bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.known[which]
	if a == nil {
		return true // it was forgotten meanwhile
	}
	if err == nil {
		a.connected, a.failure = true, nil
		return false
	}
	if !a.connected {
		a.failure = err
	}
	return !a.connected
}

// unasked returns the addresses that were never connected to, with the reason.
// There are none where nothing was connected to at all.
func (s *spread) unasked() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	failed := map[string]string{}
	for _, which := range slices.Sorted(maps.Keys(s.known)) {
		if failure := s.known[which].failure; failure != nil {
			failed[which] = Failure(failure).Kind
		}
	}
	if len(failed) == len(s.known) {
		return nil
	}
	return failed
}

// connect opens a connection to one of the addresses of a place.
func (n *Network) connect(ctx context.Context, network string, at Place) (net.Conn, string, error) {
	ctx, cancel := context.WithTimeout(ctx, n.timeout)
	defer cancel()
	found, err := n.way.lookUp(ctx, at)
	if err != nil {
		return nil, "", err
	}
	var left []string
	for _, each := range found {
		left = append(left, net.JoinHostPort(each.Unmap().String(), at.Port))
	}
	slices.Sort(left)
	left = slices.Compact(left)
	var first error
	for len(left) > 0 {
		which := n.spread.next(left)
		conn, err := dialWithin(ctx, network, which, len(left))
		if !n.spread.tried(which, err) || ctx.Err() != nil {
			return conn, which, err
		}
		if first == nil {
			first = err
		}
		left = slices.DeleteFunc(left, func(each string) bool { return each == which })
	}
	if first == nil {
		first = &net.DNSError{Err: "no such host", Name: at.Host, IsNotFound: true}
	}
	return nil, "", first
}

// dialWithin leaves as much of the time to each of the addresses that are left.
func dialWithin(ctx context.Context, network, which string, left int) (net.Conn, error) {
	if end, bounded := ctx.Deadline(); bounded && left > 1 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(end)/time.Duration(left))
		defer cancel()
	}
	return new(net.Dialer).DialContext(ctx, network, which)
}
