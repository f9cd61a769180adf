package analysis

import (
	"math"

	"github.com/splitcheck/splitcheck/split"
)

// An orderly is one version against the rest, in the order of time and by
// connections: what the causes of a broken gate predict.
type orderly struct {
	name            string
	n, x            float64 // hits, and those on the version
	asked, previous float64
	knowsPrevious   bool
	line            timeline // empty where the order is not known
	hits            []float64
	cells           []cell  // of connections that are alike
	restN, restX    float64 // hits on other connections
	connections     float64
	follows         [2][2]float64 // transitions: [from][to], 1 is the version
	all             []hypothesis
}

// A cell is how many connections carried n hits of which x were the version's.
type cell struct{ n, x, times float64 }

// adequate is the p-value below which a cause does not fit by itself.
const adequate = 1e-3

// orderCauses compares what the order of the answers and their connections show
// with what each cause predicts of the one version that shows most.
func (s *sample) orderCauses(turns bool) []Cause {
	var best []hypothesis
	var most, n float64
	for _, version := range versionsSeen(s.tally) {
		o := s.orderly(version)
		o.tryAll(turns)
		independent := hypothesis{log: o.likelihood(o.x/o.n, o.n, o.x), Cause: Cause{Parameters: 1}}
		for i := range o.all {
			if gain := o.all[i].score(o.n) - independent.score(o.n); gain > most {
				most, best, n = gain, o.all, o.n
			}
		}
		if most > 0 && len(best) > 0 && len(versionsSeen(s.tally)) == 2 {
			break // the other says the same
		}
	}
	if most > math.Log(sameFit) {
		w := s.q.Weights
		asked := s.orderly(best[0].Version)
		causes := rank(best, asked.likelihood(w.Share(asked.name), asked.n, asked.x), n)
		if len(causes) > 0 {
			return causes
		}
	}
	return []Cause{{Name: NothingFits, alone: true}}
}

func (s *sample) orderly(version string) *orderly {
	t := s.tally
	o := &orderly{name: version, n: float64(t.Hits()), x: float64(t.Versions[version]), asked: s.q.Weights.Share(version)}
	if w := s.q.Context.Previous; len(w) > 0 && w.Validate() == nil {
		o.previous, o.knowsPrevious = w.Share(version), true
	}
	if line, ok := newTimeline(t); ok {
		o.line = line
		for i, name := range line.versions {
			if name == version {
				o.hits = line.hits[i]
			}
		}
	}
	if connectionsTell(t) {
		compared, mine := 0., 0.
		for _, size := range newConnectionTable(t).sizes {
			empty := float64(t.Connections.Sizes[size])
			for x, times := range t.Connections.Hits[version][size] {
				o.cells = append(o.cells, cell{float64(size), float64(x), float64(times)})
				empty -= float64(times)
				mine += float64(x) * float64(times)
			}
			o.cells = append(o.cells, cell{float64(size), 0, max(0, empty)})
			compared += float64(size) * float64(t.Connections.Sizes[size])
		}
		o.restN, o.restX = o.n-compared, o.x-mine
		o.connections = float64(t.Connections.Count)
	}
	if t.Sequence.Segments > 0 && consistent(t) {
		for from, row := range t.Sequence.Transitions {
			for to, times := range row {
				o.follows[is(from, version)][is(to, version)] += float64(times)
			}
		}
	}
	return o
}

func is(name, version string) int {
	if name == version {
		return 1
	}
	return 0
}

// likelihood is ln of that of x among n draws at a share.
func (o *orderly) likelihood(share, n, x float64) float64 {
	return logLikelihood([]float64{x, n - x}, []float64{share, 1 - share})
}

func (o *orderly) add(cause Cause, log float64, parameters, choices int, fits bool) {
	cause.Version, cause.Parameters = o.name, parameters
	o.all = append(o.all, hypothesis{Cause: cause, log: log, choices: choices, rejected: !fits})
}

func (o *orderly) tryAll(turns bool) {
	if len(o.hits) > 2 {
		o.tryChange()
		if turns {
			o.tryTurns()
		}
	}
	if len(o.cells) > 0 {
		o.trySticky()
		o.tryStuck()
	}
	o.tryFollowing()
}

// tryChange: one share before a moment and another behind it. The block of
// the moment itself is a mixture and has a share of its own.
func (o *orderly) tryChange() {
	blocks := len(o.hits)
	type side struct {
		share      float64
		parameters int
	}
	sides := func(known float64, isKnown bool, n, x float64) []side {
		fitted := []side{{x / max(n, 1), 1}}
		if isKnown {
			fitted = append(fitted, side{known, 0})
		}
		return fitted
	}
	best := hypothesis{log: math.Inf(-1)}
	fits := false
	var n1, x1 float64
	for cut := range blocks - 1 {
		n, x := o.line.all[cut], o.hits[cut]
		n2, x2 := o.n-n1-n, o.x-x1-x
		for _, a := range sides(o.previous, o.knowsPrevious, n1, x1) {
			for _, b := range sides(o.asked, true, n2, x2) {
				parameters := 1 + b.parameters
				log := o.likelihood(b.share, n2, x2) + o.likelihood(x/max(n, 1), n, x)
				if cut > 0 {
					log += o.likelihood(a.share, n1, x1)
					parameters += a.parameters
				}
				h := hypothesis{log: log, choices: blocks - 1, Cause: Cause{Parameters: parameters}}
				if h.score(o.n) <= best.score(o.n) {
					continue
				}
				best = h
				fits = o.even(0, cut, a.share, 1) && o.even(cut+1, blocks, b.share, 1)
				best.Details = split.Values{
					"answers": n1 + n, "before": a.share, "after": b.share, "unknown_before": cut == 0,
					"by_previous": cut > 0 && a.parameters == 0, "by_asked": b.parameters == 0,
				}
			}
		}
		n1, x1 = n1+n, x1+x
	}
	o.add(Cause{Name: ChangedMidway, Details: best.Details}, best.log, best.Parameters, best.choices, fits)
}

// even reports whether blocks [from, to) scatter about the share no more than
// chance, or that many times chance, has them.
func (o *orderly) even(from, to int, share, inflation float64) bool {
	var statistic float64
	df := 0
	for i := from; i < to; i++ {
		if n := o.line.all[i]; n > 0 && share > 0 && share < 1 {
			difference := o.hits[i] - n*share
			statistic += difference * difference / (n * share * (1 - share))
			df++
		}
	}
	return df == 0 || chiSquareUpper(statistic/max(1, inflation), df) >= adequate
}

// whole is even for a sample with one share throughout.
func (o *orderly) whole(inflation float64) bool {
	return o.even(0, len(o.hits), o.x/o.n, inflation)
}

// tryTurns: a round robin leaves every block of time its share, to within one
// hit at either end. A count may be one of three then.
func (o *orderly) tryTurns() {
	for i, n := range o.line.all {
		if math.Abs(o.hits[i]-n*o.x/o.n) > 2 {
			return
		}
	}
	log := -math.Log(3) * float64(len(o.hits))
	o.add(Cause{Name: Alternation, Details: split.Values{"even": true}}, log, 1, 1, true)
	if len(o.cells) > 0 && o.pure() {
		details := split.Values{"connections": o.connections, "dealt": true}
		o.add(Cause{Name: StickyConnection, Details: details}, log, 1, 1, true)
	}
}

func (o *orderly) pure() bool {
	for _, c := range o.cells {
		if c.times > 0 && c.x > 0 && c.x < c.n {
			return false
		}
	}
	return true
}

// tryFollowing: which version answers depends on the one before (a Markov
// chain of one step).
func (o *orderly) tryFollowing() {
	var log, kept float64
	for from, row := range o.follows {
		out := row[0] + row[1]
		if out == 0 {
			return
		}
		log += logLikelihood(row[:], []float64{row[0] / out, row[1] / out})
		if from == 1 {
			kept += row[1] / out
		} else {
			kept -= row[1] / out
		}
	}
	first := o.n - o.follows[0][0] - o.follows[0][1] - o.follows[1][0] - o.follows[1][1]
	share := o.x / o.n
	log += first * (o.likelihood(share, 1, share))
	if kept <= 0 {
		return // turns, not stickiness
	}
	o.add(Cause{
		Name: StickyClient, Details: split.Values{"kept": kept},
	}, log, 2, 1, o.whole((1+kept)/max(1e-9, 1-kept)))
}
