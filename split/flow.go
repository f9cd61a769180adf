package split

import (
	"context"
	"slices"
	"sync/atomic"
)

const (
	// Window is how many requests may be sent ahead of the oldest that has not
	// been answered. It bounds what waits to be put in order while one request
	// hangs and others are answered by the hundred thousand.
	Window = 1 << 16
	// MaxVersions is how many different versions are told apart. More of them
	// mean that what is taken for a version is none.
	MaxVersions = 100
	// SilentStart and SilentRun are how many requests in a row come to nothing
	// before a sample is given up: at its beginning, and later.
	SilentStart = 20
	SilentRun   = 100
)

// A Flow counts the answers of a sample while it is drawn. Its Ordered is the
// caller's to lock.
type Flow struct {
	Ordered
	// Looks, if set before the first request, are the sizes of the tally, ascending,
	// at which nothing is in flight: requests beyond one wait for all before it.
	Looks []int64

	added   uint64
	silent  int // answers since one that came to something
	spoken  bool
	settled atomic.Uint64 // answers that stand in order in the tally
	over    atomic.Bool   // the sample is decided; true before settled says so
	moved   chan struct{}
}

// NewFlow returns the flow of a sample that nothing has been sent of.
func NewFlow(ordered Ordered) *Flow { return &Flow{Ordered: ordered, moved: make(chan struct{}, 1)} }

// Add takes the next answer that arrives, which came to something or not. It
// returns how many have come to nothing in a row where it is time to give up,
// else 0, and whether those are all that there were.
func (f *Flow) Add(a Answer, something bool) (silent int, all bool) {
	f.Ordered.Add(a)
	f.added++
	f.over.Store(f.Stopped())
	f.settled.Store(f.added - uint64(f.Waiting()))
	select {
	case f.moved <- struct{}{}:
	default:
	}
	if something {
		f.silent, f.spoken = 0, true
		return 0, false
	}
	f.silent++
	if f.silent == SilentRun || !f.spoken && f.silent == SilentStart {
		return f.silent, !f.spoken
	}
	return 0, false
}

// Added is how many answers have arrived.
func (f *Flow) Added() int64 { return int64(f.added) }

// Admit waits until the request with this number may be sent; it returns false if
// the sample was decided, or ctx ended, first: a request beyond the answer that
// decides would be counted by proxies alone. One goroutine at a time calls it, and
// needs no lock.
func (f *Flow) Admit(ctx context.Context, number uint64) bool {
	look := f.lookBefore(number)
	for number >= f.settled.Load()+Window || f.settled.Load() < look {
		select {
		case <-f.moved:
		case <-ctx.Done():
			return false
		}
	}
	return !f.over.Load()
}

// lookBefore is the number of requests that have to be answered before the one
// with this number is sent.
func (f *Flow) lookBefore(number uint64) uint64 {
	at, exact := slices.BinarySearch(f.Looks, int64(number))
	switch {
	case exact:
		return number
	case at == 0:
		return 0
	}
	return uint64(f.Looks[at-1])
}
