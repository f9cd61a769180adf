package analysis

import (
	"maps"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"github.com/splitcheck/splitcheck/split"
)

// A gate tests an assumption of the main test: that every request is drawn
// anew, by the same shares. Where it is broken the counts prove nothing,
// whatever they are.
//
// Every gate is conditional: given how many hits each version has, the order
// of the hits and their spread over connections are tested against all the
// ways in which they could have come about. So it keeps its level whatever the
// shares really are, and a wrong split is not taken for a broken assumption.
//
// Where tables are drawn, it is always by the same seed, so that no other one
// would decide otherwise.
//
// Only what makes counts swing wider than chance breaks a gate. A balancer that
// alternates makes them swing less: verdicts stay right, and a note says so.
type gate func(t *split.Tally, alpha float64) Gate

// The gates by name; docs/gates.md has a section for each.
const (
	GateRuns        = "runs"
	GateTransitions = "transitions"
	GateConnections = "connections"
	GatePlace       = "place"
	GateAddress     = "address"
	GateDispersion  = "dispersion"
	GateDrift       = "drift"
	GatePeriods     = "periods"
)

// gates is the one list of them, in the order in which they are asked and
// reported. Those that can break share the gates' part of the error rate, so
// that one more lowers the level of every other.
var gates = []struct {
	name   string
	ask    gate
	breaks bool
	allows func(material) bool
}{
	{GateRuns, runsGate, true, func(m material) bool { return m.ordered }},
	// With two versions the transitions follow from the runs.
	{GateTransitions, transitionsGate, true, func(m material) bool { return m.ordered && m.versions > 2 }},
	{GateConnections, connectionsGate, true, func(m material) bool { return m.connected }},
	{GatePlace, placeGate, true, func(m material) bool { return m.placed }},
	{GateAddress, addressGate, true, func(m material) bool { return m.addressed }},
	{GateDispersion, dispersionGate, false, func(m material) bool { return m.ordered || m.timed }},
	{GateDrift, driftGate, true, func(m material) bool { return m.timed }},
	{GatePeriods, periodsGate, true, func(m material) bool { return m.timed }},
}

// material is what a tally has for gates to look at.
type material struct {
	versions                                     int
	ordered, connected, placed, addressed, timed bool
}

func materialOf(t *split.Tally) material {
	_, timed := newTimeline(t)
	return material{
		versions: len(versionsSeen(t)), ordered: t.Sequence.Segments > 0 && consistent(t),
		connected: connectionsTell(t), placed: placesTell(t), addressed: addressesTell(t), timed: timed,
	}
}

// judgeGates runs them; between them they call a sample broken that is not
// with a probability of at most budget.
func judgeGates(t *split.Tally, budget float64) (results []Gate) {
	has := materialOf(t)
	if has.versions < 2 {
		return nil
	}
	breakable := 0
	for _, each := range gates {
		if each.breaks && each.allows(has) {
			breakable++
		}
	}
	for _, each := range gates {
		if each.allows(has) {
			result := each.ask(t, budget/float64(max(1, breakable)))
			result.Name = each.name
			results = append(results, result)
		}
	}
	return results
}

// brokenBy marks a gate as broken by what was found.
func (g *Gate) brokenBy(found, repair string, values split.Values) {
	g.Broken = true
	g.Found = split.Found(found, values)
	g.Repair = split.Found(repair, values)
}

func versionsSeen(t *split.Tally) []string {
	var seen []string
	for _, version := range slices.Sorted(maps.Keys(t.Versions)) {
		if t.Versions[version] > 0 {
			seen = append(seen, version)
		}
	}
	return seen
}

// consistent reports whether the sequence is that of the counts: each hit but
// the first of a segment follows another.
func consistent(t *split.Tally) bool {
	var followed int64
	into := map[string]int64{}
	for _, row := range t.Sequence.Transitions {
		for to, n := range row {
			if n < 0 {
				return false
			}
			followed += n
			into[to] += n
		}
	}
	for version, n := range into {
		if n > t.Versions[version] {
			return false
		}
	}
	for from, row := range t.Sequence.Transitions {
		var out int64
		for _, n := range row {
			out += n
		}
		if out > t.Versions[from] {
			return false
		}
	}
	return followed+t.Sequence.Segments == t.Hits()
}

// runsOf is the distribution of the number of runs of a version with count
// hits among n in one sequence (Stevens 1939): its runs take as many of the
// n-count+1 gaps between the others.
func runsOf(count, n float64) hypergeometric {
	return hypergeometric{population: n, marked: n - count + 1, draws: count}
}

// waldWolfowitz is the standard score of the number of runs in a sequence of
// ones and others (Wald and Wolfowitz 1940); less than 0 means that equals
// follow each other too often.
func waldWolfowitz(runs, ones, others float64) float64 {
	n := ones + others
	mean := 2*ones*(others/n) + 1
	variance := (mean - 1) * (mean - 2) / (n - 1)
	if !(variance > 0) {
		return 0
	}
	return (runs - mean) / math.Sqrt(variance)
}

// runsGate compares the number of runs of each version with what chance would
// give, the other versions taken together. Too few runs mean that a client
// sticks to a version.
//
// Where tallies were merged, a run may have been cut at a seam, and is counted
// twice: that makes runs more, never fewer, so the gate errs towards holding.
func runsGate(t *split.Tally, alpha float64) Gate {
	seen := versionsSeen(t)
	n := float64(t.Hits())
	tests := float64(len(seen))
	if tests == 2 {
		tests = 1 // the runs of one are those of the other, within one
		if t.Versions[seen[0]] > t.Versions[seen[1]] {
			seen = seen[1:]
		} else {
			seen = seen[:1]
		}
	}
	result := Gate{PValue: 1, Alpha: alpha}
	var sticky string
	for i, version := range seen {
		count := float64(t.Versions[version])
		runs := count - float64(t.Sequence.Transitions[version][version])
		if p := min(1, tests*runsOf(count, n).lower(runs)); i == 0 || p < result.PValue {
			result.PValue, sticky = p, version
			result.Statistic = waldWolfowitz(runsAgainstRest(t, version), count, n-count)
		}
	}
	if result.PValue <= alpha {
		result.brokenBy("gate-runs", "repair-runs", split.Values{"version": sticky})
	}
	return result
}

// runsAgainstRest is the number of runs when all other versions count as one.
func runsAgainstRest(t *split.Tally, version string) float64 {
	changes := t.Sequence.Segments
	for from, row := range t.Sequence.Transitions {
		for to, n := range row {
			if (from == version) != (to == version) {
				changes += n
			}
		}
	}
	return float64(changes)
}

// transitionsGate asks, for each pair of versions, whether the second follows
// the first more often than chance would have it. Given the number of runs of
// the second, each run begins in one of the gaps between the others, and the
// number of those behind the first is hypergeometric; the smallest p-value,
// times the number of pairs, is the gate's. The statistic is the chi-square of
// the transition table (Anderson and Goodman 1957), for information: its
// asymptotic distribution alarms on correct rare versions far too often.
//
// A round robin, too, puts versions behind others too often. It breaks nothing:
// what counts is whether counts swing wider for it.
func transitionsGate(t *split.Tally, alpha float64) Gate {
	seen := versionsSeen(t)
	n := float64(t.Hits())
	tests := float64(len(seen) * (len(seen) - 1))
	statistic, df := transitionStatistic(t.Sequence.Transitions)
	result := Gate{Statistic: statistic, DF: df, PValue: 1, Alpha: alpha}
	for _, second := range seen {
		count := float64(t.Versions[second])
		runs := count - float64(t.Sequence.Transitions[second][second])
		for _, first := range seen {
			if first == second {
				continue
			}
			behind := hypergeometric{population: n - count + 1, marked: float64(t.Versions[first]), draws: runs}
			p := behind.upper(float64(t.Sequence.Transitions[first][second]))
			result.PValue = min(result.PValue, tests*p)
		}
	}
	if result.PValue <= alpha && swing(seen, t.Sequence.Transitions) > 1 {
		result.brokenBy("gate-transitions", "repair-transitions", nil)
	}
	return result
}

// swing is how many times wider than independent draws the counts of a Markov
// chain with these transitions scatter: the expected chi-square statistic in a
// long sample, over that of independent draws. The variance of the counts is
// by Kemeny and Snell, "Finite Markov Chains" (1960), from the fundamental
// matrix Z = (I - P + 1π)⁻¹: 2·π·Z - π - π², each for one version.
func swing(versions []string, table map[string]map[string]int64) float64 {
	k := len(versions)
	chain := mat.NewDense(k, k, nil) // I - P, with half a transition more in each place
	for i, from := range versions {
		out := float64(k) / 2
		for _, to := range versions {
			out += float64(table[from][to])
		}
		for j, to := range versions {
			chain.Set(i, j, -(float64(table[from][to])+0.5)/out)
		}
		chain.Set(i, i, 1+chain.At(i, i))
	}
	ones := mat.NewVecDense(k, nil)
	for i := range k {
		ones.SetVec(i, 1)
	}
	var shifted, inverse, fundamental mat.Dense
	shifted.Outer(1, ones, ones)
	shifted.Add(chain, &shifted)
	if inverse.Inverse(&shifted) != nil {
		return math.Inf(1) // a chain that all but never leaves a version
	}
	var stationary mat.VecDense
	stationary.MulVec(inverse.T(), ones)
	shifted.Outer(1, ones, &stationary)
	shifted.Add(chain, &shifted)
	if fundamental.Inverse(&shifted) != nil {
		return math.Inf(1)
	}
	var sum float64
	for i := range k {
		sum += 2*fundamental.At(i, i) - 1 - stationary.AtVec(i)
	}
	return sum / float64(k-1)
}

// transitionStatistic is the chi-square of independence of the table of
// transitions, and its degrees of freedom.
func transitionStatistic(table map[string]map[string]int64) (statistic float64, df int) {
	out, into := map[string]float64{}, map[string]float64{}
	var n float64
	for from, row := range table {
		for to, count := range row {
			out[from] += float64(count)
			into[to] += float64(count)
			n += float64(count)
		}
	}
	var terms []float64
	rows, columns := 0, 0
	for from := range out {
		if out[from] > 0 {
			rows++
		}
		for to := range into {
			if expected := out[from] * (into[to] / n); expected > 0 {
				difference := float64(table[from][to]) - expected
				terms = append(terms, difference/expected*difference)
			}
		}
	}
	for to := range into {
		if into[to] > 0 {
			columns++
		}
	}
	slices.Sort(terms)
	return total(terms), max(0, (rows-1)*(columns-1))
}
