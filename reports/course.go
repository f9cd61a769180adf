package reports

import (
	"maps"
	"math"
	"slices"
	"time"

	"github.com/splitcheck/splitcheck/split"
)

// A Course is how the counts of a sample grew, in the order in which the
// requests were sent: at most 200 points, at equal distances but for the last,
// which is the end. All counts are of the requests from the first to the point.
type Course struct {
	// Requests is how many were counted up to each point.
	Requests []int64 `json:"requests"`
	// Versions are those that were hit, by name.
	Versions []CourseOfVersion `json:"versions"`
	// Errors and Unidentified are absent where there were none.
	Errors       []int64 `json:"errors,omitempty"`
	Unidentified []int64 `json:"unidentified,omitempty"`
}

// CourseOfVersion is how often one version was hit up to each point.
type CourseOfVersion struct {
	Version string  `json:"version"`
	Counts  []int64 `json:"counts"`
}

// courseOf returns nil where the order of the answers is not known.
func courseOf(t *split.Tally) *Course {
	from, total := t.Course, t.Requests()
	if from.Answers == 0 || from.Lost {
		return nil
	}
	points := int(from.Answers / from.Stride)
	c := &Course{}
	for i := range points {
		c.Requests = append(c.Requests, int64(i+1)*from.Stride)
	}
	// What was counted after the last point is in the end alone.
	ends := int64(points)*from.Stride < total
	if ends {
		c.Requests = append(c.Requests, total)
	}
	whole := func(counts []int64, end int64) []int64 {
		counts = append(make([]int64, 0, points+1), counts...)
		counts = append(counts, make([]int64, points-len(counts))...)
		if ends {
			counts = append(counts, end)
		}
		return counts
	}
	for _, version := range slices.Sorted(maps.Keys(t.Versions)) {
		c.Versions = append(c.Versions, CourseOfVersion{version, whole(from.Versions[version], t.Versions[version])})
	}
	present(&c.Versions)
	if n := t.Failed(); n > 0 {
		c.Errors = whole(from.Errors, n)
	}
	if n := t.Unknown(); n > 0 {
		c.Unidentified = whole(from.Unidentified, n)
	}
	return c
}

// LatencyOf returns nil if nothing was answered.
func LatencyOf(l split.Latencies) *Latency {
	if l.Count() == 0 {
		return nil
	}
	ms := func(q float64) Number {
		return Num(math.Round(float64(l.Quantile(q))/float64(time.Microsecond)) / 1000)
	}
	return &Latency{P50: ms(0.50), P95: ms(0.95), P99: ms(0.99)}
}
