package analysis

import "github.com/splitcheck/splitcheck/split"

// periodsGate asks whether the split goes up and down while it is measured, more
// than chance would have it: weights that change forth and back, a proxy that
// takes its turn in the load, or a share that wanders. One change is what
// driftGate sees best. The statistic is the chi-square of blocks of time by
// versions, right tail, by permutation as for connections; it is asked of blocks
// of two sizes, some 64 and some 256 in all, and the smaller p-value counts twice.
func periodsGate(t *split.Tally, alpha float64) Gate {
	result := Gate{PValue: 1, Alpha: alpha}
	for _, most := range []int{mostCuts, 4 * mostCuts} {
		line, ok := newTimelineOf(t, most)
		if !ok {
			continue
		}
		table := line.table()
		if table.rows() < 2 {
			continue
		}
		statistic := table.statistic()
		if p := min(1, 2*table.pValue(statistic, alpha/2)); p < result.PValue || result.DF == 0 {
			result.PValue, result.Statistic = p, statistic
			result.DF = (int(table.rows()) - 1) * (len(line.versions) - 1)
		}
	}
	if result.PValue <= alpha {
		result.brokenBy("gate-periods", "repair-periods", nil)
	}
	return result
}
