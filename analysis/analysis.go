// Package analysis plans a sample of requests and judges it: does traffic
// really split the way the weights say? It promises error rates and keeps
// them. It is a leaf: it knows no network and no Kubernetes, and can be used by
// itself.
//
// A Question holds the weights, and for each version a margin: how far off a
// share may be before it matters. NewPlan finds the least number of requests
// with which both answers come out right with the power that was asked for:
//
//   - a split that is as the weights say is Verified, and
//   - a split in which a version is off by its margin is Violated,
//
// while either is taken for the other with a probability of at most alpha.
// "Not rejected" alone verifies nothing: small samples are never rejected.
//
// Judge looks at a tally in this order.
//
// A hit on a version of weight zero, or on one that the weights do not name, is
// impossible under the weights, however few they are: Violated.
//
// The gates test whether every request was drawn anew, by the same shares:
// whether answers of a version follow each other too often (runs,
// transitions), and whether whole connections go to one version (connections).
// Where they were not, counts swing wider than any test of counts allows for:
// Inconclusive. Each gate is exact, given the counts, so it holds its level for
// rare versions too; together they cost a correct split a fifth of 1 - power.
//
// The main test is Pearson's chi-square test of the versions of positive weight.
// Its p-value is exact, over all tables ordered by the statistic, wherever that
// takes no more than about a second: for two versions always, for three up to
// millions of requests, for four up to some ten thousand. Beyond, it is drawn
// by Monte Carlo where the asymptotic p-value cannot be relied on, or lies near
// enough to alpha to matter. A p-value of at most alpha is Violated, and so is
// a version that never answered where chance would hardly have it so.
//
// More errors than the question allows measure nothing: NotMeasured.
//
// Two one-sided tests show for each version, by the exact binomial distribution,
// that its share lies within its margin. If all do, if the main test does not
// reject, if every version was seen and a leak to versions of weight zero is
// shown to be small enough, the split is Verified; else it is Inconclusive, and
// the judgement says how many requests would settle it.
//
// Errors and unidentified answers may have been any version that the weights name,
// one of weight zero included. Every verdict holds however they are assigned; a
// sample goes on until a few are accounted for (Plan.Sizes).
//
// What else is known of a sample can take a verdict back, or tell of which versions
// its errors were: Reconsider holds it against what the proxies say that they sent.
//
// A sample that grows until it passes passes in the end, whatever the split. One
// that may end when it is decided has a method of its own: see Sequential.
package analysis

import "github.com/splitcheck/splitcheck/split"

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
	// Withdrawn says why Reconsider took a verdict back, and is empty where it
	// stands.
	Withdrawn string
	// Reasons say why the verdict is what it is, the weightiest first; Advice
	// says what would settle it or what to look at next. They are data;
	// reports/words has a sentence for each.
	Reasons, Advice, Warnings []split.Finding

	Method                         string // "exact", "monte-carlo" or "asymptotic" chi-square, or "sequential"
	Requests, Errors, Unidentified int64
	Versions                       []VersionResult
	// ChiSquare and GTest compare the hits as they were identified; Exact is
	// the exact p-value of ChiSquare.
	// CressieRead is between the two.
	ChiSquare, GTest, CressieRead Test
	Exact                         *ExactTest
	// Sequential is there for the sequential method alone. The tests above are
	// then for information: their p-values hold for a size fixed before.
	Sequential  *SequentialResult
	Equivalence Equivalence
	Effect      Effect
	Power       Power
	Gates       []Gate
	// Diagnosis names the causes that explain best what was seen, the best
	// first, at most three that fit equally well. It is empty where nothing was
	// shown to be wrong.
	Diagnosis []Cause
}

// VersionResult is one row, expected versions first in the order of the
// weights, then unknown ones by name.
type VersionResult struct {
	Version                       string
	Weight, ExpectedShare, Margin float64
	Count                         int64
	Share                         float64
	// Low and High are a 95 % simultaneous interval (Goodman 1965), ExactLow
	// and ExactHigh one that holds for the smallest counts too (Clopper and
	// Pearson 1934, at 5 % over the number of versions).
	Low, High, ExactLow, ExactHigh float64
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

// Equivalence is the exact per-version two one-sided tests, or, for the
// sequential method, the evidence against shares that are off by their margins.
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
	Name      string // GateRuns or another of its like
	Statistic float64
	DF        int
	PValue    float64
	Alpha     float64
	Broken    bool
	// Found is what breaks the assumption, Repair which setting would restore
	// it; both are there if it is broken.
	Found, Repair split.Finding
}
