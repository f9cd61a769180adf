// Package analysis plans a sample and judges it: whether an observed split
// matches its weights, at error rates that are promised. It is a leaf: it knows
// no network and no Kubernetes, and can be used by itself.
package analysis

// A Verdict is what a sample shows.
type Verdict string

// The verdicts.
const (
	Verified     Verdict = "verified"
	Violated     Verdict = "violated"
	Inconclusive Verdict = "inconclusive"
	NotConverged Verdict = "not-converged"
	NotMeasured  Verdict = "error"
)

// Judgement is everything that a sample shows.
type Judgement struct {
	Verdict Verdict
	// Reasons say in words why the verdict is what it is, the weightiest
	// first; Advice says what would settle it or what to look at next.
	Reasons, Advice, Warnings []string

	Method                         string // "exact", "monte-carlo" or "asymptotic" chi-square
	Requests, Errors, Unidentified int64
	Versions                       []VersionResult
	// ChiSquare and GTest compare the hits as they were identified; Exact is
	// the exact p-value of ChiSquare.
	ChiSquare, GTest Test
	Exact            *ExactTest
	Equivalence      Equivalence
	Effect           Effect
	Power            Power
	Gates            []Gate
}

// VersionResult is one row, expected versions first in the order of the
// weights, then unknown ones by name.
type VersionResult struct {
	Version                       string
	Weight, ExpectedShare, Margin float64
	Count                         int64
	Share                         float64
	// Low and High are a 95 % simultaneous interval (Goodman 1965).
	Low, High float64
	// Residual is the standardised Pearson residual.
	Residual float64
	// Expected is false for a version that the weights do not name.
	Expected bool
	// LeakBound is the upper bound, at Alpha, of the share of a version of
	// weight zero that had no hit.
	LeakBound float64
}

// Test is a chi-square test. Valid says whether its asymptotic p-value can be
// relied on.
type Test struct {
	Statistic float64
	DF        int
	PValue    float64
	Valid     bool
}

// ExactTest is the exact p-value, or its Monte Carlo estimate.
type ExactTest struct {
	PValue float64
	Method string // "enumeration" or "monte-carlo"
	// Low and High are a 99 % interval of the p-value; both are the p-value
	// itself where all tables were summed. Draws is the number of tables drawn.
	Low, High float64
	Draws     int
}

// Equivalence is the exact per-version two one-sided tests.
type Equivalence struct {
	PValue float64
	// MinMargin is the smallest common margin at which the split would verify.
	MinMargin float64
}

// Effect measures how far off the split is.
type Effect struct {
	W              float64 // Cohen's w
	MisroutedShare float64 // total variation distance
}

// Power is what the sample could show.
type Power struct {
	Achieved, Margin float64
}

// Gate is one test of an assumption.
type Gate struct {
	Name      string // "runs", "transitions", "connections", …
	Statistic float64
	DF        int
	PValue    float64
	Alpha     float64
	Broken    bool
	// Repair says which setting would mend the assumption.
	Repair string
}
