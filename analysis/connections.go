package analysis

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/mathext"

	"github.com/splitcheck/splitcheck/split"
)

// connectionsTell reports whether the spread of hits over comparable connections
// can show anything: some of them must have carried two, there must be two, and
// two versions.
func connectionsTell(t *split.Tally) bool {
	c := t.Connections
	var count, hits int64
	for size, times := range c.Sizes {
		if size < 1 || times < 0 {
			return false
		}
		count += times
		hits += int64(size) * times
	}
	var identified int64
	met := 0
	for version, bySize := range c.Hits {
		var mine int64
		for size, byHits := range bySize {
			for x, times := range byHits {
				if x < 1 || x > size || times < 0 || times > c.Sizes[size] {
					return false
				}
				mine += int64(x) * times
			}
		}
		if mine > t.Versions[version] {
			return false
		}
		if identified += mine; mine > 0 {
			met++
		}
	}
	return count >= 2 && hits > count && hits == identified && met > 1
}

// What a permutation test may cost: moved hits in all, and the hits of a
// sample that are held in memory.
const (
	mostMoved     = 3e8
	mostPermuted  = 4e6
	drawsPerAlpha = 2.5
	enoughBeyond  = 25
)

// gateSeed is that of all tables that are drawn for gates.
const gateSeed = 1

// Where every version meets itself on a connection so many times that the
// statistic is a sum of many parts, the gamma distribution is trusted to tell
// what lies a million times below alpha. Of rare versions it is not: five
// chance meetings can be a billion times likelier than it says.
const (
	manyMeetings = 50
	beyondDoubt  = 1e-6
)

// dense reports whether every version is expected to meet itself so often.
func (c *connectionTable) dense() bool {
	var pairs float64
	for place, size := range c.sizes {
		pairs += float64(c.times[place]) * float64(size) * float64(size-1) / 2
	}
	rarest := c.versions[0].count / c.n
	return pairs*rarest*rarest > manyMeetings
}

// connectionsGate asks whether connections differ more than chance would have
// them: a proxy, or a Service without one, that chooses a version once per
// connection gives whole connections to one version, and counts of requests
// then swing as if there were only as many draws as connections.
//
// Only connections that ended by themselves are compared. Those that are still open
// at the end are the ones that a slow answer holds: they have carried less, and
// more of it of a slow version.
//
// The statistic is the chi-square of the table of connections by versions. Its
// p-value is that of the permutation distribution, given how many hits each
// connection and each version has: by Monte Carlo, where drawing stops as soon
// as enough tables lie beyond the observed one (Besag and Clifford 1991), or,
// in samples too large to permute, by a gamma distribution with the mean and
// the variance of the permutation distribution.
func connectionsGate(t *split.Tally, alpha float64) Gate {
	table := newConnectionTable(t)
	statistic := table.statistic()
	result := Gate{
		Statistic: statistic,
		DF:        int(min(float64(math.MaxInt32), (table.rows()-1)*float64(len(table.versions)-1))),
		PValue:    table.pValue(statistic, alpha),
		Alpha:     alpha,
	}
	switch {
	case result.PValue > alpha:
	case pure(t.Connections):
		result.brokenBy("gate-connections-pure", "repair-connections-pure", split.Values{"connections": t.Connections.Count})
	default:
		result.brokenBy("gate-connections", "repair-connections", nil)
	}
	return result
}

// pValue is that of the permutation distribution, as far as a decision at alpha
// needs it.
func (c *connectionTable) pValue(statistic, alpha float64) float64 {
	draws := math.Ceil(drawsPerAlpha / alpha)
	p := c.approximate(statistic)
	settled := c.dense() && p < alpha*beyondDoubt // no number of drawn tables would say anything else
	if !settled && c.n <= mostPermuted && draws*c.moved() <= mostMoved {
		return c.permute(statistic, int(draws), gateSeed)
	}
	return p
}

// rows is the number of connections.
func (c *connectionTable) rows() float64 {
	var rows float64
	for _, times := range c.times {
		rows += float64(times)
	}
	return rows
}

// pure reports whether no connection met more than one version.
func pure(c split.Connections) bool {
	for _, bySize := range c.Hits {
		for size, byHits := range bySize {
			for x, times := range byHits {
				if x != size && times > 0 {
					return false
				}
			}
		}
	}
	return true
}

// A connectionTable is how the hits of a sample fell to connections.
type connectionTable struct {
	n        float64
	sizes    []int // ascending, each once
	times    []int64
	versions []connectionVersion // the commonest last
}

type connectionVersion struct {
	count float64
	hits  map[int]map[int]int64
}

func newConnectionTable(t *split.Tally) *connectionTable {
	table := &connectionTable{sizes: slices.Sorted(maps.Keys(t.Connections.Sizes))}
	for _, size := range table.sizes {
		times := t.Connections.Sizes[size]
		table.times = append(table.times, times)
		table.n += float64(size) * float64(times)
	}
	for _, name := range slices.Sorted(maps.Keys(t.Connections.Hits)) {
		version := connectionVersion{hits: t.Connections.Hits[name]}
		for _, byHits := range version.hits {
			for x, times := range byHits {
				version.count += float64(x) * float64(times)
			}
		}
		if version.count > 0 {
			table.versions = append(table.versions, version)
		}
	}
	slices.SortStableFunc(table.versions, func(a, b connectionVersion) int { return compare(a.count, b.count) })
	return table
}

// statistic is Σ(x-e)²/e over connections and versions. As Σ(x-e) is 0 for each
// version, that is n·Σx²/(size·count) - n; the sum is taken of the differences,
// connection by connection, where nothing cancels.
func (c *connectionTable) statistic() float64 {
	var terms []float64
	for _, version := range c.versions {
		share := version.count / c.n
		for place, size := range c.sizes {
			expected := float64(size) * share
			empty := float64(c.times[place])
			for x, times := range version.hits[size] {
				difference := float64(x) - expected
				terms = append(terms, float64(times)*difference*difference/expected)
				empty -= float64(times)
			}
			terms = append(terms, max(0, empty)*expected)
		}
	}
	slices.Sort(terms)
	return total(terms)
}

// moved is the number of hits that a permutation moves: all but those of the
// commonest version, which takes what is left.
func (c *connectionTable) moved() float64 {
	return c.n - c.versions[len(c.versions)-1].count
}

// permute deals the hits out anew and returns the p-value of the statistic. It
// stops once enough tables lie beyond.
func (c *connectionTable) permute(statistic float64, draws int, seed uint64) float64 {
	random := rand.New(rand.NewPCG(seed, 0xc0))
	slots := make([]int32, 0, int(c.n)) // the connection of each hit
	var size []float64
	for place, n := range c.sizes {
		for range c.times[place] {
			for range n {
				slots = append(slots, int32(len(size)))
			}
			size = append(size, float64(n))
		}
	}
	x := make([]float64, len(size))    // hits of the version being dealt
	rest := make([]float64, len(size)) // those of all versions dealt so far
	var touched []int32
	threshold := statistic*(1-1e-10) - 1e-9
	beyond := 0
	for drawn := 1; drawn <= draws; drawn++ {
		// n·Σx²/(size·count) - n, over all versions.
		sum := -c.n
		next := 0
		for _, version := range c.versions[:len(c.versions)-1] {
			touched = touched[:0]
			for range int(version.count) {
				other := next + int(random.Uint64N(uint64(len(slots)-next)))
				slots[next], slots[other] = slots[other], slots[next]
				connection := slots[next]
				x[connection]++
				touched = append(touched, connection)
				next++
			}
			var squares float64
			for _, connection := range touched {
				if x[connection] > 0 {
					squares += x[connection] * x[connection] / size[connection]
					rest[connection] += x[connection]
					x[connection] = 0
				}
			}
			sum += c.n * squares / version.count
		}
		last := c.versions[len(c.versions)-1]
		squares := c.n // Σ(size-rest)²/size = Σsize - 2Σrest + Σrest²/size
		for _, connection := range slots[:next] {
			if r := rest[connection]; r > 0 {
				squares += r*r/size[connection] - 2*r
				rest[connection] = 0
			}
		}
		sum += c.n * squares / last.count
		if sum >= threshold {
			if beyond++; beyond == enoughBeyond {
				return float64(beyond) / float64(drawn)
			}
		}
	}
	return float64(1+beyond) / float64(1+draws)
}

// approximate is the p-value by a gamma distribution with the mean and the
// variance that the statistic has over all permutations (Haldane 1940, Dawson
// 1954).
func (c *connectionTable) approximate(statistic float64) float64 {
	mean, variance := c.moments()
	if !(variance > 0) || !(mean > 0) {
		return 1
	}
	return mathext.GammaIncRegComp(mean*mean/variance, statistic*mean/variance)
}

// moments are the mean and the variance of the statistic over all permutations.
func (c *connectionTable) moments() (mean, variance float64) {
	var inverseRows, inverseColumns float64
	rows := c.rows()
	for place, size := range c.sizes {
		inverseRows += float64(c.times[place]) / float64(size)
	}
	for _, version := range c.versions {
		inverseColumns += 1 / version.count
	}
	n, columns := c.n, float64(len(c.versions))
	mean = n / (n - 1) * (rows - 1) * (columns - 1)
	v := func(k float64) float64 { return (k - 1) * ((n - k) / (n - 1)) }
	w := func(k, inverses float64) float64 { return (inverses - k/n*k) * (n / (n - 2)) }
	v1, v2, w1, w2 := v(rows), v(columns), w(rows, inverseRows), w(columns, inverseColumns)
	variance = 2*n/(n-3)*(v1-w1)*(v2-w2) + n/(n-1)*n*w1*w2
	return mean, variance
}
