package analysis

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/split"
)

// everyTable sums by brute force over all tables.
func everyTable(n int, shares []float64, statistic float64) float64 {
	var sum float64
	counts := make([]float64, len(shares))
	var walk func(i, left int, log float64)
	walk = func(i, left int, log float64) {
		if i == len(shares)-1 {
			counts[i] = float64(left)
			factorial, _ := math.Lgamma(float64(left) + 1)
			if chiSquareStatistic(counts, shares) >= statistic*(1-1e-9) {
				sum += math.Exp(log + float64(left)*math.Log(shares[i]) - factorial)
			}
			return
		}
		for x := range left + 1 {
			counts[i] = float64(x)
			factorial, _ := math.Lgamma(float64(x) + 1)
			walk(i+1, left-x, log+float64(x)*math.Log(shares[i])-factorial)
		}
	}
	all, _ := math.Lgamma(float64(n) + 1)
	walk(0, n, all)
	return sum
}

func TestExactPValueIsTheSumOverAllTables(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 4))
	for range 150 {
		k := 2 + random.IntN(4)
		n := 1 + random.IntN([]int{0, 0, 300, 60, 25, 14}[k])
		shares := make([]float64, k)
		for i := range shares {
			shares[i] = float64(1 + random.IntN(9)) // ratios that tie
		}
		shares = normalised(shares...)
		counts := make([]float64, k)
		for range n {
			counts[random.IntN(k)]++
		}
		statistic := chiSquareStatistic(counts, shares)
		want := everyTable(n, shares, statistic)
		assert.InEpsilon(t, min(1, want), exactPValue(float64(n), shares, statistic), 1e-9, "%v %v", counts, shares)
	}
}

// Far tails keep their digits: one table, whose probability is known.
func TestFarTails(t *testing.T) {
	p := exactPValue(1000, []float64{0.5, 0.5}, 1000)
	assert.InEpsilon(t, 2*math.Pow(0.5, 1000), p, 1e-9, "all on one of two: 2^-999, about 1.9e-301")
	third := 1. / 3
	p = exactPValue(600, []float64{third, third, third}, 1200)
	assert.InEpsilon(t, 3*math.Pow(third, 600), p, 1e-9, "all on one of three: 3^-599, about 1e-286")
	p = exactPValue(300, []float64{0.1, 0.3, 0.6}, 2700)
	assert.InEpsilon(t, 1e-300, p, 1e-9, "all on the rarest of three")
	// erfc(26) = 5.6631924088561428e-296 (Wolfram).
	agrees(t, 5.6631924088561428e-296, chiSquareUpper(2*26*26, 1), 10)
	agrees(t, 5.6631924088561428e-296+2*26/math.Sqrt(math.Pi)*math.Exp(-676), chiSquareUpper(2*26*26, 3), 10)
}

// With rare versions and counts beyond all reason the statistic is enormous and
// the p-value less than any float: zero, at once, and not 1.
func TestTailsBeyondAnyFloat(t *testing.T) {
	shares := normalised(221380.68, 7572880867.1, 0.042936)
	assert.Zero(t, exactPValue(5.7e9, shares, 5.7e15))
	assert.Zero(t, exactPValue(1e6, []float64{1e-5, 2e-5, 0.99997}, 1e8))
	assert.Zero(t, exactPValue(1000, []float64{0.2, 0.3, 0.5}, 2500))
}

// Exact and asymptotic p-values agree where nothing is rare, and neither does
// the exact one jump where it stops being summed term by term.
func TestExactAndAsymptoticAgree(t *testing.T) {
	for _, n := range []float64{1e6, 1e9, 1e12} {
		for _, z := range []float64{0.5, 1, 2, 3, 4} {
			x := math.Floor(n/2 + z*math.Sqrt(n)/2)
			counts, shares := []float64{x, n - x}, []float64{0.5, 0.5}
			statistic := chiSquareStatistic(counts, shares)
			assert.InEpsilon(t, chiSquareUpper(statistic, 1), exactPValue(n, shares, statistic), 10*z/math.Sqrt(n)+1e-6)
		}
	}
	for _, z := range []float64{-6, -2, -0.3, 0, 0.3, 2, 6, 30} {
		n, p := 4e5/0.21, 0.3 // four times beyond the limit of direct sums
		x := math.Round(n*p + z*math.Sqrt(n*p*(1-p)))
		direct := logBinomial(x, n, p) + math.Log(geometricSum(func(j float64) float64 {
			return (n - x - j) / (x + j + 1) * p / (1 - p)
		}))
		if z < 0 {
			continue
		}
		assert.InDelta(t, direct, logSaddleTail(x, n, p), 1e-6)
	}
}

// sampleOf draws weights, counts and errors of any size and shape.
func sampleOf(random *rand.Rand) (Question, *split.Tally) {
	q := Question{MaxErrors: -1, Seed: random.Uint64()}
	tally := &split.Tally{Versions: map[string]int64{}}
	scale := math.Pow(10, random.Float64()*12)
	for i := range 1 + random.IntN(6) {
		version := fmt.Sprintf("v%d", i)
		weight := math.Floor(math.Pow(10, random.Float64()*3))
		if i > 0 && random.IntN(4) == 0 {
			weight = 0
		}
		q.Weights = append(q.Weights, split.Weight{Version: version, Weight: weight})
		if random.IntN(8) > 0 && (weight > 0 || random.IntN(4) == 0) {
			tally.Versions[version] = int64(weight * scale / 1000 * (0.9 + 0.2*random.Float64()))
		}
	}
	if random.IntN(3) == 0 {
		tally.Errors = map[string]int64{"timeout": int64(scale / 1000 * random.Float64())}
	}
	if random.IntN(3) == 0 {
		tally.Unidentified = map[string]int64{"no marker": int64(scale / 1000 * random.Float64())}
	}
	if random.IntN(6) == 0 {
		tally.Versions["stranger"] = int64(random.IntN(3))
	}
	return q, tally
}

func judged(t *testing.T, q Question, tally *split.Tally) *Judgement {
	t.Helper()
	p, err := PlanFor(q, max(1, tally.Requests()))
	require.NoError(t, err)
	return Judge(p, tally)
}

func TestJudgementsOfAnything(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 1))
	for range 60 {
		q, tally := sampleOf(random)
		j := judged(t, q, tally)
		wholeOf(t, j)
		assert.Equal(t, j, judged(t, q, tally), "a judgement is a function of its sample")

		// Scaling the weights changes nothing.
		scaled := q
		scaled.Weights = slices.Clone(q.Weights)
		for i := range scaled.Weights {
			scaled.Weights[i].Weight *= 4
		}
		assert.Equal(t, j.Verdict, judged(t, scaled, tally).Verdict)
		assert.Equal(t, j.ChiSquare, judged(t, scaled, tally).ChiSquare)

		// Nor does the order in which the versions are written.
		turned := q
		turned.Weights = slices.Clone(q.Weights)
		slices.Reverse(turned.Weights)
		other := judged(t, turned, tally)
		assert.Equal(t, j.Verdict, other.Verdict)
		assert.InDelta(t, j.ChiSquare.PValue, other.ChiSquare.PValue, 1e-9)
		if j.Exact != nil {
			assert.InDelta(t, j.Exact.PValue, other.Exact.PValue, 1e-9)
		}
		assert.InDelta(t, j.Equivalence.PValue, other.Equivalence.PValue, 1e-9)
	}
}

func TestAHundredVersionsAndATrillionRequests(t *testing.T) {
	q := Question{MaxErrors: -1}
	tally := &split.Tally{Versions: map[string]int64{}}
	for i := range 100 {
		version := fmt.Sprintf("v%d", i)
		q.Weights = append(q.Weights, split.Weight{Version: version, Weight: float64(1 + i)})
		tally.Versions[version] = 198_019_801 * int64(1+i)
	}
	j := judged(t, q, tally)
	wholeOf(t, j)
	assert.Equal(t, Verified, j.Verdict)
	tally.Versions["v99"] += 1e8
	assert.Equal(t, Violated, judged(t, q, tally).Verdict, "half a percent of one in fifty, of a trillion")
}

func TestMergedSamplesAreJudgedAsOne(t *testing.T) {
	p := planned(t, "v1=7,v2=3")
	random := rand.New(rand.NewPCG(11, 1))
	whole, merged := &split.Tally{}, &split.Tally{}
	for range 8 {
		part := drawn(random, 500, 10, false, sharesOf(p))
		merged.Merge(part)
		whole.Merge(part)
	}
	j := Judge(p, merged)
	assert.Equal(t, Verified, j.Verdict)
	var gates []string
	for _, each := range j.Gates {
		gates = append(gates, each.Name)
	}
	assert.Subset(t, gates, []string{"runs", "connections"}, "the seams between workers switch no gate off")
	whole.Sequence, whole.Connections = split.Sequence{}, split.Connections{}
	counts := Judge(p, whole)
	assert.Equal(t, counts.ChiSquare, j.ChiSquare)
	assert.Equal(t, counts.Exact, j.Exact)
	assert.Equal(t, counts.Verdict, j.Verdict)
}

// Judge agrees with the contract's rules written out for two counts.
func TestJudgeAgreesWithTheRulesForTwoVersions(t *testing.T) {
	random := rand.New(rand.NewPCG(12, 1))
	for _, weights := range []string{"v1=50,v2=50", "v1=90,v2=10", "v1=99,v2=1"} {
		p := planned(t, weights)
		arms := p.Question.arms()
		for range 200 {
			n := 1 + random.Int64N(2*p.Requests)
			x := int64(quantileDraw(random, float64(n), arms[0].share-0.02*random.Float64()))
			j := Judge(p, counted(map[string]int64{"v1": x, "v2": n - x}))
			assert.Equal(t, verdictOf(p.Question, float64(n), float64(x), []float64{arms[0].share, arms[1].share}), j.Verdict, "%d of %d", x, n)
		}
	}
}

// The least and the greatest statistic over all assignments of errors, against
// trying every one.
func TestAssignmentsByTryingAll(t *testing.T) {
	random := rand.New(rand.NewPCG(13, 1))
	for range 300 {
		shares := normalised(float64(1+random.IntN(20)), float64(1+random.IntN(20)), float64(1+random.IntN(5)))
		counts := []float64{float64(random.IntN(40)), float64(random.IntN(40)), float64(random.IntN(10))}
		extra := random.IntN(15)
		least, greatest := math.Inf(1), 0.
		for a := range extra + 1 {
			for b := range extra - a + 1 {
				each := []float64{counts[0] + float64(a), counts[1] + float64(b), counts[2] + float64(extra-a-b)}
				if total(each) == 0 {
					least = 0
					continue
				}
				statistic := chiSquareStatistic(each, shares)
				least, greatest = min(least, statistic), max(greatest, statistic)
			}
		}
		assert.InDelta(t, least, leastStatistic(counts, shares, float64(extra)), 1e-9)
		assert.InDelta(t, greatest, greatestStatistic(counts, shares, float64(extra)), 1e-9)
	}
}
