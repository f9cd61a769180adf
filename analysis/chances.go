package analysis

import "math"

// Chances are what a sample of a given size can be relied on for.
type Chances struct {
	// Verified is the least probability that a correct split is verified,
	// Violated the least one that a split in which a version is off by its
	// margin is violated. The gates' part is taken off both.
	Verified, Violated float64
	// Margin is the smallest margin, common to all versions, at which both
	// promises of the question hold; 1 if there is none.
	Margin float64
	// Leak is the smallest leak to a version of weight zero that the sample
	// excludes, at alpha.
	Leak float64
}

// ChancesOf is the inverse of NewPlan: what n requests without errors can show.
func ChancesOf(q Question, n int64) (Chances, error) {
	p, err := PlanFor(q, n)
	if err != nil {
		return Chances{}, err
	}
	q = p.Question
	size := float64(n)
	d := sizeOf(q, size)
	r := d.risks(size)
	c := Chances{
		Verified: max(0, 1-r.notVerified-p.GatesBudget()),
		Violated: max(0, 1-r.notViolated-p.GatesBudget()),
		Margin:   d.reachable(size, q.budget()),
		Leak:     -math.Expm1(math.Log(q.Alpha) / size),
	}
	if q.excludes() && size < silentBelow(q.Leak, q.Alpha) {
		c.Verified = 0
	}
	return c, nil
}
