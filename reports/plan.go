package reports

import (
	"io"

	"github.com/splitcheck/splitcheck/analysis"
)

// PlanSchema names the version of the plan's form.
const PlanSchema = "splitcheck.dev/plan/v1"

// A Plan is the sample that a question needs.
type Plan struct {
	Schema string `json:"schema"`
	// Requests is the size of the sample, for the sequential method the
	// greatest; MedianRequests is then a number by which half of all correct
	// splits are verified.
	Requests       int64 `json:"requests"`
	MedianRequests int64 `json:"median_requests,omitempty"`
	// MostRequests is up to how many a sample goes on where a weight is 0 and some
	// requests fail.
	MostRequests int64            `json:"most_requests,omitempty"`
	Alpha        Number           `json:"alpha"`
	Power        Number           `json:"power"`
	Leak         Number           `json:"leak"`
	Method       string           `json:"method"`
	Versions     []PlannedVersion `json:"versions"`

	// Rate is in requests per second, and Seconds how long the sample takes at
	// it, where a rate was given.
	Rate    Number `json:"rate,omitzero"`
	Seconds Number `json:"seconds,omitzero"`
	// Errors is the share of requests that may end in errors.
	Errors Number `json:"errors,omitzero"`
	// Needed is what the question needs, where Requests was given; 0 where no
	// number will do. Chances is what the given number can show.
	Needed  *int64   `json:"needed,omitempty"`
	Chances *Chances `json:"chances,omitempty"`
	// Margins are the numbers of requests that other margins take.
	Margins []PlannedMargin `json:"margins,omitempty"`
}

// Chances are what a sample of a given size can be relied on for: the least
// probability that a correct split is verified, the least that one which is off
// by its margin is violated, the smallest common margin at which both promises
// hold, and the smallest leak that is excluded.
type Chances struct {
	Verified Number `json:"verified"`
	Violated Number `json:"violated"`
	Margin   Number `json:"margin"`
	Leak     Number `json:"leak"`
}

// A PlannedMargin is the sample that another margin takes. A version whose
// weight is less than Margin has its own weight for a margin.
type PlannedMargin struct {
	Margin   Number `json:"margin"`
	Requests int64  `json:"requests"`
	Seconds  Number `json:"seconds,omitzero"`
}

// A PlannedVersion is one version of a plan, in the order of the weights.
type PlannedVersion struct {
	Version       string `json:"version"`
	Weight        Number `json:"weight"`
	ExpectedShare Number `json:"expected_share"`
	Margin        Number `json:"margin"`
}

// FromPlan makes the document of a plan.
func FromPlan(p *analysis.Plan) *Plan {
	q := p.Question
	plan := &Plan{
		Schema: PlanSchema, Requests: p.Requests, Alpha: Num(q.Alpha), Power: Num(q.Power),
		MedianRequests: p.Median, Leak: Num(q.Leak), Method: p.Method, Versions: []PlannedVersion{},
	}
	if most := p.Most(); most > p.Requests {
		plan.MostRequests = most
	}
	for _, v := range p.Versions {
		plan.Versions = append(plan.Versions, PlannedVersion{
			Version: v.Version, Weight: Num(v.Weight),
			ExpectedShare: Num(v.ExpectedShare), Margin: Num(v.Margin),
		})
	}
	return plan
}

// AtRate says how long the sample takes at so many requests per second.
func (p *Plan) AtRate(rate float64) {
	p.Rate, p.Seconds = Num(rate), Num(float64(p.Requests)/rate)
	for i := range p.Margins {
		p.Margins[i].Seconds = Num(float64(p.Margins[i].Requests) / rate)
	}
}

// WithMargins adds the samples that other margins take.
func (p *Plan) WithMargins(plans []analysis.MarginPlan) {
	for _, each := range plans {
		p.Margins = append(p.Margins, PlannedMargin{Margin: Num(each.Margin), Requests: each.Requests})
	}
}

// WithChances says what the number of requests, which was given, can show, and
// how many are needed.
func (p *Plan) WithChances(c analysis.Chances, needed int64) {
	p.Needed = &needed
	p.Chances = &Chances{Verified: Num(c.Verified), Violated: Num(c.Violated), Margin: Num(c.Margin), Leak: Num(c.Leak)}
}

// PlanJSON writes the plan as the contract has it.
func PlanJSON(w io.Writer, p *Plan) error { return writeJSON(w, p) }
