package analysis

import (
	"math"
	"slices"
)

// Where all weights are equal, the chi-square statistic depends on the sum of the
// squared counts alone, a whole number. So its distribution is a recursion over
// the versions, in which tables of equal sums are one: a table of (sum, sum of
// squares) in place of all tables of counts. Counts are taken as their differences
// d from a whole number near their mean, and as independent Poisson variables of
// which the sum is known, which is what a multinomial distribution is.
//
// The versions are taken in two halves, of at most this many products and cells.
const (
	equalSteps = 1.2e9
	equalCells = 6e6
)

// equalShares reports whether the recursion applies.
func equalShares(shares []float64) bool {
	return slices.Max(shares)-slices.Min(shares) < 1e-12
}

// An equalTable is the recursion for n observations of k versions and sums of
// squares below limit.
type equalTable struct {
	n, k  int
	near  int // the whole number that counts are compared with
	rest  int // the sum of the differences
	limit int // sums of squares from which on nothing is told apart
	half  int // greatest sum of the differences of half the versions, even
}

func newEqualTable(n float64, k int, statistic float64) equalTable {
	e := equalTable{n: int(n), k: k, near: int(math.Round(n / float64(k)))}
	e.rest = e.n - k*e.near
	if limit := e.threshold(statistic); limit < equalCells {
		e.limit = int(limit)
		e.half = int(math.Sqrt(float64((k+1)/2)*limit)) + 2
		e.half += e.half % 2
	}
	return e
}

// threshold is the least sum of squared differences with which the statistic is
// as great: Σd² = X²·n/k + rest²/k.
func (e equalTable) threshold(statistic float64) float64 {
	k, rest := float64(e.k), float64(e.rest)
	squares := statistic * float64(e.n) / k
	return math.Ceil(squares + rest*rest/k - 1e-9 - 1e-10*squares)
}

// affordable reports whether the recursion takes no more than about a second.
func (e equalTable) affordable() bool {
	if e.limit < 1 {
		return false
	}
	cells := float64(e.limit) * float64(e.half+1)
	return cells <= equalCells && cells*math.Sqrt(float64(e.limit))*float64((e.k+1)/2-1) <= equalSteps
}

// pValues are the probabilities of statistics as great as each of these. They keep
// about 1e-13 of absolute precision.
func (e equalTable) pValues(statistics []float64) []float64 {
	small, large := e.sums()
	// Sums of squares up to each one: those of one sum of differences are all even
	// or all odd.
	width := e.half + 1
	for s := 2; s < e.limit; s++ {
		row, before := large[s*width:(s+1)*width], large[(s-2)*width:(s-1)*width]
		for i := range row {
			row[i] += before[i]
		}
	}
	known := math.Exp(logPoisson(float64(e.n), float64(e.n)))
	var values []float64
	for _, statistic := range statistics {
		threshold := min(e.limit, int(e.threshold(statistic)))
		var below float64
		for s := range threshold {
			for i, p := range small[s*width : (s+1)*width] {
				if p == 0 {
					continue
				}
				other := e.rest - (2*i - e.half + s&1) // the difference of the other half
				most := threshold - 1 - s
				if (most^other)&1 != 0 {
					most--
				}
				if most < 0 {
					continue
				}
				if at := other + e.half - most&1; at >= 0 && at/2 < width {
					below += p * large[most*width+at/2]
				}
			}
		}
		values = append(values, min(1, max(0, 1-below/known)))
	}
	return values
}

// sums are the probabilities of each sum of squares s below the limit and sum of
// differences m, of half the versions and of the others. That of (s, m) is at
// s·(half+1) + (m+half)/2, rounded down: m is even where s is.
func (e equalTable) sums() (small, large []float64) {
	mean := float64(e.n) / float64(e.k)
	reach := int(math.Sqrt(float64(e.limit)))
	width := e.half + 1
	current := make([]float64, e.limit*width)
	current[e.half/2] = 1
	for version := 1; version <= (e.k+1)/2; version++ {
		next := make([]float64, len(current))
		for d := max(-reach, -e.near); d <= reach; d++ {
			p := math.Exp(logPoisson(float64(e.near+d), mean))
			if p < 1e-25 {
				continue
			}
			for s := 0; s+d*d < e.limit; s++ {
				// The differences of so many versions whose squares sum to s.
				most := min(e.half, int(math.Sqrt(float64((version-1)*s)))+2)
				to := s + d*d
				shift := (d + s&1 - to&1) / 2
				from, until := max((e.half-most)/2, -shift, 0), min((e.half+most)/2+1, width-shift, width)
				if from >= until {
					continue
				}
				source, target := current[s*width+from:s*width+until], next[to*width+from+shift:to*width+until+shift]
				for i, x := range source {
					target[i] += p * x
				}
			}
		}
		if current = next; version == e.k/2 {
			small = current
		}
	}
	if e.k%2 == 0 {
		large = slices.Clone(current)
	} else {
		large = current
	}
	return small, large
}
