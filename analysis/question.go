package analysis

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/splitcheck/splitcheck/split"
)

// A Question is what a check wants to know.
type Question struct {
	Weights split.Weights
	// Margins are absolute shares by version, between 0 and 1. A version that
	// is missing has the smaller of 5 percentage points and its own weight.
	// The margin of a version of weight zero is not used: Leak is.
	Margins map[string]float64
	// Alpha bounds the probability of a wrong verdict of either kind; Power is
	// the least probability of a right one. Zero stands for the defaults,
	// 0.0005 and 0.999, or 1 - 2·Alpha where the alpha that was asked for
	// leaves no room for 0.999.
	Alpha, Power float64
	// Leak is the share of a version of weight zero that must be excluded;
	// zero stands for the default, 0.002.
	Leak float64
	// MaxErrors is the share of errors beyond which nothing was measured;
	// negative stands for the default, 0.01.
	MaxErrors float64
	// Method is ChiSquare, for a sample of a size that is fixed before, or
	// Sequentially, for one that ends when it is decided. Empty stands for
	// ChiSquare.
	Method string
	Seed   uint64 // for Monte Carlo
	// Context is what the diagnosis compares the sample with.
	Context Context
}

// The methods of a Question.
const (
	ChiSquare    = "chi-square"
	Sequentially = "sequential"
)

// The defaults of a Question.
const (
	DefaultAlpha     = 0.0005
	DefaultPower     = 0.999
	DefaultMargin    = 0.05
	DefaultLeak      = 0.002
	DefaultMaxErrors = 0.01
)

// gateBudget is the part of 1 - power that the gates share between them: what
// they may cost a correct split.
const gateBudget = 0.2

// filled returns q with every default filled in. The error names every
// mistake.
func (q Question) filled() (Question, error) {
	var mistakes []string
	mistake := func(format string, args ...any) {
		mistakes = append(mistakes, fmt.Sprintf(format, args...))
	}
	if err := q.Weights.Validate(); err != nil {
		mistake("%v", err)
	}
	between := func(name string, value, low, high float64) {
		if !(value > low && value < high) {
			mistake("%s is %g; it must lie between %g and %g", name, value, low, high)
		}
	}
	if q.Alpha == 0 {
		q.Alpha = DefaultAlpha
	}
	if q.Power == 0 {
		q.Power = min(DefaultPower, 1-2*q.Alpha)
	}
	if q.Leak == 0 {
		q.Leak = DefaultLeak
	}
	if q.MaxErrors < 0 {
		q.MaxErrors = DefaultMaxErrors
	}
	switch q.Method {
	case "":
		q.Method = ChiSquare
	case ChiSquare, Sequentially:
	default:
		mistake("the method %q is unknown; use %s or %s", q.Method, ChiSquare, Sequentially)
	}
	between("alpha", q.Alpha, 0, 0.5)
	between("power", q.Power, 0, 1)
	between("leak", q.Leak, 0, 1)
	if !(q.MaxErrors < 1) {
		mistake("maxErrors is %g; it must lie between 0 and 1", q.MaxErrors)
	}
	for _, each := range q.Weights {
		if share := q.Weights.Share(each.Version); each.Weight > 0 && share < 1e-12 {
			mistake("%s is to get a share of %.2g; nothing can tell a share below 1e-12 from none", each.Version, share)
		}
	}
	for _, version := range slices.Sorted(maps.Keys(q.Margins)) {
		// That of a version of weight zero is not used; a filled question has 0.
		if !q.Weights.Has(version) || q.Weights.Share(version) != 0 {
			between("the margin of "+version, q.Margins[version], 0, 1)
		}
		if !q.Weights.Has(version) {
			mistake("a margin is given for %s, which has no weight; the weights are %s", version, q.Weights)
		}
	}
	if len(mistakes) > 0 {
		return q, fmt.Errorf("%s", strings.Join(mistakes, "; "))
	}
	margins := make(map[string]float64, len(q.Weights))
	for _, each := range q.Weights {
		margin, given := q.Margins[each.Version]
		if !given {
			margin = min(DefaultMargin, q.Weights.Share(each.Version))
		}
		margins[each.Version] = margin
	}
	q.Margins = margins
	return q, nil
}

// room says why no sample, however large, can keep both promises, or nil:
// a correct split that is called violated is one that is not verified.
func (q Question) room() error {
	if left := (1 - q.Power) * (1 - gateBudget); q.Alpha >= left*(1-1e-9) {
		return fmt.Errorf("alpha %g leaves no room for a power of %g: a correct split that is called violated is not "+
			"verified, and the gates have a fifth of 1 - power; use an alpha of at most %.3g, or a power of at most %.6g",
			q.Alpha, q.Power, (1-q.Power)/2, 1-2*q.Alpha)
	}
	return nil
}

// An arm is a version of positive weight, as the tests see it.
type arm struct{ share, margin float64 }

// arms returns the versions of positive weight in the order of the weights.
// Their shares sum to 1.
func (q Question) arms() []arm {
	var arms []arm
	sum := q.Weights.Sum()
	for _, each := range q.Weights {
		if each.Weight > 0 {
			arms = append(arms, arm{each.Weight / sum, q.Margins[each.Version]})
		}
	}
	return arms
}

// excludes reports whether the question asks for a bound on a leak: it names
// a version that must get nothing, or one that must get everything.
func (q Question) excludes() bool {
	positive := 0
	for _, each := range q.Weights {
		if each.Weight > 0 {
			positive++
		}
	}
	return positive == 1 || positive < len(q.Weights)
}
