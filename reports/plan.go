package reports

import (
	"fmt"
	"io"

	"github.com/splitcheck/splitcheck/analysis"
)

// PlanSchema names the version of the plan's form.
const PlanSchema = "splitcheck.dev/plan/v1"

// A Plan is the sample that a question needs.
type Plan struct {
	Schema   string           `json:"schema"`
	Requests int64            `json:"requests"`
	Alpha    Number           `json:"alpha"`
	Power    Number           `json:"power"`
	Leak     Number           `json:"leak"`
	Method   string           `json:"method"`
	Versions []PlannedVersion `json:"versions"`
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
		Leak: Num(q.Leak), Method: p.Method, Versions: []PlannedVersion{},
	}
	for _, v := range p.Versions {
		plan.Versions = append(plan.Versions, PlannedVersion{
			Version: v.Version, Weight: Num(v.Weight),
			ExpectedShare: Num(v.ExpectedShare), Margin: Num(v.Margin),
		})
	}
	return plan
}

// A PlanFormat renders a plan.
type PlanFormat func(io.Writer, *Plan) error

// LookupPlan returns the format of that name for plans: text or json. The
// error is a *NotBuiltError or an *UnknownFormatError.
func LookupPlan(name string, o Options) (PlanFormat, error) {
	if _, err := Lookup(name, o); err != nil {
		return nil, err
	}
	switch name {
	case "text":
		return PlanText(o), nil
	case "json":
		return PlanJSON, nil
	default:
		return nil, &NotBuiltError{Format: name}
	}
}

// PlanJSON writes the plan as the contract has it.
func PlanJSON(w io.Writer, p *Plan) error { return writeJSON(w, p) }

// planRates are the rates, in requests per second, for which a plan tells the
// time it takes.
var planRates = []float64{10, 100, 1000}

// PlanText writes the plan for a person.
func PlanText(o Options) PlanFormat {
	return func(w io.Writer, p *Plan) error {
		t := newText(o)
		t.line(t.bold(count(p.Requests)+" requests") + " answer the question, whatever the answer is.")
		t.line("")
		t.planTable(p)
		t.line("")
		alpha, power := p.Alpha.Or(0), p.Power.Or(0)
		t.paragraph("", fmt.Sprintf("A correct split is then called verified with a probability of at least %s. "+
			"One in which a version is off by its margin is called violated with at least %s, and verified with at most %s.",
			percent(power, 2), percent(power, 2), percent(alpha, 2)))
		for _, v := range p.Versions {
			if v.Weight.Or(1) == 0 {
				t.paragraph("", fmt.Sprintf("%s must never answer: one hit is a violation, and none at all shows that it gets less than %s.",
					printable(v.Version), percent(p.Leak.Or(0), 2)))
			}
		}
		t.line("")
		for _, rate := range planRates {
			t.line(fmt.Sprintf("  at %5s a second  %s", count(int64(rate)), duration(float64(p.Requests)/rate)))
		}
		return t.flush(w)
	}
}
