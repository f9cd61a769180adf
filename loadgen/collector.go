package loadgen

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/splitcheck/splitcheck/split"
)

const (
	// window is how many requests may be sent ahead of the oldest that has
	// not been answered. It bounds what waits to be put in order while one
	// request hangs and others are answered by the hundred thousand.
	window = 1 << 16
	// MaxVersions is how many different versions are told apart. More of them
	// mean that a rule captures something that is no version; the rest is
	// counted as unidentified.
	MaxVersions = 100
	// silentStart and silentRun are how many requests in a row come to
	// nothing at all, not even an answer with an error status, before the run
	// is given up: at its beginning, and later.
	silentStart = 20
	silentRun   = 100
)

// A collector counts answers as they arrive.
type collector struct {
	giveUp func(reason split.Finding)
	decide func() // called once, when the plan's Stop has ended the sample
	fault  *Fault // that ended it with its first answers

	stops   bool          // the sample may end at any answer
	settled atomic.Uint64 // answers that stand in order in the tally
	moved   chan struct{}

	looks []int64 // at which nothing is in flight, ascending

	mu       sync.Mutex
	began    time.Time
	ordered  split.Ordered
	versions map[string]time.Duration // when each was first seen
	added    uint64
	failed   int64
	silent   int // requests without any answer since the last answer
	answered bool
	closed   bool
}

// newCollector counts in tally. stop may be nil; fault looks at the first answers.
func newCollector(began time.Time, tally *split.Tally, stop func(*split.Tally, split.Answer) bool,
	fault func(*split.Tally) *Fault, giveUp func(reason split.Finding), decide func()) *collector {
	c := &collector{
		giveUp:   giveUp,
		decide:   decide,
		stops:    stop != nil,
		moved:    make(chan struct{}, 1),
		began:    began,
		versions: map[string]time.Duration{},
	}
	c.ordered = split.Ordered{Tally: tally, Stop: func(t *split.Tally, last split.Answer) bool {
		if t.Requests() == FirstAnswers {
			c.fault = fault(t)
		}
		return c.fault != nil || stop != nil && stop(t, last)
	}}
	return c
}

// add counts one answer; nothing says that none came at all.
func (c *collector) add(a split.Answer, nothing bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || c.ordered.Stopped() {
		return
	}
	if a.Outcome == split.Hit {
		if _, known := c.versions[a.Version]; !known {
			if len(c.versions) < MaxVersions {
				c.versions[a.Version] = time.Since(c.began)
			} else {
				a = TooManyVersions(a)
			}
		}
	}
	if a.Outcome == split.Error {
		c.failed++
	}
	c.ordered.Add(a)
	if c.added++; c.ordered.Stopped() {
		if c.fault != nil {
			c.giveUp(c.fault.why)
		} else {
			c.decide()
		}
		return
	}
	c.settled.Store(c.added - uint64(c.ordered.Waiting()))
	select {
	case c.moved <- struct{}{}:
	default:
	}
	if !nothing {
		c.silent, c.answered = 0, true
		return
	}
	switch c.silent++; {
	case !c.answered && c.silent == silentStart:
		c.giveUp(unanswered(split.Found("nothing-answered-at-first", nil), silentStart, a))
	case c.silent == silentRun:
		c.giveUp(unanswered(split.Found("nothing-answered-in-a-row", nil), silentRun, a))
	}
}

// unanswered is a reason to give up: so many requests, and what the last came to.
func unanswered(reason split.Finding, requests int, last split.Answer) split.Finding {
	reason.Values = split.Values{"requests": requests, "kind": split.KindFound(last.Kind), "example": last.Example}
	return reason
}

// TooManyVersions turns a hit into what it is counted as beyond MaxVersions.
func TooManyVersions(a split.Answer) split.Answer {
	a.Outcome = split.Unidentified
	a.Kind = split.Kind("kind-too-many-versions", MaxVersions)
	a.Example = fmt.Sprintf("the rules named the version %q", a.Version)
	a.Version = ""
	return a
}

// admit waits until the request with this number may be sent; it returns false
// if ctx ended first.
func (c *collector) admit(ctx context.Context, number uint64) bool {
	look := c.lookBefore(number)
	for number >= c.settled.Load()+window || c.settled.Load() < look {
		select {
		case <-c.moved:
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// lookBefore is the number of requests that have to be answered before the one
// with this number is sent.
func (c *collector) lookBefore(number uint64) uint64 {
	at, exact := slices.BinarySearch(c.looks, int64(number))
	if exact {
		return number
	}
	if at == 0 {
		return 0
	}
	return uint64(c.looks[at-1])
}

// counts returns how many answers were counted and how many of them are errors.
func (c *collector) counts() (added, failed int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return int64(c.added), c.failed
}

// close ends the tally; what arrives later is dropped. It returns when each
// version was first seen.
func (c *collector) close() map[string]time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	if c.stops && len(c.looks) == 0 || c.fault != nil {
		c.ordered.Cut()
	} else {
		c.ordered.Close()
	}
	return c.versions
}
