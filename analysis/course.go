package analysis

import "math"

// A course knows how likely the wrong outcomes of the sequential method are
// when its sample may have at most so many requests.
//
// What has been shown by a number of requests stays shown, so the evidence at
// that number alone is enough to bound what was shown by then or before: the
// bounds below are those of a single look at the end. What they leave out, that
// evidence was there earlier and has gone again, makes the method better than
// promised. The risk of stopping with the wrong verdict on the way is at most
// alpha, and is added.
type course struct {
	arms     []arm
	alpha    float64
	shares   []float64
	against  urn
	excluded float64
	refuted  float64
}

func newCourse(arms []arm, alpha float64) *course {
	c := &course{
		arms: arms, alpha: alpha,
		excluded: -math.Log(alpha),
		refuted:  -math.Log(alpha * (1 - silentPart)),
	}
	for _, each := range arms {
		c.shares = append(c.shares, each.share)
	}
	c.against = newUrn(c.shares, leastConcentration(arms))
	return c
}

// risks bounds those of at most n requests.
func (c *course) risks(n float64) risks {
	if len(c.arms) == 1 {
		return newDesign(c.arms, c.alpha).risks(n)
	}
	r := risks{c.alpha + c.open(n), c.alpha}
	for _, i := range c.distinct() {
		for _, p := range []float64{snap(c.arms[i].share - c.arms[i].margin), snap(c.arms[i].share + c.arms[i].margin)} {
			if p >= 0 && p <= 1 {
				r.notViolated = max(r.notViolated, c.alpha+c.missed(n, i, p))
			}
		}
	}
	r.notVerified, r.notViolated = min(1, r.notVerified), min(1, r.notViolated)
	return r
}

// distinct returns one version of each kind.
func (c *course) distinct() []int {
	var list []int
	seen := map[arm]bool{}
	for i, each := range c.arms {
		if !seen[each] {
			seen[each] = true
			list = append(list, i)
		}
	}
	return list
}

// open is the probability that n requests of a correct split leave some bound
// of some version open, or a version unseen.
func (c *course) open(n float64) float64 {
	outside := func(low, high, w float64) float64 {
		if low > high {
			return 1
		}
		return lowerTail(low-1, n, w) + upperTail(high+1, n, w)
	}
	if len(c.arms) == 2 {
		low, high := c.accepted(n, c.arms[0])
		low2, high2 := c.accepted(n, c.arms[1])
		return outside(max(low, n-high2), min(high, n-low2), c.arms[0].share)
	}
	times := map[arm]float64{}
	for _, each := range c.arms {
		times[each]++
	}
	var sum float64
	for _, i := range c.distinct() {
		low, high := c.accepted(n, c.arms[i])
		sum += times[c.arms[i]] * outside(low, high, c.arms[i].share)
	}
	return min(1, sum)
}

// accepted is the range of counts of a version with which n requests exclude
// both its bounds.
func (c *course) accepted(n float64, a arm) (low, high float64) {
	low = 1
	if t := snap(a.share - a.margin); t > 0 {
		low = max(low, n-c.below(n, 1-a.share, 1-t, a.well()))
	}
	high = n - 1
	if t := snap(a.share + a.margin); t < 1 {
		high = min(high, c.below(n, a.share, t, a.well()))
	}
	return low, high
}

// below is the greatest count of n that excludes the share t of a version that
// is asked for w < t; -1 where none does.
func (c *course) below(n, w, t, concentration float64) float64 {
	guess := n*t - math.Sqrt(2*(c.excluded+2)*n*t*(1-t))
	return least(guess, 0, math.Ceil(n*t), func(y float64) bool {
		return shareEvidence(y, n, w, concentration, t) < c.excluded
	}) - 1
}

// missed is the probability that n requests do not refute the weights where
// version i has the share p and the others share the rest in proportion. The
// evidence is that of the version against the rest, and of the others among
// themselves; the latter is taken at its least, at which the others have
// exactly what they were asked for.
func (c *course) missed(n float64, i int, p float64) float64 {
	w := c.shares[i]
	refutes := func(y float64) bool {
		return shareEvidence(y, n, w, c.against.concentration, w)+c.others(i, n-y) >= c.refuted
	}
	reach := math.Sqrt(2 * (c.refuted + 2) * n * w * (1 - w))
	if p > w {
		y := least(n*w+reach, math.Ceil(n*w), n+1, func(y float64) bool { return y > n || refutes(y) })
		return lowerTail(y-1, n, p)
	}
	z := least(n*(1-w)+reach, math.Ceil(n*(1-w)), n+1, func(z float64) bool { return z > n || refutes(n-z) })
	return upperTail(n-z+1, n, p)
}

// others is the least ln e of the versions but i with n hits between them.
func (c *course) others(i int, n float64) float64 {
	if len(c.arms) == 2 || n <= 0 {
		return 0
	}
	rest := 1 - c.shares[i]
	concentration := c.against.concentration * rest
	log := -whole(concentration, n)
	for j, share := range c.shares {
		if j != i {
			log += gain(c.against.prior[j], n*share/rest, concentration, n, share/rest)
		}
	}
	return log
}

// cap is the least number of requests, to a thousandth, with which both risks
// keep to the budget.
func (c *course) cap(budget float64) (float64, error) {
	d := newDesign(c.arms, c.alpha)
	guess, err := d.practical(budget)
	if err != nil {
		return 0, err
	}
	if len(c.arms) == 1 {
		return math.Ceil(guess), nil
	}
	return leastSize(1.4*guess, func(n float64) bool { return c.risks(n).worst() <= budget }), nil
}

// median is a number of requests by which at least half of all correct splits
// are verified.
func (c *course) median() float64 {
	if len(c.arms) == 1 {
		return math.Ceil(math.Log(c.alpha*silentLevel) / math.Log1p(-c.arms[0].margin))
	}
	guess, _ := newDesign(c.arms, c.alpha).guess(0.25)
	return leastSize(guess, func(n float64) bool { return c.open(n) <= 0.5 })
}

// reachable is that of at most n requests.
func (c *course) reachable(n, budget float64) float64 {
	if len(c.arms) == 1 {
		return -math.Expm1(math.Log(min(c.alpha*silentLevel, budget)) / n)
	}
	holds := func(margin float64) bool {
		arms := make([]arm, len(c.arms))
		for i, each := range c.arms {
			arms[i] = arm{each.share, margin}
		}
		return newCourse(arms, c.alpha).risks(n).worst() <= budget
	}
	var widest float64
	for _, share := range c.shares {
		widest = max(widest, share*(1-share))
	}
	high := math.Sqrt(2 * noncentrality(len(c.arms)-1, c.alpha, 1-budget) * widest / n)
	low := high
	for !holds(high) {
		if low, high = high, high*1.1; high >= 1 {
			return 1
		}
	}
	for low == high || holds(low) {
		low, high = low/1.1, low
	}
	for high-low > 1e-3*high {
		if middle := (low + high) / 2; holds(middle) {
			high = middle
		} else {
			low = middle
		}
	}
	return high
}

// leastSize finds, from a guess, the least number for which a condition holds,
// to a thousandth. The condition may saw a little on the way up.
func leastSize(guess float64, holds func(float64) bool) float64 {
	high := math.Max(2, math.Ceil(guess))
	low := high
	for !holds(high) {
		low, high = high, math.Ceil(high*1.15)+1
	}
	if low == high {
		for low > 1 && holds(low) {
			low, high = math.Floor(low/1.15), low
		}
	}
	for high-low > math.Max(1, high*1e-3) {
		if middle := math.Floor((low + high) / 2); holds(middle) {
			high = middle
		} else {
			low = middle
		}
	}
	return high
}
