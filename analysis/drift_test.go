package analysis

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/stat/combin"

	"github.com/splitcheck/splitcheck/reports/words"
	"github.com/splitcheck/splitcheck/split"
)

func names(gates []Gate) []string {
	var list []string
	for _, each := range gates {
		list = append(list, each.Name)
	}
	return list
}

func gateOf(t *testing.T, tally *split.Tally, name string) Gate {
	t.Helper()
	gates := judgeGates(tally, 4e-4)
	for _, each := range gates {
		if each.Name == name {
			return each
		}
	}
	require.Fail(t, "no gate "+name)
	return Gate{}
}

// Twelve of one version, then eight of another: blocks of one request each, cut
// behind 1, 2, 4, 8, 16 and, from the end, 19, 18, 12, 4. The cut behind 12
// parts them, which one of C(20, 8) orders does; the p-value is that times nine
// cuts and two directions.
func TestDriftByHand(t *testing.T) {
	gate := gateOf(t, inOrder(strings.Repeat("1", 12)+strings.Repeat("2", 8)), "drift")
	assert.Equal(t, []int{1, 2, 4, 8, 12, 16, 18, 19}, func() []int {
		line, ok := newTimeline(inOrder(strings.Repeat("1", 12) + strings.Repeat("2", 8)))
		require.True(t, ok)
		return line.cuts()
	}())
	agrees(t, 2*8/float64(combin.Binomial(20, 8)), gate.PValue, 9)
	agrees(t, 20, gate.Statistic, 9) // φ² = 1
	assert.Equal(t, 1, gate.DF)
	assert.True(t, gate.Broken)
	assert.Contains(t, said(gate.Found), "1 got 100 % of the first 12 identified answers and 0 % of the rest")
	assert.Contains(t, said(gate.Repair), "settle")
}

func TestDriftFindsTheOldWeights(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, stale := range []int{130, 400, 1000, 2217, 4300} {
		tally := &split.Tally{}
		for i := range 4433 {
			version := "v1"
			if i >= stale && random.IntN(2) == 0 {
				version = "v2"
			}
			tally.Add(split.Answer{Number: uint64(i), Connection: uint64(i), Version: version})
		}
		tally.Close()
		j := Judge(planned(t, "v1=50,v2=50"), tally)
		assert.Equal(t, Inconclusive, j.Verdict, "%d", stale)
		assert.True(t, gateOf(t, tally, "drift").Broken, "%d", stale)
		assert.Contains(t, said(j.Reasons[0]), "the split changed while it was measured", "%d", stale)
		assert.Contains(t, said(j.Advice[0]), "settle")
	}
}

// A correct sample breaks drift with a probability of at most its alpha, and is
// called too even as often as that; here at 0.01 instead of a ten thousandth.
func TestDriftAndDispersionKeepTheirLevel(t *testing.T) {
	const repeats, alpha = 2000, 0.01
	random := rand.New(rand.NewPCG(11, 3))
	for _, shares := range []map[string]float64{
		{"v1": 0.5, "v2": 0.5}, {"v1": 0.9, "v2": 0.1}, {"v1": 0.99, "v2": 0.01}, {"v1": 0.8, "v2": 0.1, "v3": 0.1},
	} {
		drifts, even := 0, 0
		for range repeats {
			tally := drawn(random, 1000, 1, false, shares)
			if len(versionsSeen(tally)) < 2 {
				continue
			}
			if gate := driftGate(tally, alpha); gate.Broken {
				drifts++
			}
			if gate := dispersionGate(tally, alpha); gate.PValue <= alpha {
				even++
			}
		}
		// 20 are expected at most; 39 come with a probability of 1e-4.
		assert.Less(t, drifts, 39, "drift of %v", shares)
		assert.Less(t, even, 39, "dispersion of %v", shares)
	}
}

func TestDispersionSeesRoundRobins(t *testing.T) {
	for name, sequence := range map[string]string{
		"in turn":       strings.Repeat("12", 500),
		"nine to one":   strings.Repeat("1111111112", 100),
		"by the cycle":  strings.Repeat("1111122222", 400),
		"99 to one":     strings.Repeat(strings.Repeat("1", 99)+"2", 64),
		"three in turn": strings.Repeat("1112131", 100),
	} {
		gate := gateOf(t, inOrder(sequence), "dispersion")
		assert.LessOrEqual(t, gate.PValue, gate.Alpha, name)
		assert.False(t, gate.Broken, name)
	}
}

// Choices that stick to connections used in turn are regular too, for as long
// as the connections last. That is no round robin.
func TestStickyConnectionsAreNotTakenForTurns(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 4))
	for range 20 {
		tally := &split.Tally{}
		tally.Connections.Reuse = 10
		versions := map[uint64]string{}
		for i := range uint64(4433) {
			connection := i/100*10 + i%10
			if versions[connection] == "" {
				versions[connection] = []string{"v1", "v2"}[random.IntN(2)]
			}
			tally.Add(split.Answer{Number: i, Connection: connection, Version: versions[connection]})
		}
		tally.Close()
		j := Judge(planned(t, "v1=50,v2=50"), tally)
		assert.Equal(t, Inconclusive, j.Verdict)
		assert.Contains(t, said(j.Reasons[0]), "connections met one version only")
		assert.Contains(t, said(j.Advice[0]), "count connections instead: reuse 1")
		for _, each := range words.All(append(j.Warnings, j.Reasons...)) {
			assert.NotContains(t, each, "turn")
			assert.NotContains(t, each, "alternate")
		}
	}
}

func TestTurnsInStepWithConnectionsHaveTwoReadings(t *testing.T) {
	tally := &split.Tally{}
	tally.Connections.Reuse = 10
	alone := &split.Tally{}
	alone.Connections.Reuse = 1
	for i := range uint64(4433) {
		version := []string{"v1", "v2"}[i%2]
		tally.Add(split.Answer{Number: i, Connection: i/100*10 + i%10, Version: version})
		alone.Add(split.Answer{Number: i, Connection: i, Version: version})
	}
	tally.Close()
	alone.Close()
	p := planned(t, "v1=50,v2=50")
	j := Judge(p, tally)
	assert.Equal(t, Inconclusive, j.Verdict)
	assert.Contains(t, said(j.Reasons...), "two explanations")
	assert.Empty(t, j.Warnings)

	j = Judge(p, alone)
	assert.Equal(t, Verified, j.Verdict, "a strict alternation is reported, not failed")
	require.Len(t, j.Warnings, 1)
	assert.Contains(t, said(j.Warnings[0]), "alternate more evenly")
}

func TestBlocksThatAreNotThoseOfTheCountsAreNotTested(t *testing.T) {
	for _, blocks := range []split.Blocks{
		{},
		{Size: 4, Hits: map[string][]int64{"v1": {8}}},
		{Size: 4, Hits: map[string][]int64{"v1": {4, 4}}},
		{Size: 4, Hits: map[string][]int64{"v1": {4, 4}, "v2": {4, 5}}},
		{Size: 4, Hits: map[string][]int64{"v1": {9, -1}, "v2": {4, 4}}},
		{Size: 4, Hits: map[string][]int64{"v1": {4, 4}, "v2": {1 << 62, 1 << 62, 1 << 62}}},
	} {
		_, ok := newTimeline(&split.Tally{Versions: map[string]int64{"v1": 8, "v2": 8}, Blocks: blocks})
		assert.False(t, ok, "%v", blocks)
	}
}
