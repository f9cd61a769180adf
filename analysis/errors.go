package analysis

import (
	"fmt"
	"math"
	"slices"
)

// A TooManyErrorsError says that no sample keeps the promises of a question
// when so many requests may end in errors.
type TooManyErrorsError struct {
	// Share is the share of errors that was asked about, Most about the
	// greatest one for which there is a sample, 0 where there is none worth
	// naming.
	Share, Most float64
	// Alpha, if it is not 0, is a smaller alpha at which Requests will do.
	Alpha    float64
	Requests int64
	// Leak, if it is not 0, is the leak that so many errors might be.
	Leak float64
}

func (e *TooManyErrorsError) Error() string {
	why := "with more requests there are more errors to turn a correct split into one that is called violated"
	if e.Leak > 0 {
		why = fmt.Sprintf("so many may be a leak of %.4g %% to one that must get nothing", 100*e.Leak)
	}
	text := fmt.Sprintf("no number of requests is sure to do when %.4g %% of them may end in errors: an error may have been any "+
		"version, and %s", 100*e.Share, why)
	if e.Most > 0 {
		text += fmt.Sprintf("; up to %.4g %% there is one", 100*e.Most)
	}
	if e.Alpha > 0 {
		text += fmt.Sprintf("; at an alpha of %g %d requests will do", e.Alpha, e.Requests)
	}
	return text
}

// PlanForErrors plans the sample that keeps the promises of NewPlan when up to
// share of the requests end in errors, whichever of them do. Judge takes an
// error for any version, so every table of counts that e errors leave open must be
// accepted or rejected: those in which any e requests have moved from one version
// to another. Where a weight is 0, a leak must be excluded with all of them.
//
// With two versions that draws both ends of what is accepted, and of what is
// rejected, in by e counts, and is exact. With more, the root of the chi-square
// statistic is a norm, so that moving e counts changes it by at most
//
//	e·√(1/(n·w1) + 1/(n·w2))
//
// where w1 and w2 are the two smallest shares: a bound, which asks for somewhat
// more than it takes.
//
// A larger sample is not always a better one: its errors grow with it, while
// chance grows with its root. The error is a *TooManyErrorsError where no size
// will do.
func PlanForErrors(q Question, share float64) (*Plan, error) {
	if q.Method == Sequentially && share != 0 {
		return nil, fmt.Errorf("the sequential method is not planned for errors yet; plan for them by %s", ChiSquare)
	}
	p, err := NewPlan(q)
	if err != nil || share == 0 {
		return p, err
	}
	if !(share > 0 && share < 1) {
		return nil, fmt.Errorf("the share of errors is %g; it must lie between 0 and 1", share)
	}
	q = p.Question
	if share > q.MaxErrors {
		return nil, fmt.Errorf("%.4g %% of errors is more than the %.4g %% beyond which nothing is measured; allow more of them",
			100*share, 100*q.MaxErrors)
	}
	if n, ok := q.withErrors(p.Requests, share); ok {
		p.size(n)
		return p, nil
	}
	return nil, q.tooMany(share)
}

// tooMany finds what would do instead.
func (q Question) tooMany(share float64) error {
	failure := &TooManyErrorsError{Share: share}
	if _, ok := q.leaks().withErrors(1, share); !ok && q.mayStray(1, 0) > 0 {
		failure.Leak = q.Leak
	}
	planned := func(q Question, share float64) (int64, bool) {
		n, err := q.needed()
		if err != nil {
			return 0, false
		}
		return q.withErrors(n, share)
	}
	low, high := 0., share
	for high-low > share/100 {
		middle := (low + high) / 2
		if _, ok := planned(q, middle); ok {
			low = middle
		} else {
			high = middle
		}
	}
	if digits := math.Pow10(int(math.Floor(math.Log10(low)) - 1)); low > 0 {
		failure.Most = math.Floor(low/digits) * digits
	}
	for _, less := range []float64{2, 5, 10, 20, 50, 100, 1000, 1e4} {
		stricter := q
		stricter.Alpha /= less
		if n, ok := planned(stricter, share); ok {
			failure.Alpha, failure.Requests = stricter.Alpha, n
			break
		}
	}
	return failure
}

// withErrors returns the least sample of at least that many requests that
// keeps the promises with so many errors.
func (q Question) withErrors(least int64, share float64) (int64, bool) {
	if q.mayStray(1, 0) > 0 {
		silent, ok := q.leaks().withErrors(float64(least), share)
		if !ok {
			return 0, false
		}
		least = int64(silent)
	}
	arms := q.arms()
	if len(arms) == 1 {
		return least, true
	}
	d := newDesign(arms, q.Alpha)
	d.calibrate(float64(least))
	errors := func(n float64) float64 { return math.Floor(n*share + 1e-9) }
	passes := func(n, slack float64) bool {
		e := errors(n)
		return n-e >= d.seen() && d.atErrors(n, e, slack) <= q.budget() &&
			(q.mayStray(1, 0) == 0 || q.leaks().excluded(n, int64(e)))
	}
	n := float64(least)
	for !passes(n, 1) {
		// Without its last error the test of a correct split alone costs too
		// much, and that only grows.
		if n > MostRequests || d.falseAlarm(n, math.Max(0, n*share-1)) > q.budget() {
			return 0, false
		}
		n = math.Ceil(n*1.002) + 1
	}
	for range d.patience() / 10 {
		if n <= float64(least) || !passes(n-1, 0) {
			break
		}
		n--
	}
	return int64(n), true
}

// atErrors is the greater of both risks of n requests of which e end in errors.
func (d *design) atErrors(n, e, slack float64) float64 {
	if len(d.arms) == 2 {
		return d.at(n, e+slack).worst()
	}
	shift := d.shift(n, e)
	root := math.Sqrt(d.critical)
	accepting, rejecting := *d, *d
	accepting.critical = math.Pow(max(0, root-shift), 2)
	rejecting.critical = math.Pow(root+shift, 2)
	notVerified := accepting.at(n, e+slack).notVerified - d.alpha + d.falseAlarm(n, e)
	return max(notVerified, rejecting.at(n, e+slack).notViolated)
}

// falseAlarm is the probability that a correct split of n requests looks wrong
// under some assignment of e errors.
func (d *design) falseAlarm(n, e float64) float64 {
	if len(d.arms) == 2 {
		w := d.arms[0].share
		a, b := exactRejection(n, w, d.alpha)
		return lowerTail(a+e, n, w) + upperTail(b-e, n, w)
	}
	critical := math.Pow(max(0, math.Sqrt(d.critical)-d.shift(n, e)), 2)
	trial := design{arms: d.arms, alpha: d.alpha, critical: critical}
	nominal := chiSquareUpper(critical, len(d.arms)-1)
	sum := nominal
	for _, each := range d.arms {
		if n*each.share < 1000 {
			sum += 1 - trial.undetected(n, each.share, each.share, 1, 0) - nominal
		}
	}
	return sum
}

// shift bounds what moving e of n counts does to the root of the statistic.
func (d *design) shift(n, e float64) float64 {
	var shares []float64
	for _, each := range d.arms {
		shares = append(shares, each.share)
	}
	slices.Sort(shares)
	return e * math.Sqrt(1/(n*shares[0])+1/(n*shares[1]))
}
