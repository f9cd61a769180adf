package analysis

import (
	"gonum.org/v1/gonum/mathext"

	"github.com/splitcheck/splitcheck/split"
)

// dispersionGate asks whether the counts stay closer to each other than chance
// would have them: a round robin in place of a draw for each request. It sees
// that in two ways, and takes the smaller p-value twice: a version has more
// runs than chance would give (the exact distribution of Stevens 1939), or
// blocks of time are too much alike (the chi-square of blocks by versions, left
// tail, by a gamma distribution with the mean and the variance of the
// permutation distribution; Haldane 1940, Dawson 1954).
//
// It is never broken. Counts of a round robin swing less than those of
// independent draws, so that no verdict is wrong more often for it: it is
// reported, and costs a correct split nothing.
func dispersionGate(t *split.Tally, alpha float64) Gate {
	result := Gate{PValue: 1, Alpha: alpha}
	if t.Sequence.Segments > 0 && consistent(t) {
		result.PValue = min(1, 2*tooManyRuns(t))
	}
	if line, ok := newTimeline(t); ok {
		table := line.table()
		result.Statistic = table.statistic()
		result.DF = (len(line.all) - 1) * (len(line.versions) - 1)
		result.PValue = min(result.PValue, 2*table.tooEven(result.Statistic))
	}
	return result
}

// tooManyRuns is the probability of as many runs of any version as there are.
// Where tallies were merged, seams may have cut a run each, and are taken off.
func tooManyRuns(t *split.Tally) float64 {
	seen := versionsSeen(t)
	tests := float64(len(seen))
	if tests == 2 {
		tests = 1 // the runs of one are those of the other, within one
		if t.Versions[seen[0]] > t.Versions[seen[1]] {
			seen = seen[1:]
		} else {
			seen = seen[:1]
		}
	}
	n, seams := float64(t.Hits()), float64(t.Sequence.Segments-1)
	least := 1.
	for _, version := range seen {
		count := float64(t.Versions[version])
		runs := count - float64(t.Sequence.Transitions[version][version])
		least = min(least, tests*runsOf(count, n).upper(runs-seams))
	}
	return least
}

// table is the blocks of a sample as if each were a connection.
func (l *timeline) table() *connectionTable {
	c := split.Connections{Sizes: map[int]int64{}, Hits: map[string]map[int]map[int]int64{}}
	for block, all := range l.all {
		if all == 0 {
			continue
		}
		c.Count++
		c.Sizes[int(all)]++
		for i, version := range l.versions {
			x := int(l.hits[i][block])
			if x == 0 {
				continue
			}
			if c.Hits[version] == nil {
				c.Hits[version] = map[int]map[int]int64{}
			}
			if c.Hits[version][int(all)] == nil {
				c.Hits[version][int(all)] = map[int]int64{}
			}
			c.Hits[version][int(all)][x]++
		}
	}
	return newConnectionTable(&split.Tally{Connections: c})
}

// tooEven is the probability of a statistic as small as that.
func (c *connectionTable) tooEven(statistic float64) float64 {
	mean, variance := c.moments()
	if !(variance > 0) || !(mean > 0) {
		return 1
	}
	return mathext.GammaIncReg(mean*mean/variance, statistic*mean/variance)
}

// inTurn reports whether the versions take strict turns: more evenly than
// chance would have it, and none but the commonest ever follows itself. Choices
// that stick to connections can be as regular as their connections' turns, but
// then equals stand beside each other somewhere.
func inTurn(t *split.Tally, dispersion Gate) bool {
	if t.Sequence.Segments == 0 || dispersion.PValue > dispersion.Alpha {
		return false
	}
	var most int64
	for _, n := range t.Versions {
		most = max(most, n)
	}
	commonest := false
	for version, n := range t.Versions {
		if n == most && !commonest {
			commonest = true
			continue
		}
		if t.Sequence.Transitions[version][version] > 0 {
			return false
		}
	}
	return true
}
