package split

import (
	"math/bits"
	"time"
)

// Replies count answers by what they were like: those on one version, say.
type Replies struct {
	// Statuses counts them by HTTP status, of which there are at most 900: three
	// digits, the first of them not 0. Answers whose status is not known are in
	// none.
	Statuses map[int]int64 `json:"statuses,omitempty"`
	// Latencies count them by how long they took.
	Latencies Latencies `json:"latencies,omitempty"`
}

func (r *Replies) add(a Answer) {
	if a.Status >= 100 && a.Status <= 999 {
		if r.Statuses == nil {
			r.Statuses = map[int]int64{}
		}
		r.Statuses[a.Status]++
	}
	if a.Latency > 0 {
		r.Latencies = r.Latencies.bump(bucketOf(a.Latency), 1)
	}
}

// OneStatus returns the HTTP status of all answers, if they had the same, and
// whether they had. Errors without an answer have none.
func (t *Tally) OneStatus() (status int, one bool) {
	all := []Replies{t.ErrorReplies, t.UnidentifiedReplies}
	for _, each := range t.Replies {
		all = append(all, *each)
	}
	for _, each := range all {
		for other := range each.Statuses {
			if one && other != status {
				return 0, false
			}
			status, one = other, true
		}
	}
	return status, one
}

func (r *Replies) merge(other Replies) {
	r.Statuses = sum(r.Statuses, other.Statuses)
	r.Latencies = r.Latencies.Merge(other.Latencies)
}

// Latencies is a histogram of durations: exact in microseconds below 128 µs,
// and from there on in 64 buckets for each doubling, so that a quantile is at
// most 0.8 % off. Unlike a t-digest, histograms of several workers merge
// exactly and in any order, and their memory is known: one of 10 seconds has
// 1,165 buckets, and no duration makes more than 3,100.
type Latencies []int64

const (
	exactBits = 7 // durations below 1<<exactBits µs have buckets of their own
	perOctave = 1 << (exactBits - 1)
)

func bucketOf(d time.Duration) int {
	us := uint64(d / time.Microsecond)
	shift := max(0, bits.Len64(us)-exactBits)
	return shift*perOctave + int(us>>shift)
}

// middleOf returns the middle of a bucket.
func middleOf(bucket int) time.Duration {
	if bucket < 1<<exactBits {
		return time.Duration(bucket) * time.Microsecond
	}
	shift := bucket/perOctave - 1
	low := int64(bucket-shift*perOctave) << shift
	return time.Duration(low)*time.Microsecond + time.Duration(int64(1)<<shift-1)*time.Microsecond/2
}

func (l Latencies) bump(bucket int, by int64) Latencies {
	if lacks := bucket + 1 - len(l); lacks > 0 {
		l = append(l, make([]int64, lacks)...)
	}
	l[bucket] += by
	return l
}

// Merge returns the histogram of what l and other have counted; l may be
// changed.
func (l Latencies) Merge(other Latencies) Latencies {
	for bucket, n := range other {
		if n != 0 {
			l = l.bump(bucket, n)
		}
	}
	return l
}

// Count returns how many durations were counted.
func (l Latencies) Count() int64 {
	var n int64
	for _, each := range l {
		n += each
	}
	return n
}

// Quantile returns the duration within which the part q of those counted lie,
// for q between 0 and 1: the smallest with at least that part at or below it. It
// is 0 if nothing was counted.
func (l Latencies) Quantile(q float64) time.Duration {
	needed := q * float64(l.Count())
	var seen int64
	last := 0
	for bucket, n := range l {
		if n == 0 {
			continue
		}
		if seen, last = seen+n, bucket; float64(seen) >= needed {
			break
		}
	}
	return middleOf(last)
}
