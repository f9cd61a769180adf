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

	next    uint64
	waiting map[uint64]Answer
}

// Add takes the next answer to arrive. Numbers are meant to be unique; an answer
// whose number was counted before, or waits already, has lost its place in the
// order and is counted at once, for nothing may be dropped.
func (o *Ordered) Add(a Answer) {
	if _, waits := o.waiting[a.Number]; waits || a.Number < o.next {
		o.Tally.Add(a)
		return
	}
	if a.Number != o.next {
		if o.waiting == nil {
			o.waiting = map[uint64]Answer{}
		}
		o.waiting[a.Number] = a
		return
	}
	o.Tally.Add(a)
	o.next++
	for len(o.waiting) > 0 {
		a, arrived := o.waiting[o.next]
		if !arrived {
			return
		}
		delete(o.waiting, o.next)
		o.Tally.Add(a)
		o.next++
	}
}

// Waiting returns the number of answers that wait for an earlier one.
func (o *Ordered) Waiting() int { return len(o.waiting) }

// Close counts the rest of an interrupted sample, in dispatch order with the
// gaps left out, and closes the tally.
func (o *Ordered) Close() {
	for _, number := range slices.Sorted(maps.Keys(o.waiting)) {
		o.Tally.Add(o.waiting[number])
	}
	o.waiting = nil
	o.Tally.Close()
}
