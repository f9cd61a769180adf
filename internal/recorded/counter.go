package recorded

import (
	"github.com/splitcheck/splitcheck/identify"
	"github.com/splitcheck/splitcheck/loadgen"
	"github.com/splitcheck/splitcheck/split"
)

// A counter puts recorded answers into dispatch order and counts them. A record
// may begin in the middle, have gaps, or contain several attacks one after the
// other. An answer that split.Window others wait for is taken to be missing. If a number cannot follow the previous one, a new sequence begins;
// what follows what is not counted across such a break.
type counter struct {
	tally   split.Tally
	ordered *split.Ordered
	seen    map[uint64]bool // numbers that wait for an earlier one
	next    uint64          // number from which on nothing has been counted
	known   map[string]bool
	each    func(split.Answer)
	answers int64
	seams   int64
	// opening keeps the first answers as they stand in the record, first counts
	// them, and fault is what they show to be wrong.
	opening *loadgen.Opening
	first   split.Tally
	fault   *loadgen.Fault
}

// see is add for an answer of which all is there that was recorded.
func (c *counter) see(a split.Answer, seen identify.Answer) {
	c.opening.Keep(uint64(c.answers), seen)
	c.add(a)
	if c.answers <= loadgen.FirstAnswers {
		c.first.Add(a)
	}
	if c.answers == loadgen.FirstAnswers && c.first.Requests() == loadgen.FirstAnswers {
		c.fault = c.opening.Fault(&c.first)
	}
}

func (c *counter) add(a split.Answer) {
	c.answers++
	a.Connection = 0
	if a.Outcome == split.Hit && !c.known[a.Version] {
		if len(c.known) >= split.MaxVersions {
			a = loadgen.TooManyVersions(a)
		} else {
			if c.known == nil {
				c.known = map[string]bool{}
			}
			c.known[a.Version] = true
		}
	}
	if c.ordered == nil || a.Number < c.next || c.seen[a.Number] || c.ordered.Waiting() >= split.Window {
		c.seam()
	}
	c.ordered.Add(a)
	c.seen[a.Number] = true
	for c.seen[c.next] {
		delete(c.seen, c.next)
		c.next++
	}
}

// seam ends one sequence and begins another in the same tally.
func (c *counter) seam() {
	c.end()
	c.ordered = &split.Ordered{Tally: &c.tally}
	if c.each != nil {
		c.ordered.Stop = func(_ *split.Tally, last split.Answer) bool {
			c.each(last)
			return false
		}
	}
	c.seen, c.next = map[uint64]bool{}, 0
}

func (c *counter) end() {
	if c.ordered != nil {
		c.seams++
		c.ordered.Close()
	}
	// A record does not say which connection was used.
	c.tally.Connections = split.Connections{}
}

func (c *counter) close() *split.Tally {
	c.end()
	if c.disordered() {
		c.tally.Sequence, c.tally.Blocks, c.tally.Course = split.Sequence{}, split.Blocks{}, split.Course{}
	}
	return &c.tally
}

// disordered says that the numbers of the answers tell no order: those of an
// attack go up, and there are few attacks in a record. A tool that writes no
// numbers leaves 0 in each.
func (c *counter) disordered() bool { return c.seams > 2 && 10*c.seams > c.answers }
