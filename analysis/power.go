package analysis

import (
	"math"
	"slices"
)

// A design knows, for a sample of any size, how likely the wrong outcomes are
// that a plan promises to be rare.
type design struct {
	arms  []arm
	alpha float64
	// critical is the value of the chi-square statistic from which on the
	// main test rejects, for three versions and more.
	critical float64
	// watched are the arms whose risks are looked at; nil stands for all.
	watched []arm
	// kinds are the watched arms that differ, and how many there are of each; they
	// are found once, for a plan asks for the risks of many sizes.
	kinds map[arm]float64
	order []arm
}

func newDesign(arms []arm, alpha float64) *design {
	return &design{arms: arms, alpha: alpha, critical: chiSquareCritical(alpha, len(arms)-1)}
}

// risks are the probabilities of the two wrong outcomes, the gates left out:
// a correct split that is not verified, and a split in which one version is
// off by its margin, in the direction and for the version where this is
// worst, that is not called violated.
type risks struct{ notVerified, notViolated float64 }

func (r risks) worst() float64 { return max(r.notVerified, r.notViolated) }

// A positive slack shrinks what is accepted and what is rejected by that many
// counts. With a slack of 1 the risks no longer saw up and down as n grows,
// and bound those of every larger sample.
func (d *design) at(n, slack float64) risks {
	switch len(d.arms) {
	case 1:
		return d.atOne(n)
	case 2:
		return d.atTwo(n, slack)
	}
	return d.atMany(n, slack)
}

// atOne: with a single version the chi-square test has nothing to compare;
// what is not the version is a version that the weights do not name.
func (d *design) atOne(n float64) risks {
	margin := d.arms[0].margin
	none := math.Exp(n * math.Log1p(-margin))
	r := risks{notViolated: none}
	if none > d.alpha*silentLevel {
		r.notVerified = 1
	}
	return r
}

// accepted is the range of counts of one version that the two one-sided tests
// take for equivalent, each end drawn in by slack counts.
func (d *design) accepted(n float64, a arm, slack float64) (low, high float64) {
	low, high = 1, n
	if p := a.share - a.margin; p > 0 {
		low = upperCritical(n, p, d.alpha)
	}
	if p := a.share + a.margin; p < 1 {
		high = lowerCritical(n, p, d.alpha)
	}
	return low + slack, high - slack
}

// atTwo sums the binomial distribution itself: nothing is approximated.
//
// The order by the chi-square statistic gives most of alpha to the longer tail
// of a skewed split; other orders in use (likelihood, probability) share it
// more evenly. A wrong split must be found by them as well, so that no
// verdict hangs on the order: the region for it is the one in which each tail
// has at most half of alpha. That costs a 99/1 four percent more requests and
// an even split none.
func (d *design) atTwo(n, slack float64) risks {
	first, second := d.arms[0], d.arms[1]
	w := first.share
	a, b := exactRejection(n, w, d.alpha)
	a, b = a-slack, b+slack
	low, high := d.accepted(n, first, slack)
	low2, high2 := d.accepted(n, second, slack)
	low, high = max(low, n-high2, a+1), min(high, n-low2, b-1)
	r := risks{notVerified: 1}
	if low <= high {
		r.notVerified = lowerTail(low-1, n, w) + upperTail(high+1, n, w)
	}
	a = math.Min(a, lowerCritical(n, w, d.alpha/2)-slack)
	b = math.Max(b, upperCritical(n, w, d.alpha/2)+slack)
	missed := func(p float64) float64 {
		if p < 0 || p > 1 {
			return 0 // no split is off by so much
		}
		if p == 0 && n*math.Log1p(-w) <= math.Log(d.alpha) || p == 1 && n*math.Log(w) <= math.Log(d.alpha) {
			return 0 // a silent version
		}
		return between(a+1, b-1, n, p)
	}
	for _, m := range []float64{first.margin, second.margin} {
		r.notViolated = max(r.notViolated, missed(snap(w-m)), missed(snap(w+m)))
	}
	return r
}

// snap takes a share that is off 0 or 1 by no more than rounding for that
// bound.
func snap(p float64) float64 {
	if math.Abs(p) < 1e-14 {
		return 0
	}
	if math.Abs(p-1) < 1e-14 {
		return 1
	}
	return p
}

// between is P(low <= X <= high) for X ~ Binomial(n, p).
func between(low, high, n, p float64) float64 {
	if low > high {
		return 0
	}
	if n*p <= low {
		return max(0, upperTail(low, n, p)-upperTail(high+1, n, p))
	}
	if n*p >= high {
		return max(0, lowerTail(high, n, p)-lowerTail(low-1, n, p))
	}
	return max(0, 1-lowerTail(low-1, n, p)-upperTail(high+1, n, p))
}

// exactRejection returns the rejection region of the exact chi-square test of
// two versions: counts of at most a and of at least b, where the least and
// the greatest count still accepted have probabilities above alpha.
func exactRejection(n, w, alpha float64) (a, b float64) {
	sd := math.Sqrt(n * w * (1 - w))
	z := normalCritical(alpha / 2)
	mean := n * w
	rejects := func(distance float64) bool {
		return exactTwo(n, w, distance) <= alpha
	}
	b = least(mean+z*sd, math.Ceil(mean), n+1, func(x float64) bool { return rejects(x - mean) })
	a = n - least(n-mean+z*sd, math.Ceil(n-mean), n+1, func(x float64) bool { return rejects(x - (n - mean)) })
	return a, b
}

// atMany conditions on the count x of one version. The alternative moves that
// version and lets the others share the rest in proportion, so that given x
// the others are distributed as the weights say, whatever the truth about
// this version, and the statistic falls into two parts:
//
//	X² = (x-nw)²/(nw(1-w)) + (n-x)/(n(1-w)) · X²(others given n-x)
//
// The first is summed over the binomial distribution of x; the second is a
// chi-square variable with k-2 degrees of freedom.
func (d *design) atMany(n, slack float64) risks {
	r := risks{notVerified: d.alpha}
	d.sort()
	for _, each := range d.order {
		low, high := d.accepted(n, each, slack)
		r.notVerified += d.kinds[each] * d.undetected(n, each.share, each.share, low, high)
		for _, p := range []float64{snap(each.share - each.margin), snap(each.share + each.margin)} {
			if p < 0 || p > 1 || p == 0 && n*math.Log1p(-each.share) <= math.Log(d.alpha) {
				continue
			}
			r.notViolated = max(r.notViolated, d.undetected(n, each.share, p, 1, 0))
		}
	}
	r.notVerified = min(1, r.notVerified)
	return r
}

// sort finds which of the watched arms differ.
func (d *design) sort() {
	if d.kinds != nil {
		return
	}
	watched := d.watched
	if watched == nil {
		watched = d.arms
	}
	d.kinds, d.order = map[arm]float64{}, distinct(watched)
	for _, each := range watched {
		d.kinds[each]++
	}
}

// undetected is the probability that the main test does not reject while the
// count of a version with the share w, drawn at the share p, lies outside of
// [low, high].
func (d *design) undetected(n, w, p, low, high float64) float64 {
	df := len(d.arms) - 2
	mean, variance := n*w, n*w*(1-w)
	reach := math.Sqrt(d.critical * variance)
	from := math.Max(0, math.Ceil(mean-reach))
	to := math.Min(n, math.Floor(mean+reach))
	// Beyond nine standard deviations of the truth nothing is left.
	spread := 9*math.Sqrt(n*p*(1-p)) + 40
	from, to = math.Max(from, math.Floor(n*p-spread)), math.Min(to, math.Ceil(n*p+spread))
	others := func(x float64) float64 {
		left := d.critical - (x-mean)*(x-mean)/variance
		return chiSquareLower(left*n*(1-w)/(n-x), df)
	}
	// With one degree of freedom the distribution of the others rises
	// steeply from its end, and needs finer steps.
	resolution := 8
	if df == 1 {
		resolution = 20
	}
	sum := func(from, to float64) float64 {
		return stridedSum(from, to, math.Sqrt(n*p*(1-p))/float64(resolution), func(x float64) float64 {
			return math.Exp(logBinomial(x, n, p)) * others(x)
		})
	}
	if low > high {
		return sum(from, to)
	}
	return sum(from, math.Min(to, low-1)) + sum(math.Max(from, high+1), to)
}

// stridedSum sums f over the whole numbers in [from, to], or, where f changes
// little from one to the next, over steps of at most h.
func stridedSum(from, to, h float64, f func(float64) float64) float64 {
	if from > to {
		return 0
	}
	if h <= 1 || to-from < 4*h {
		var sum float64
		for x := from; x <= to && (to-from) < 1e6; x++ {
			sum += f(x)
		}
		return sum
	}
	// The trapezoidal rule from end to end, its two ends counted as whole
	// terms of a sum.
	steps := math.Ceil((to - from) / h)
	h = (to - from) / steps
	sum := (f(from) + f(to)) * (h + 1) / 2
	for j := 1.; j < steps; j++ {
		sum += h * f(from+j*h)
	}
	return sum
}

// distinct returns the arms that differ.
func distinct(arms []arm) []arm {
	sorted := slices.SortedFunc(slices.Values(arms), func(a, b arm) int {
		switch {
		case a.share < b.share || a.share == b.share && a.margin < b.margin:
			return -1
		case a == b:
			return 0
		}
		return 1
	})
	return slices.Compact(sorted)
}

// A sizing knows the risks of a method by the size of its sample.
type sizing interface {
	// risks are those of n requests without errors.
	risks(n float64) risks
	// reachable is the smallest margin that, common to all versions, keeps
	// both risks of n requests to the budget; 1 if there is none.
	reachable(n, budget float64) float64
}

func sizeOf(q Question, n float64) sizing {
	if q.Method == Sequentially {
		return newCourse(q.arms(), q.Alpha)
	}
	d := newDesign(q.arms(), q.Alpha)
	d.calibrate(n)
	return d
}

func (d *design) risks(n float64) risks { return d.at(n, 0) }

// power is what n requests can show: the power at the margins of the plan, and
// the smallest common margin at which both promises hold, 1 if there is none.
func (p *Plan) power(n float64) Power {
	q := p.Question
	power := Power{Margin: 1}
	if n < 1 {
		return power
	}
	arms := q.arms()
	gates := 1 - q.Power - q.budget()
	if len(arms) == 1 {
		gates = 0 // there is nothing for them to compare
	}
	size := sizeOf(q, n)
	power.Achieved = max(0, 1-size.risks(n).worst()-gates)
	if q.excludes() && !q.leaks().excluded(n, 0) {
		power.Achieved = 0 // a correct split cannot be verified
	}
	power.Margin = size.reachable(n, q.budget())
	return power
}

// reachable is the smallest margin that, common to all versions, keeps both
// risks of n requests to the budget.
func (d *design) reachable(n, budget float64) float64 {
	if len(d.arms) == 1 {
		return -math.Expm1(math.Log(min(d.alpha*silentLevel, budget)) / n)
	}
	common := &design{arms: slices.Clone(d.arms), alpha: d.alpha, critical: d.critical}
	scatter := func(a arm) float64 { return a.share * (1 - a.share) }
	slices.SortFunc(common.arms, func(a, b arm) int { return compare(scatter(b), scatter(a)) })
	fails := func(margin float64) bool {
		for i := range common.arms {
			common.arms[i].margin = margin
		}
		// With a common margin the versions that scatter most decide.
		if len(common.arms) > 4 {
			common.watched = common.arms[:4]
		}
		common.kinds = nil // they have other margins now
		return common.at(n, 0).worst() > budget
	}
	widest := scatter(common.arms[0])
	// From the textbook's margin outwards, then between.
	lambda := noncentrality(len(d.arms)-1, d.alpha, 1-budget)
	high := math.Sqrt(lambda * widest / n)
	low := high
	for fails(high) {
		if low, high = high, high*1.1; high >= 1 {
			return 1
		}
	}
	for low == high || !fails(low) {
		low, high = low/1.1, low
	}
	for high-low > 1e-3*high {
		if middle := (low + high) / 2; fails(middle) {
			low = middle
		} else {
			high = middle
		}
	}
	return high
}

// calibrate corrects the critical value of the chi-square distribution, at
// about n observations, for versions with so few expected hits that they
// lengthen the tail of the statistic: each such version in turn is summed
// exactly, and what its tail has more than the chi-square distribution's is
// added up.
func (d *design) calibrate(n float64) {
	k := len(d.arms)
	if k < 3 {
		return
	}
	var few []arm
	for _, each := range d.arms {
		if n*each.share < 1000 {
			few = append(few, each)
		}
	}
	if len(few) == 0 {
		return
	}
	weight := map[float64]float64{}
	for _, each := range few {
		weight[each.share]++
	}
	asymptotic := chiSquareCritical(d.alpha, k-1)
	size := func(critical float64) float64 {
		trial := design{arms: d.arms, alpha: d.alpha, critical: critical}
		nominal := chiSquareUpper(critical, k-1)
		total := nominal
		for share, times := range weight {
			total += times * (1 - trial.undetected(n, share, share, 1, 0) - nominal)
		}
		return total
	}
	low, high := 0.8*asymptotic, 2*asymptotic
	for range 30 {
		d.critical = (low + high) / 2
		if size(d.critical) > d.alpha {
			low = d.critical
		} else {
			high = d.critical
		}
	}
}
