package analysis

import (
	"maps"
	"math"
	"slices"

	"github.com/splitcheck/splitcheck/split"
)

// Context is what is known of a check beside its question. It plays no part in
// the verdict; the diagnosis compares the sample with it. What is not known is
// left out.
type Context struct {
	// Previous are the weights that were in force before the last change.
	Previous split.Weights
	// Replicas is the number of pods of each version.
	Replicas map[string]int64
}

// The causes that a diagnosis knows.
const (
	RouteNotApplied  = "route-not-applied"
	PreviousWeights  = "previous-weights"
	PartlyPrevious   = "partly-previous"
	WeightsSwapped   = "weights-swapped"
	DeadVersion      = "dead-version"
	UnhealthyVersion = "unhealthy-version"
	ErrorsAnywhere   = "errors-anywhere"
	HiddenFailures   = "hidden-failures"
	StickyConnection = "sticky-connection"
	StickyClient     = "sticky-client"
	Alternation      = "alternation"
	ChangedMidway    = "changed-midway"
	Leak             = "leak"
	Bypass           = "bypass"
	RoundedWeights   = "rounded-weights"
	AnotherRatio     = "another-ratio"
	NothingFits      = "nothing-fits"
)

// A Cause is an explanation of what a sample shows, compared with others by how
// likely each makes it.
type Cause struct {
	// Name is one of the causes above; Version is the one it is about, if it
	// is about one.
	Name, Version string
	// Shares are what the cause predicts; nil where it is about the order of
	// the answers.
	Shares []Share
	// Details are what else was compared or fitted, by the names that its
	// words know: "part", "correlation".
	Details split.Values
	// LogFactor is the natural logarithm of how many times as likely the sample
	// is by this cause as by the weights; +Inf where by the weights it is
	// impossible.
	LogFactor float64
	// Parameters were fitted to the sample. Behind is how much less likely than
	// the best cause it is when that has been paid for: a natural logarithm, 0
	// for the best.
	Parameters int
	Behind     float64

	place int  // among those that are named together, the best is 0
	alone bool // it was compared with no other
}

// Share is what a version gets of the requests.
type Share struct {
	// The order is that of their names, as in every finding.
	Share   float64 `json:"share"`
	Version string  `json:"version"`
}

// Finding returns the cause as data: its name is the id.
func (c Cause) Finding() split.Finding {
	values := split.Values{}
	maps.Copy(values, c.Details)
	if c.Version != "" {
		values["version"] = c.Version
	}
	if len(c.Shares) > 0 {
		values["shares"] = c.Shares
	}
	if !c.alone {
		// A factor of more than a float64 holds is left out; its logarithm
		// never is, but where the sample is impossible otherwise.
		values["compared"], values["place"], values["behind"] = true, c.place, c.Behind
		values["log_factor"], values["factor"] = c.LogFactor, math.Exp(c.LogFactor)
		values["impossible"], values["parameters"] = math.IsInf(c.LogFactor, 1), c.Parameters
	}
	return split.Found(c.Name, values)
}

// Causes are named together unless the best is this many times as likely as the
// others, which is where Kass and Raftery (1995) let evidence be "strong". That
// it is simply another ratio is what remains when no reason is known. Unless
// errors speak for reasons of another kind, it is told until one is so many times
// as likely that no ratio close to what it predicts need be thought of. There are
// at most three.
const (
	sameFit    = 20
	anyRatio   = 100
	mostCauses = 3
)

// A hypothesis is a cause before it is ranked.
type hypothesis struct {
	Cause
	log     float64 // ln of the likelihood, at its greatest
	choices int     // how many of its like were tried
	// rejected marks one that does not fit by itself, however the others do;
	// within is how many times less likely than the best it may be.
	rejected bool
	within   float64
}

// score is the likelihood with its price: half of ln n for each parameter that
// was fitted (Schwarz 1978), and ln of the number of like hypotheses from which
// it was picked.
func (h *hypothesis) score(n float64) float64 {
	return h.log - float64(h.Parameters)/2*math.Log(max(n, 2)) - math.Log(float64(max(1, h.choices)))
}

// diagnose names what explains best what a sample shows. Correct samples are
// given a cause with a probability of at most alpha: half of it is for the
// counts and half for the gates, the dispersion among them.
func (s *sample) diagnose(j *Judgement) {
	if s.tally.Hits() == 0 || s.tally.Versions[split.MirroredAgain] > 0 {
		return // no weights explain a second copy
	}
	disorder, turns := s.disorder()
	switch {
	case disorder:
		j.Diagnosis = s.orderCauses(turns)
	case s.evident(j):
		j.Diagnosis = s.countCauses(j)
	case turns:
		// The sample is too even and otherwise in order.
		j.Diagnosis = []Cause{{Name: Alternation, alone: true}}
	}
}

// disorder reports whether a gate is broken, or the versions take turns, at the
// level of a diagnosis.
func (s *sample) disorder() (broken, turns bool) {
	level := s.q.Alpha / 2 / float64(max(1, len(s.gates)))
	for _, g := range s.gates {
		if g.PValue > min(level, g.Alpha) {
			continue
		}
		broken = broken || g.Broken
		turns = turns || g.Name == GateDispersion
	}
	return broken, turns
}

// evident reports whether the counts show that something is wrong.
func (s *sample) evident(j *Judgement) bool {
	if s.misplaced() {
		return true
	}
	if j.Verdict == NotMeasured {
		return s.failed > 0
	}
	if j.Verdict != Violated {
		return false
	}
	level := s.q.Alpha / 2
	p := s.least.p
	for i := range s.arms {
		if s.counts[i] == 0 {
			p = min(p, float64(len(s.arms))*s.silence(i))
		}
	}
	if j.Sequential != nil {
		p = min(p, j.Sequential.PValue)
	}
	return p <= level
}

// misplaced reports whether a version was hit that must get nothing.
func (s *sample) misplaced() bool {
	for version, n := range s.tally.Versions {
		if n > 0 && s.q.Weights.Share(version) == 0 {
			return true
		}
	}
	return false
}

// rank keeps the hypotheses that fit best, the best first. asked is the
// likelihood of the sample by the weights; n is its size.
func rank(all []hypothesis, asked, n float64) []Cause {
	fits := slices.DeleteFunc(all, func(h hypothesis) bool {
		return math.IsInf(h.log, -1) || math.IsNaN(h.log)
	})
	slices.SortStableFunc(fits, func(a, b hypothesis) int { return compare(b.score(n), a.score(n)) })
	var causes []Cause
	for _, h := range fits {
		behind := fits[0].score(n) - h.score(n)
		far := behind > math.Log(max(sameFit, h.within))
		told := slices.ContainsFunc(causes, func(c Cause) bool { return c.Name == h.Name && c.Version == h.Version })
		if far || told || h.rejected || len(causes) == mostCauses {
			continue
		}
		h.Behind = behind
		h.LogFactor = h.log - asked
		if math.IsInf(asked, -1) {
			h.LogFactor = math.Inf(1)
		}
		h.place = len(causes)
		causes = append(causes, h.Cause)
	}
	return causes
}

// logLikelihood is Σ x·ln p; what has no hits may have any share.
func logLikelihood(counts, shares []float64) float64 {
	var sum float64
	for i, x := range counts {
		if x > 0 {
			sum += x * math.Log(shares[i])
		}
	}
	return sum
}
