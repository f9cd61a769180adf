package split

import (
	"maps"
	"slices"
)

// mostPoints bounds the points of a Course, the one at the end not counted:
// beyond it, every second is left out.
const mostPoints = 198

// A Course is how the counts of a sample grew, in dispatch order: what they
// were after Stride answers, after twice as many, and so on. Every count is
// exact. However many answers there are, there are at most 198 points.
type Course struct {
	// Stride is the number of answers from one point to the next, a power of
	// two; 0 before the first answer.
	Stride int64 `json:"stride,omitempty"`
	// Answers is how many were counted in all. Those after the last point are
	// fewer than Stride.
	Answers int64 `json:"answers,omitempty"`
	// Versions[v][i] counts the hits on v among the first (i+1)·Stride answers.
	// A version that was seen after the last point has no counts yet.
	Versions map[string][]int64 `json:"versions,omitempty"`
	// Errors and Unidentified count the other answers in the same way; each is
	// empty as long as there was none at a point.
	Errors       []int64 `json:"errors,omitempty"`
	Unidentified []int64 `json:"unidentified,omitempty"`
	// Lost says that tallies were merged whose answers have no common order, so
	// that there is no course of all of them.
	Lost bool `json:"lost,omitempty"`
}

// add counts the answer that t has just counted.
func (c *Course) add(t *Tally) {
	if c.Lost {
		return
	}
	c.Answers++
	c.Stride = max(c.Stride, 1)
	if c.Answers%c.Stride != 0 {
		return
	}
	if c.Answers/c.Stride > mostPoints {
		c.thin()
		if c.Answers%c.Stride != 0 {
			return
		}
	}
	c.note(t, int(c.Answers/c.Stride))
}

// note makes the counts of t the point with this number, from 1. What was not
// counted before is 0 at the points before.
func (c *Course) note(t *Tally, point int) {
	set := func(counts []int64, n int64) []int64 {
		if n == 0 {
			return counts
		}
		if lacks := point - len(counts); lacks > 0 {
			counts = append(counts, make([]int64, lacks)...)
		}
		counts[point-1] = n
		return counts
	}
	if c.Versions == nil {
		c.Versions = map[string][]int64{}
	}
	for version, n := range t.Versions {
		c.Versions[version] = set(c.Versions[version], n)
	}
	c.Errors = set(c.Errors, t.Failed())
	c.Unidentified = set(c.Unidentified, t.Unknown())
}

// thin leaves out every second point.
func (c *Course) thin() {
	half := func(counts []int64) []int64 {
		for i := 1; i < len(counts); i += 2 {
			counts[i/2] = counts[i]
		}
		return counts[:len(counts)/2]
	}
	c.Stride *= 2
	for version, counts := range c.Versions {
		c.Versions[version] = half(counts)
	}
	c.Errors, c.Unidentified = half(c.Errors), half(c.Unidentified)
}

// merge makes c the course of t, whose own it is, and of other, before their
// counts are merged. Where both have answers, nobody knows which came first.
func (c *Course) merge(t, other *Tally) {
	switch {
	case other.Requests() == 0:
	case t.Requests() == 0:
		*c = other.Course
		c.Versions = maps.Clone(c.Versions)
		for version, counts := range c.Versions {
			c.Versions[version] = slices.Clone(counts)
		}
		c.Errors, c.Unidentified = slices.Clone(c.Errors), slices.Clone(c.Unidentified)
	default:
		*c = Course{Lost: true}
	}
}
