package recorded

import (
	"fmt"
	"io"

	"github.com/splitcheck/splitcheck/loadgen"
)

func readVegeta(r io.Reader, format loadgen.Format, options Options, counter *counter) error {
	var known repeats
	n := 0
	for result, err := range loadgen.Recorded(r, format, options.Identify) {
		if err != nil {
			return fmt.Errorf("%s: %w", options.Name, err)
		}
		n++
		if known.again(result) {
			return fmt.Errorf("%s: vegeta result %d stands in it twice (%d of the attack %q, at %s): give each attack once",
				options.Name, n, result.Answer.Number, result.Attack, result.Time.Format("15:04:05.000000"))
		}
		counter.see(result.Answer, result.Seen)
	}
	return nil
}

// repeats finds results that were counted already, in memory that is bounded: of
// long records it remembers a part, chosen by what stands in the results, so that
// of a part that stands there twice it remembers the same ones.
type repeats struct {
	known map[uint64]struct{}
	every uint64 // of so many results one is remembered
}

const remembered = 1 << 18

func (r *repeats) again(result loadgen.RecordedAnswer) bool {
	if result.Time.IsZero() {
		return false // nothing tells it from another
	}
	if r.known == nil {
		r.known, r.every = map[uint64]struct{}{}, 1
	}
	print := result.Fingerprint()
	if print%r.every != 0 {
		return false
	}
	if _, counted := r.known[print]; counted {
		return true
	}
	r.known[print] = struct{}{}
	if len(r.known) == remembered {
		r.every *= 2
		for each := range r.known {
			if each%r.every != 0 {
				delete(r.known, each)
			}
		}
	}
	return false
}
