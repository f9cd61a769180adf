package analysis

import (
	"fmt"
	"math"

	"github.com/splitcheck/splitcheck/split"
)

// MostRequests is the largest sample that is planned: what would need more is
// refused, and the error names the number.
const MostRequests = 1e12

// A Plan is the sample that answers a question.
type Plan struct {
	Question Question // with every default filled in
	Method   string   // ChiSquare or Sequentially
	// Requests is the size of the sample; that of the sequential method may
	// end before, and not have more.
	Requests int64
	// Median is, for the sequential method, a number of requests by which
	// half of all correct splits are verified, and 0 for the other.
	Median int64
	// Needed is the least size from which on the promises hold. It is less
	// or more than Requests where someone else chose the size, and 0 where no
	// size up to MostRequests will do.
	Needed   int64
	Versions []PlannedVersion

	sizes []int64 // what Sizes returns; nil where somebody else chose the size
}

// PlannedVersion is one version of a plan, in the order of the weights.
type PlannedVersion struct {
	Version                       string
	Weight, ExpectedShare, Margin float64
}

// NewPlan plans the least sample from which on, for every larger one too,
//
//   - a correct split is verified with at least the power, every gate
//     included: the gates have a fifth of 1 - power between them, and a false
//     "violated" at alpha is a part of the rest;
//   - a split in which any one version is off by its margin, up or down, the
//     others sharing the rest in proportion, is violated with at least the
//     power;
//   - not a single hit among a version of weight zero bounds its leak.
//
// For the sequential method the same is promised of a sample that ends when it
// is decided, and after so many requests at the latest.
//
// The error names every mistake of the question.
func NewPlan(q Question) (*Plan, error) {
	p, err := newPlan(q)
	if err != nil {
		return nil, err
	}
	needed, err := p.Question.needed()
	if err != nil {
		return nil, err
	}
	p.size(needed)
	return p, nil
}

// size sets the size that is needed.
func (p *Plan) size(needed int64) {
	p.Requests, p.Needed = needed, needed
	p.sizes = p.Question.leaks().sizes(needed, p.Question.excludes())
}

// PlanFor is a plan for a sample whose size is given. Whether that size keeps
// the promises is in Needed; what it can show is in Judgement.Power.
func PlanFor(q Question, requests int64) (*Plan, error) {
	p, err := newPlan(q)
	if err != nil {
		return nil, err
	}
	if requests < 1 {
		return nil, fmt.Errorf("the number of requests is %d; it must be at least 1", requests)
	}
	p.Requests = requests
	if needed, err := p.Question.needed(); err == nil {
		p.Needed = needed
	}
	return p, nil
}

func newPlan(q Question) (*Plan, error) {
	q, err := q.filled()
	if err != nil {
		return nil, err
	}
	p := &Plan{Question: q, Method: q.Method}
	if q.Method == Sequentially {
		p.Median = q.median()
	}
	for _, each := range q.Weights {
		p.Versions = append(p.Versions, PlannedVersion{
			Version:       each.Version,
			Weight:        each.Weight,
			ExpectedShare: q.Weights.Share(each.Version),
			Margin:        q.margin(each),
		})
	}
	return p, nil
}

// margin is 0 for a version of weight zero: it may get nothing.
func (q Question) margin(w split.Weight) float64 {
	if w.Weight == 0 {
		return 0
	}
	return q.Margins[w.Version]
}

// budget is what is left of 1 - power for the tests when the gates have had
// their part.
func (q Question) budget() float64 { return (1 - q.Power) * (1 - gateBudget) }

// needed is the size of the sample that keeps the promises.
func (q Question) needed() (int64, error) {
	if err := q.room(); err != nil {
		return 0, err
	}
	sample := newDesign(q.arms(), q.Alpha).sample
	if q.Method == Sequentially {
		sample = newCourse(q.arms(), q.Alpha).cap
	}
	n, err := sample(q.budget())
	if err != nil {
		return 0, err
	}
	if q.excludes() {
		n = max(n, q.leaks().size(0))
	}
	if n > MostRequests {
		return 0, fmt.Errorf("a leak of %g can only be excluded by about %.2g requests, more than the %.0g that are "+
			"planned at most; use a greater leak", q.Leak, n, MostRequests)
	}
	return int64(n), nil
}

// median is the least number of requests after which a correct split is more
// likely verified than not.
func (q Question) median() int64 {
	c := newCourse(q.arms(), q.Alpha)
	if guess, _ := newDesign(c.arms, q.Alpha).guess(0.25); guess > MostRequests {
		return 0
	}
	n := c.median()
	if q.excludes() {
		n = max(n, q.leaks().size(0))
	}
	return int64(n)
}

// sample returns the least n from which on both risks keep to the budget.
func (d *design) sample(budget float64) (float64, error) {
	guess, err := d.practical(budget)
	if err != nil {
		return 0, err
	}
	if len(d.arms) == 1 {
		return math.Ceil(guess), nil
	}
	d.calibrate(guess)
	// A sample that passes with a slack of a whole count passes for every
	// larger one; from there the risks, which saw up and down, are followed
	// down to the first size that fails.
	passes := func(n, slack float64) bool { return d.at(n, slack).worst() <= budget }
	low, high := 1., math.Max(4, math.Ceil(guess))
	for !passes(high, 1) {
		low, high = high, math.Ceil(high*1.1)+1
	}
	if low == 1 {
		low = math.Floor(high / 2)
		for low > 1 && passes(low, 1) {
			low = math.Floor(low / 2)
		}
	}
	for high-low > math.Max(1, high*1e-4) {
		middle := math.Floor((low + high) / 2)
		if passes(middle, 1) {
			high = middle
		} else {
			low = middle
		}
	}
	for range d.patience() {
		if high <= 1 || !passes(high-1, 0) {
			break
		}
		high--
	}
	return math.Max(high, d.seen()), nil
}

// practical is guess, if that is a number of requests that can be planned.
func (d *design) practical(budget float64) (float64, error) {
	guess, widest := d.guess(budget)
	if guess > MostRequests {
		return 0, fmt.Errorf("to tell a share of %.3g from one that is off by %.3g takes about %.2g requests, more than "+
			"the %.0g that are planned at most; use greater margins, or leave out what is never to be seen",
			widest.share, widest.margin, guess, MostRequests)
	}
	return guess, nil
}

// guess is the sample by the textbook: Cohen's effect size and the noncentral
// chi-square distribution for a wrong split, the normal approximation of the
// two one-sided tests for a correct one. It names the version that asks for it.
func (d *design) guess(budget float64) (n float64, widest arm) {
	if len(d.arms) == 1 {
		only := d.arms[0]
		return math.Log(min(d.alpha*silentLevel, budget)) / math.Log1p(-only.margin), only
	}
	lambda := noncentrality(len(d.arms)-1, d.alpha, 1-budget)
	toTell := normalCritical(d.alpha) + normalCritical(budget)
	for _, each := range d.arms {
		effect := each.margin * each.margin / (each.share * (1 - each.share))
		if size := max(lambda, toTell*toTell) / effect; size > n {
			n, widest = size, each
		}
	}
	return n, widest
}

// seen is the sample in which a silent version of a correct split is too rare
// to add to alpha.
func (d *design) seen() float64 {
	var n float64
	for _, each := range d.arms {
		n = max(n, silentBelow(each.share, d.alpha/100/float64(len(d.arms))))
	}
	return n
}

// patience is how many sizes are tried one by one, so that a plan takes a
// fraction of a second. Where it runs out the sample is a few percent larger
// than it need be.
func (d *design) patience() int {
	if len(d.arms) == 2 {
		return 10_000
	}
	different := len(distinct(d.arms))
	// With many versions the slack of a whole count is much, and there are many
	// sizes to try.
	return 200_000 / (different * different) / max(1, len(d.arms)/50)
}

// Connections returns the number of connections below which a version without
// a hit may be the work of a balancer that chooses once for each connection:
// the largest ln(alpha)/ln(1 - share) over the versions of positive weight. It
// is 0 where there is one such version only.
func (p *Plan) Connections() int64 {
	var most float64
	for _, version := range p.Versions {
		if share := version.ExpectedShare; share > 0 && share < 1 {
			most = max(most, silentBelow(share, p.Question.Alpha))
		}
	}
	return int64(most)
}

// silentBelow is how many independent draws it takes for a version with the
// share to be missed by all of them with a probability of at most alpha.
func silentBelow(share, alpha float64) float64 {
	return math.Ceil(math.Log(alpha) / math.Log1p(-share))
}
