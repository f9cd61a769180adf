package split

import (
	"maps"
	"slices"
)

// Ordered puts answers that arrive in any order back into dispatch order and
// adds them to a Tally. Read in order of completion, a correct split with a
// slow canary looks wrong as long as anything is in flight.
//
// It holds only the answers that wait for an earlier one, so its memory is
// bounded by what is dispatched within one request's deadline.
type Ordered struct {
	Tally *Tally
	// Stop, if set, is asked after each answer, in dispatch order, whether the
	// sample ends with it; it must return soon. What comes after is left out.
	Stop func(t *Tally, last Answer) bool

	next    uint64
	waiting map[uint64]Answer
	stopped bool
}

// Add takes the next answer that arrives. Numbers should be unique. If an
// answer's number was counted before, or is waiting already, the answer has
// lost its place in the order and is counted at once, because nothing may be
// dropped.
func (o *Ordered) Add(a Answer) {
	if o.stopped {
		return
	}
	if _, waits := o.waiting[a.Number]; waits || a.Number < o.next {
		o.count(a)
		return
	}
	if a.Number != o.next {
		if o.waiting == nil {
			o.waiting = map[uint64]Answer{}
		}
		o.waiting[a.Number] = a
		return
	}
	o.count(a)
	o.next++
	for len(o.waiting) > 0 && !o.stopped {
		a, arrived := o.waiting[o.next]
		if !arrived {
			return
		}
		delete(o.waiting, o.next)
		o.count(a)
		o.next++
	}
}

func (o *Ordered) count(a Answer) {
	o.Tally.Add(a)
	if o.Stop != nil {
		o.stopped = o.Stop(o.Tally, a)
	}
}

// Stopped reports whether Stop has ended the sample.
func (o *Ordered) Stopped() bool { return o.stopped }

// Waiting returns the number of answers that wait for an earlier one.
func (o *Ordered) Waiting() int { return len(o.waiting) }

// Close counts the rest of an interrupted sample, in dispatch order with the
// gaps left out, and closes the tally.
func (o *Ordered) Close() {
	for _, number := range slices.Sorted(maps.Keys(o.waiting)) {
		if o.stopped {
			break
		}
		o.count(o.waiting[number])
	}
	o.Cut()
}

// Cut closes the tally and leaves out the answers that still wait for an
// earlier one. So the tally always consists of the first requests, whichever
// version answered faster.
func (o *Ordered) Cut() {
	o.waiting = nil
	o.Tally.Close()
}
