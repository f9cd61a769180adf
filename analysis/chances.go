package analysis

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
		Leak:     q.leaks().bound(size, 0),
	}
	if q.excludes() && !q.leaks().excluded(size, 0) {
		c.Verified = 0
	}
	return c, nil
}

// A MarginPlan is the number of requests that one margin takes.
type MarginPlan struct {
	Margin   float64
	Requests int64
}

// PlansByMargin plans a question for a range of margins, the widest first. Each
// is common to all versions; one whose weight is less has its own weight for a
// margin, as by default, so that margins too wide to make a difference are left
// out. A margin that takes more than MostRequests ends the list.
func PlansByMargin(q Question) ([]MarginPlan, error) {
	var plans []MarginPlan
	q, err := q.filled()
	if err != nil || len(q.arms()) < 2 {
		return nil, err
	}
	if err := q.room(); err != nil {
		return nil, err
	}
	for _, margin := range marginRange {
		if len(plans) == mostMargins+1 {
			break
		}
		each := q
		each.Margins = map[string]float64{}
		for _, w := range q.Weights {
			each.Margins[w.Version] = min(margin, q.Weights.Share(w.Version))
		}
		n, err := each.needed()
		if err != nil {
			break
		}
		if last := len(plans) - 1; last >= 0 && plans[last].Requests == n {
			plans[last].Margin = margin
			continue
		}
		plans = append(plans, MarginPlan{margin, n})
	}
	return plans[:min(mostMargins, len(plans))], nil
}

var marginRange = []float64{
	0.2, 0.1, 0.05, 0.03, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005, 0.0002, 0.0001, 5e-5, 2e-5, 1e-5, 5e-6, 2e-6, 1e-6,
}

// mostMargins is how many of them are worth a look.
const mostMargins = 6
