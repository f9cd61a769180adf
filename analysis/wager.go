package analysis

import "math"

// A wager keeps ln e of an urn against the weights while hits come in one by
// one.
//
// Requests that named no version may have been any, so they lie where they
// speak least against the weights: e, as it would be at its least, bounds from
// below what it is with the versions they really were. That is an e-process as
// good as any other, for it never exceeds one. ln e is a sum of convex functions
// of the counts, one for each version; so it is least when no single request
// can be moved to another version that it would speak for less, and a hit
// leaves at most one to move.
type wager struct {
	urn       urn
	shares    []float64
	logShares []float64
	counts    []float64 // the requests that lie anywhere included
	placed    []float64 // those alone
	n         float64
	log       float64
}

func newWager(u urn, shares []float64) *wager {
	w := &wager{
		urn: u, shares: shares,
		counts: make([]float64, len(shares)),
		placed: make([]float64, len(shares)),
	}
	for _, share := range shares {
		w.logShares = append(w.logShares, math.Log(share))
	}
	return w
}

// hit counts a hit on version i.
func (w *wager) hit(i int) {
	w.add(i)
	if w.placed[i] == 0 {
		return
	}
	if to := w.cheapest(); w.price(to, 0) < w.price(i, -1) {
		w.log += math.Log(w.price(to, 0) / w.price(i, -1))
		w.counts[i]--
		w.placed[i]--
		w.counts[to]++
		w.placed[to]++
	}
}

// unnamed counts a request that may have been any version.
func (w *wager) unnamed() {
	i := w.cheapest()
	w.add(i)
	w.placed[i]++
}

func (w *wager) add(i int) {
	w.log += math.Log((w.urn.prior[i]+w.counts[i])/(w.urn.concentration+w.n)) - w.logShares[i]
	w.counts[i]++
	w.n++
}

// price is by what e is multiplied, but for a factor that all versions have in
// common, when version i has one more than it has and so many.
func (w *wager) price(i int, more float64) float64 {
	return (w.urn.prior[i] + w.counts[i] + more) / w.shares[i]
}

func (w *wager) cheapest() int {
	best := 0
	for i := range w.counts {
		if w.price(i, 0) < w.price(best, 0) {
			best = i
		}
	}
	return best
}

// set begins anew with the counts of a whole sample: of the versions, and of
// what may have been any of them.
func (w *wager) set(counts []float64, unnamed float64) {
	copy(w.counts, counts)
	clear(w.placed)
	w.n = total(counts) + unnamed
	// The level to which water would fill the versions that lack most.
	low, high := 0., 0.
	for i := range w.counts {
		high = max(high, w.price(i, 0))
	}
	high += unnamed + 1
	for range 200 {
		middle := (low + high) / 2
		if middle == low || middle == high {
			break
		}
		if w.pour(middle, false) > unnamed {
			high = middle
		} else {
			low = middle
		}
	}
	for left := unnamed - w.pour(low, true); left > 0; left-- {
		i := w.cheapest()
		w.counts[i]++
		w.placed[i]++
	}
	w.log = w.urn.logEvidence(w.counts, w.shares)
}

// pour returns how many whole requests it takes to bring all versions up to a
// price, and places them there if it is to.
func (w *wager) pour(level float64, place bool) float64 {
	var poured float64
	for i := range w.counts {
		more := max(0, math.Ceil(level*w.shares[i]-w.urn.prior[i]-w.counts[i]))
		poured += more
		if place {
			w.counts[i] += more
			w.placed[i] += more
		}
	}
	return poured
}
