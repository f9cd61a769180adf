package runner

import (
	"context"
	"fmt"
	"strings"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/loadgen"
	"github.com/splitcheck/splitcheck/reports"
	"github.com/splitcheck/splitcheck/scenarios"
	"github.com/splitcheck/splitcheck/split"
)

// A hearing asks the proxies before and after a sample. Its methods may be
// called on nil, which is a target without proxies to ask.
type hearing struct {
	witness       target.Witness
	check         scenarios.Check
	decides       scenarios.Decisive
	before, after target.Testimony
	// silence says why the proxies were not heard, if they were not.
	silence string
}

// hear asks the proxies for the first time, just before the sample. witness is
// nil for a target that has none.
func hear(ctx context.Context, witness target.Witness, s *scenarios.Scenario, step string, c scenarios.Check) *hearing {
	if witness == nil {
		return nil
	}
	decides, ok := decisive(s, step, c)
	if !ok {
		return nil
	}
	h := &hearing{witness: witness, check: c, decides: decides}
	h.before = h.ask(ctx, "before")
	return h
}

// decisive is what decides a check: what whoever made the check knows of it, else
// what the scenario's objects say.
func decisive(s *scenarios.Scenario, step string, c scenarios.Check) (scenarios.Decisive, bool) {
	if c.Decisive != nil {
		return *c.Decisive, true
	}
	return s.Decides(step, c)
}

func (h *hearing) ask(ctx context.Context, when string) target.Testimony {
	if h.silence != "" {
		return target.Testimony{}
	}
	asking, cancel := context.WithTimeout(ctx, witnessTimeout)
	defer cancel()
	said, err := h.witness.Witness(asking)
	if err != nil {
		h.silence = fmt.Sprintf("the proxies could not be asked %s the sample, so there is no second account of it, and weights that changed meanwhile would not have been noticed: %v", when, err)
	}
	return said
}

// A heard witness is asked once and says the same again: checks that are not
// begun need no news, and proxies that do not answer are waited for once.
type heard struct {
	witness target.Witness
	asked   bool
	said    target.Testimony
	err     error
}

// Witness implements target.Witness.
func (h *heard) Witness(ctx context.Context) (target.Testimony, error) {
	if !h.asked {
		h.asked = true
		h.said, h.err = h.witness.Witness(ctx)
	}
	return h.said, h.err
}

// again asks the proxies after the sample and returns both accounts side by
// side, or nil if there is no second one. The warnings go into m.
func (h *hearing) again(ctx context.Context, sample *loadgen.Result, m *reports.Measurement) *account {
	if h == nil || sample.Interrupted {
		return nil
	}
	h.after = h.ask(ctx, "after")
	if h.silence != "" {
		m.Warnings = append(m.Warnings, h.silence)
		return nil
	}
	a := newAccount(h.check, h.decides, h.before, h.after)
	a.changed = append(a.changed, h.after.Changes...)
	a.sample(sample)
	m.Mesh = a.report()
	m.Warnings = append(m.Warnings, a.warnings...)
	return a
}

// unsampled is what the proxies carry where no sample was drawn.
func (h *hearing) unsampled() *reports.Mesh {
	if h == nil || h.silence != "" {
		return nil
	}
	a := newAccount(h.check, h.decides, h.before, h.before)
	place, _ := a.place(analysis.Inconclusive)
	mesh := a.report()
	mesh.MistakeIn = place
	return mesh
}

// weigh holds the judgement against the account. It makes no verdict better: a
// sample of weights that changed is one of no weights, what was verified must hold
// without the answers that the proxies deny, and answers that none of them asked
// for say nothing of what they are programmed with.
func (a *account) weigh(j *analysis.Judgement, plan *analysis.Plan, tally *split.Tally, m *reports.Measurement) {
	if a == nil {
		return
	}
	if j.Verdict == analysis.NotMeasured {
		if len(a.changed) > 0 {
			// It is likely why there were too many errors.
			m.Warnings = append(m.Warnings, a.changes())
		}
		return
	}
	switch {
	case len(a.changed) > 0:
		inconclusive(j, a.changes(),
			"see who changes the routes, and run the check again when nobody does")
		return
	case j.Verdict == analysis.Verified && a.unseen():
		inconclusive(j, a.another(),
			"see whether the address that is asked leads to the gateway of this very cluster, and whether anything before it answers by itself")
		return
	case j.Verdict == analysis.Verified && a.denied() > 0 && !a.holdsWithout(plan, tally):
		inconclusive(j, a.contradiction(),
			"see whether identify names the versions rightly, and whether all answers come through the proxies: no cache, no other way in")
		m.Mesh.MistakeIn = reports.InIdentification
		return
	}
	if j.Verdict == analysis.Verified {
		// The answers are right and one proxy is not: it may have had no part in
		// them, and will have one in others.
		if place, words := a.place(analysis.Inconclusive); place == reports.InControlPlane {
			m.Warnings = append(m.Warnings, words)
		}
		return
	}
	place, words := a.place(j.Verdict)
	if m.Mesh.MistakeIn = place; words != "" {
		m.Diagnosis = append(m.Diagnosis, words)
	}
}

func (a *account) changes() string {
	return "the weights changed while counting: " + strings.Join(a.changed, "; ")
}

// inconclusive takes back what was concluded from a sample that shows nothing.
func inconclusive(j *analysis.Judgement, reason, advice string) {
	j.Verdict = analysis.Inconclusive
	j.Reasons, j.Advice, j.Diagnosis = []string{reason}, []string{advice}, nil
}

// holdsWithout judges the sample as if the answers that the proxies deny had
// named no version: they may then have been any, as the contract has it.
func (a *account) holdsWithout(plan *analysis.Plan, tally *split.Tally) bool {
	if plan.Method == analysis.Sequentially {
		return false // It stopped where it did because of these answers.
	}
	doubted := &split.Tally{Versions: map[string]int64{}, Errors: tally.Errors, Unidentified: map[string]int64{}}
	for kind, n := range tally.Unidentified {
		doubted.Unidentified[kind] = n
	}
	for version, n := range tally.Versions {
		lacking := a.lacking(version)
		doubted.Versions[version] = n - lacking
		doubted.Unidentified["denied by the proxies"] += lacking
	}
	return analysis.Judge(plan, doubted).Verdict == analysis.Verified
}
