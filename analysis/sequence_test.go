package analysis

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/stat/combin"

	"github.com/splitcheck/splitcheck/split"
)

// inOrder is a sample of versions named by single characters, on one
// connection each.
func inOrder(versions string) *split.Tally {
	tally := &split.Tally{}
	tally.Connections.Reuse = 1
	for i, each := range versions {
		tally.Add(split.Answer{Number: uint64(i), Version: string(each)})
	}
	tally.Close()
	return tally
}

// R tseries runs.test through statsmodels test_nonparametric.py: 11 runs,
// z 1.386750, p 0.1655179.
func TestRunsAsPublished(t *testing.T) {
	tally := inOrder("1110010101110101")
	assert.Equal(t, 11., runsAgainstRest(tally, "1"))
	z := waldWolfowitz(11, 10, 6)
	agrees(t, 1.386750, z, 7)
	agrees(t, 0.1655179, 2*normalUpper(z), 7)
	gate := runsGate(tally, 1e-4)
	agrees(t, 1.386750, math.Abs(gate.Statistic), 7)
	assert.False(t, gate.Broken)
}

// NIST SP 800-22, section 2.3.8, counts 52 runs in these 100 bits of pi.
func TestRunsOfPi(t *testing.T) {
	pi := "1100100100001111110110101010001000100001011010001100001000110100110001001100011001100010100010111000"
	assert.Equal(t, 52., runsAgainstRest(inOrder(pi), "1"))
	assert.Equal(t, 7., runsAgainstRest(inOrder("1001101011"), "1"))
}

// Transition tables by scipy.
func TestTransitionsAsPublished(t *testing.T) {
	for _, test := range []struct {
		sequence string
		x2, p    float64
		digits   int
	}{
		{strings.Repeat("01", 10), 19, 1.30718e-5, 6},
		{strings.Repeat("0001", 25), 10.70270270, .00106979, 6},
		{strings.Repeat("0", 70) + strings.Repeat("1", 30), 94.33285714, 2.67e-22, 3},
	} {
		x2, df := transitionStatistic(inOrder(test.sequence).Sequence.Transitions)
		agrees(t, test.x2, x2, 9)
		assert.Equal(t, 1, df)
		agrees(t, test.p, chiSquareUpper(x2, df), test.digits)
	}
}

// Per connection 70/30 68/32 73/27 69/31: X² .6666667, df 3, p .8810148 (scipy).
func TestConnectionsAsPublished(t *testing.T) {
	tally := &split.Tally{Versions: map[string]int64{"v1": 280, "v2": 120}}
	tally.Connections = split.Connections{Count: 4, Sizes: map[int]int64{100: 4}, Hits: map[string]map[int]map[int]int64{
		"v1": {100: {70: 1, 68: 1, 73: 1, 69: 1}}, "v2": {100: {30: 1, 32: 1, 27: 1, 31: 1}},
	}}
	table := newConnectionTable(tally)
	agrees(t, 2./3, table.statistic(), 9)
	agrees(t, .8810148, chiSquareUpper(table.statistic(), 3), 7)
	gate := connectionsGate(tally, 1e-4)
	assert.Equal(t, 3, gate.DF)
	assert.False(t, gate.Broken)
	assert.InDelta(t, .8810148, table.approximate(table.statistic()), 0.01)
}

// All tables of four connections of ten with 12 hits of one version, listed.
func TestPermutationByEnumeration(t *testing.T) {
	tally := &split.Tally{}
	tally.Connections.Reuse = 10
	for connection, first := range []int{1, 2, 2, 7} {
		for i := range 10 {
			version := "v2"
			if i < first {
				version = "v1"
			}
			tally.Add(split.Answer{Connection: uint64(connection), Version: version})
		}
	}
	tally.Close()
	observed := 1 + 4 + 4 + 49
	var all, beyond int
	for a := range 11 {
		for b := range 11 {
			for c := range 11 {
				d := 12 - a - b - c
				if d < 0 || d > 10 {
					continue
				}
				ways := combin.Binomial(10, a) * combin.Binomial(10, b) * combin.Binomial(10, c) * combin.Binomial(10, d)
				all += ways
				if a*a+b*b+c*c+d*d >= observed {
					beyond += ways
				}
			}
		}
	}
	want := float64(beyond) / float64(all)
	table := newConnectionTable(tally)
	var sum float64
	const repeats = 400
	for seed := range uint64(repeats) {
		// Inverse sampling: (25-1)/(drawn-1) is unbiased (Haldane 1945).
		p := table.permute(table.statistic(), 1<<30, seed)
		sum += (enoughBeyond - 1) / (enoughBeyond/p - 1)
	}
	// The standard error of one is a fifth, of 400 a hundredth of it.
	assert.InEpsilon(t, want, sum/repeats, 0.04)
	assert.InEpsilon(t, want, table.approximate(table.statistic()), 0.5)
}

// Mean and variance that the approximation uses, where all tables can be
// listed: hits of 1 and n-1 on connections of 1 and n-1.
func TestConnectionMomentsInTheSmallestTable(t *testing.T) {
	tally := &split.Tally{}
	tally.Connections.Reuse = 9
	for i := range 10 {
		tally.Add(split.Answer{Connection: uint64(min(i, 1)), Ends: i == 0, Version: map[bool]string{true: "v1", false: "v2"}[i == 5]})
	}
	tally.Close()
	table := newConnectionTable(tally)
	agrees(t, 10./81, table.statistic(), 10)
	assert.InDelta(t, 1, table.permute(table.statistic(), 10_000, 1), 0)
}

// Every arrangement of a few hits, listed: the distribution of runs is as
// Stevens has it, that of transitions as the gate has it.
func TestRunsAndTransitionsByEnumeration(t *testing.T) {
	const n, ones, twos = 9, 4, 3
	runs := map[int]int{}
	behind := map[[2]int]int{} // runs of twos, of which so many behind a one
	arrangements := 0
	for _, first := range combin.Combinations(n, ones) {
		var rest []int
		taken := map[int]bool{}
		for _, place := range first {
			taken[place] = true
		}
		for place := range n {
			if !taken[place] {
				rest = append(rest, place)
			}
		}
		for _, second := range combin.Combinations(len(rest), twos) {
			sequence := make([]int, n)
			for _, place := range first {
				sequence[place] = 1
			}
			for _, i := range second {
				sequence[rest[i]] = 2
			}
			arrangements++
			ofOnes, ofTwos, oneTwo := 0, 0, 0
			for i, version := range sequence {
				begins := i == 0 || sequence[i-1] != version
				if version == 1 && begins {
					ofOnes++
				}
				if version == 2 && begins {
					ofTwos++
					if i > 0 && sequence[i-1] == 1 {
						oneTwo++
					}
				}
			}
			runs[ofOnes]++
			behind[[2]int{ofTwos, oneTwo}]++
		}
	}
	ofTwos := runsOf(twos, n)
	for r := 0; r <= ones; r++ {
		var atMost int
		for each, times := range runs {
			if each <= r {
				atMost += times
			}
		}
		assert.InDelta(t, float64(atMost)/float64(arrangements), runsOf(ones, n).lower(float64(r)), 1e-12)
	}
	for r := 1; r <= twos; r++ {
		h := hypergeometric{population: n - twos + 1, marked: ones, draws: float64(r)}
		for x := 0; x <= r; x++ {
			want := float64(behind[[2]int{r, x}]) / float64(arrangements)
			got := math.Exp(ofTwos.logProbability(float64(r)) + h.logProbability(float64(x)))
			assert.InDelta(t, want, got, 1e-12)
		}
	}
}

func TestStickinessBreaksAndAlternationIsToldOnly(t *testing.T) {
	sticky := inOrder(strings.Repeat(strings.Repeat("1", 10)+strings.Repeat("2", 10), 20))
	gates := judgeGates(sticky, 2e-4)
	assert.Equal(t, []string{"runs", "dispersion", "drift", "periods"}, names(gates), "a connection per request has no gate on connections")
	assert.Equal(t, "runs", gates[0].Name)
	assert.True(t, gates[0].Broken)
	assert.Less(t, gates[0].Statistic, 0., "fewer runs than chance would give")
	assert.NotEmpty(t, gates[0].Repair.ID)

	for _, balancer := range []string{strings.Repeat("12", 200), strings.Repeat("1111111112", 200), strings.Repeat("123", 200), strings.Repeat("1111213", 200)} {
		tally := inOrder(balancer)
		weights := split.Weights{}
		for version, n := range tally.Versions {
			weights = append(weights, split.Weight{Version: version, Weight: float64(n)})
		}
		p, err := PlanFor(Question{Weights: weights, MaxErrors: -1}, tally.Hits())
		require.NoError(t, err)
		j := Judge(p, tally)
		for _, each := range j.Gates {
			assert.False(t, each.Broken, each.Name)
		}
		assert.Contains(t, said(j.Warnings...), "alternate")
	}
}

func TestTransitionsFindWhatRunsDoNot(t *testing.T) {
	// Two pools of two versions each, used in blocks; within a block they take
	// turns, so that no version has too few runs.
	gates := judgeGates(inOrder(strings.Repeat(strings.Repeat("12", 10)+strings.Repeat("34", 10), 25)), 2e-4)
	assert.Equal(t, []string{"runs", "transitions", "dispersion", "drift", "periods"}, names(gates))
	assert.False(t, gates[0].Broken)
	assert.True(t, gates[1].Broken)
	assert.NotEmpty(t, gates[1].Repair.ID)
}

// Counts of independent draws swing as they should, those of a round robin not
// at all, and those of draws that are each kept for r requests r times as wide
// where the chance of keeping is 1-1/r: (1+c)/(1-c) = 2r-1 in a Markov chain.
func TestSwing(t *testing.T) {
	versions := []string{"1", "2", "3"}
	count := func(diagonal, off int64) map[string]map[string]int64 {
		table := map[string]map[string]int64{}
		for _, from := range versions {
			table[from] = map[string]int64{}
			for _, to := range versions {
				table[from][to] = off
			}
			table[from][from] = diagonal
		}
		return table
	}
	assert.InDelta(t, 1, swing(versions, count(1e9, 1e9)), 1e-6)
	assert.InDelta(t, 0, swing(versions, inOrder(strings.Repeat("123", 100_000)).Sequence.Transitions), 1e-4)
	// Kept with probability c = 0.8, else drawn anew from thirds.
	assert.InDelta(t, 1.8/0.2, swing(versions, count(0.8*15e8+1e8, 1e8)), 1e-6)
}
