package analysis

import (
	"slices"

	"github.com/splitcheck/splitcheck/split"
)

// A timeline is the hits of a sample in blocks of time, in dispatch order.
type timeline struct {
	size     uint64 // requests in a block
	versions []string
	hits     [][]float64 // of a version, by block
	all      []float64   // of all versions, by block
	total    float64
}

// mostCuts is how many blocks a timeline has at most for most purposes: cuts
// between more would cost more of alpha than they show.
const mostCuts = 64

// newTimeline returns the blocks of a tally; ok is false where they are fewer
// than two or are not those of the counts.
func newTimeline(t *split.Tally) (line timeline, ok bool) { return newTimelineOf(t, mostCuts) }

// newTimelineOf is newTimeline with another greatest number of blocks.
func newTimelineOf(t *split.Tally, most int) (line timeline, ok bool) {
	line = timeline{size: t.Blocks.Size, versions: versionsSeen(t)}
	blocks := 0
	for _, hits := range t.Blocks.Hits {
		blocks = max(blocks, len(hits))
	}
	if line.size == 0 || blocks < 2 || len(t.Blocks.Hits) != len(line.versions) {
		return line, false
	}
	together := 1
	for (blocks+together-1)/together > most {
		together *= 2
	}
	blocks = (blocks + together - 1) / together
	line.size *= uint64(together)
	line.all = make([]float64, blocks)
	for _, version := range line.versions {
		hits := make([]float64, blocks)
		var sum int64
		for i, n := range t.Blocks.Hits[version] {
			if n < 0 || n > t.Versions[version]-sum {
				return line, false
			}
			sum += n
			hits[i/together] += float64(n)
			line.all[i/together] += float64(n)
			line.total += float64(n)
		}
		if sum != t.Versions[version] {
			return line, false
		}
		line.hits = append(line.hits, hits)
	}
	return line, blocks > 1
}

// cuts are the places where a sample is cut in two: behind 1, 2, 4, … blocks,
// counted from either end. So few tests cost each little of alpha, and a
// change at any moment is not far from one of them.
func (l *timeline) cuts() []int {
	var cuts []int
	for step := 1; step < len(l.all); step *= 2 {
		cuts = append(cuts, step, len(l.all)-step)
	}
	slices.Sort(cuts)
	return slices.Compact(cuts)
}

// before is how many hits the blocks before a cut have.
func before(hits []float64, cut int) float64 { return total(hits[:cut]) }

// driftGate asks whether the sample is one split all through, or begins with
// another: the old weights, of proxies that had not taken the new ones. Given
// the counts of all, the hits on a version before a cut are hypergeometric; the
// gate's p-value is the smallest over cuts, versions and directions, times
// their number. The statistic is the chi-square of the versions before and
// after the cut that shows most.
func driftGate(t *split.Tally, alpha float64) Gate {
	line, _ := newTimeline(t)
	result := Gate{DF: len(line.versions) - 1, PValue: 1, Alpha: alpha}
	asked := len(line.versions)
	if asked == 2 {
		asked = 1 // what one has more, the other has less
	}
	cuts := line.cuts()
	tests := float64(2 * asked * len(cuts))
	worst := cuts[0]
	for _, cut := range cuts {
		first := before(line.all, cut)
		for i := range asked {
			h := hypergeometric{population: line.total, marked: total(line.hits[i]), draws: first}
			x := before(line.hits[i], cut)
			p := min(1, tests*min(h.upper(x), h.lower(x)))
			if p < result.PValue {
				result.PValue, worst = p, cut
			}
		}
	}
	first := before(line.all, worst)
	most, change := 0, 0.
	for i, hits := range line.hits {
		x := before(hits, worst)
		if share := total(hits) / line.total; first > 0 && first < line.total {
			difference := x - first*share
			result.Statistic += difference / (first * share) * difference
			result.Statistic += difference / ((line.total - first) * share) * difference
			if apart := abs(x/first - (total(hits)-x)/(line.total-first)); apart > change {
				most, change = i, apart
			}
		}
	}
	if result.PValue <= alpha {
		x := before(line.hits[most], worst)
		result.brokenBy("gate-drift", "repair-drift", split.Values{
			"version": line.versions[most], "answers": first, "before": x / first,
			"after": (total(line.hits[most]) - x) / (line.total - first),
		})
	}
	return result
}

func abs(x float64) float64 { return max(x, -x) }
