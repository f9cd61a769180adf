package loadgen

import (
	"fmt"
	"sync"
	"time"

	"github.com/splitcheck/splitcheck/split"
)

// A collector counts answers as they arrive.
type collector struct {
	giveUp func(reason split.Finding)
	decide func() // called once, when the plan's Stop has ended the sample
	fault  *Fault // that ended it with its first answers

	stops bool // the sample may end at any answer

	mu       sync.Mutex
	began    time.Time
	flow     *split.Flow
	versions map[string]time.Duration // when each was first seen
	failed   int64
	closed   bool
}

// newCollector counts in tally. stop may be nil; fault looks at the first answers.
func newCollector(began time.Time, tally *split.Tally, stop func(*split.Tally, split.Answer) bool,
	fault func(*split.Tally) *Fault, giveUp func(reason split.Finding), decide func()) *collector {
	c := &collector{
		giveUp:   giveUp,
		decide:   decide,
		stops:    stop != nil,
		began:    began,
		versions: map[string]time.Duration{},
	}
	c.flow = split.NewFlow(split.Ordered{Tally: tally, Stop: func(t *split.Tally, last split.Answer) bool {
		if t.Requests() == FirstAnswers {
			c.fault = fault(t)
		}
		return c.fault != nil || stop != nil && stop(t, last)
	}})
	return c
}

// add counts one answer; nothing says that none came at all.
func (c *collector) add(a split.Answer, nothing bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || c.flow.Stopped() {
		return
	}
	if a.Outcome == split.Hit {
		if _, known := c.versions[a.Version]; !known {
			if len(c.versions) < split.MaxVersions {
				c.versions[a.Version] = time.Since(c.began)
			} else {
				a = TooManyVersions(a)
			}
		}
	}
	if a.Outcome == split.Error {
		c.failed++
	}
	silent, all := c.flow.Add(a, !nothing)
	switch {
	case c.flow.Stopped() && c.fault != nil:
		c.giveUp(c.fault.why)
	case c.flow.Stopped():
		c.decide()
	case silent > 0 && all:
		c.giveUp(unanswered(split.Found("nothing-answered-at-first", nil), silent, a))
	case silent > 0:
		c.giveUp(unanswered(split.Found("nothing-answered-in-a-row", nil), silent, a))
	}
}

// unanswered is a reason to give up: so many requests, and what the last came to.
func unanswered(reason split.Finding, requests int, last split.Answer) split.Finding {
	reason.Values = split.Values{"requests": requests, "kind": split.KindFound(last.Kind), "example": last.Example}
	return reason
}

// TooManyVersions turns a hit into what it is counted as beyond split.MaxVersions.
func TooManyVersions(a split.Answer) split.Answer {
	a.Outcome = split.Unidentified
	a.Kind = split.Kind("kind-too-many-versions", split.MaxVersions)
	a.Example = fmt.Sprintf("the rules named the version %q", a.Version)
	a.Version = ""
	return a
}

// counts returns how many answers were counted and how many of them are errors.
func (c *collector) counts() (added, failed int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.flow.Added(), c.failed
}

// close ends the tally; what arrives later is dropped. It returns when each
// version was first seen.
func (c *collector) close() map[string]time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	if c.stops && len(c.flow.Looks) == 0 || c.fault != nil {
		c.flow.Cut()
	} else {
		c.flow.Close()
	}
	return c.versions
}
