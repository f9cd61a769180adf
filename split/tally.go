package split

import "maps"

// A Tally is the counts of a sample: everything a verdict needs, in memory
// that does not grow with the number of answers. Tallies of several workers
// merge exactly, in any order. The zero value is an empty tally.
type Tally struct {
	// Versions counts hits by the version that the answer named, expected or
	// not.
	Versions map[string]int64 `json:"versions,omitempty"`
	// Errors and Unidentified count the other answers by kind.
	Errors       map[string]int64 `json:"errors,omitempty"`
	Unidentified map[string]int64 `json:"unidentified,omitempty"`
	// Examples holds one excerpt for each kind in Errors and Unidentified.
	Examples map[string]string `json:"examples,omitempty"`
	// Replies tell what the hits on each version were like, ErrorReplies and
	// UnidentifiedReplies the other answers; of an error without an answer there
	// is nothing to tell.
	Replies             map[string]*Replies `json:"replies,omitempty"`
	ErrorReplies        Replies             `json:"error_replies,omitzero"`
	UnidentifiedReplies Replies             `json:"unidentified_replies,omitzero"`
	// Course is how the counts grew. It is empty for counts that came without
	// an order.
	Course Course `json:"course,omitzero"`
	// Sequence describes the order of the hits. It is empty for counts
	// that came without one.
	Sequence Sequence `json:"sequence"`
	// Blocks describes when the hits were dispatched. It is empty for counts
	// that came without an order.
	Blocks Blocks `json:"blocks"`
	// Connections describes how hits fell to connections. It is empty where
	// connections are not known.
	Connections Connections `json:"connections"`
	// Addresses describes how hits fell to the addresses that answered. It is
	// empty where they are not known.
	Addresses Addresses `json:"addresses,omitzero"`
}

// MirroredAgain is the version that copies are counted as, in a sample of mirrored
// copies, which arrived beyond one for each request. No weights name it.
const MirroredAgain = "mirrored again"

// Add counts one answer. Answers are added in dispatch order; Ordered puts
// them so.
func (t *Tally) Add(a Answer) {
	switch a.Outcome {
	case Hit:
		t.hit(a)
	case Error:
		t.Errors = t.miss(a, t.Errors)
		t.ErrorReplies.add(a)
	default:
		t.Unidentified = t.miss(a, t.Unidentified)
		t.UnidentifiedReplies.add(a)
	}
	t.Blocks.add(a)
	t.Connections.add(a)
	t.Course.add(t)
}

func (t *Tally) hit(a Answer) {
	if t.Versions == nil {
		t.Versions = map[string]int64{}
	}
	t.Versions[a.Version]++
	t.Sequence.add(a.Version)
	t.Addresses.add(a.Address, a.Version)
	if a.Status != 0 || a.Latency != 0 {
		t.replies(a.Version).add(a)
	}
}

func (t *Tally) replies(version string) *Replies {
	known := t.Replies[version]
	if known == nil {
		if t.Replies == nil {
			t.Replies = map[string]*Replies{}
		}
		known = &Replies{}
		t.Replies[version] = known
	}
	return known
}

func (t *Tally) miss(a Answer, kinds map[string]int64) map[string]int64 {
	if kinds == nil {
		kinds = map[string]int64{}
	}
	kinds[a.Kind]++
	if t.Examples == nil {
		t.Examples = map[string]string{}
	}
	if _, known := t.Examples[a.Kind]; !known {
		t.Examples[a.Kind] = a.Example
	}
	return kinds
}

// Merge adds what other has counted to t; other stays as it is. Both must have
// been closed by Close if connections were counted.
func (t *Tally) Merge(other *Tally) {
	t.Course.merge(t, other)
	t.Versions = sum(t.Versions, other.Versions)
	t.Errors = sum(t.Errors, other.Errors)
	t.Unidentified = sum(t.Unidentified, other.Unidentified)
	for kind, example := range other.Examples {
		if t.Examples == nil {
			t.Examples = map[string]string{}
		}
		// Take the smaller excerpt, so the result does not depend on the order
		// of merging.
		if known, ok := t.Examples[kind]; !ok || example < known {
			t.Examples[kind] = example
		}
	}
	for version, each := range other.Replies {
		t.replies(version).merge(*each)
	}
	t.ErrorReplies.merge(other.ErrorReplies)
	t.UnidentifiedReplies.merge(other.UnidentifiedReplies)
	t.Sequence.merge(other.Sequence)
	t.Blocks.merge(other.Blocks)
	t.Connections.merge(other.Connections)
	t.Addresses.merge(other.Addresses)
}

// Close ends the sequence and the connections: nothing is added afterwards.
func (t *Tally) Close() {
	t.Sequence.close()
	t.Connections.close()
}

// Hits returns the number of answers that named a version.
func (t *Tally) Hits() int64 { return total(t.Versions) }

// Failed returns the number of errors.
func (t *Tally) Failed() int64 { return total(t.Errors) }

// Unknown returns the number of unidentified answers.
func (t *Tally) Unknown() int64 { return total(t.Unidentified) }

// Requests returns the number of requests that were counted, however they
// ended.
func (t *Tally) Requests() int64 { return t.Hits() + t.Failed() + t.Unknown() }

func total(counts map[string]int64) int64 {
	var sum int64
	for _, n := range counts {
		sum += n
	}
	return sum
}

// Latencies returns how long all answers took, whatever they came to.
func (t *Tally) Latencies() Latencies {
	all := Latencies(nil).Merge(t.ErrorReplies.Latencies).Merge(t.UnidentifiedReplies.Latencies)
	for _, each := range t.Replies {
		all = all.Merge(each.Latencies)
	}
	return all
}

func sum[K comparable](a, b map[K]int64) map[K]int64 {
	if a == nil && len(b) > 0 {
		return maps.Clone(b)
	}
	for key, n := range b {
		a[key] += n
	}
	return a
}
