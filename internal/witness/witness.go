// Package witness asks the proxies of a target what they carry and what they
// sent, before and after a sample, and puts that beside what the answers say:
// the second account of the same requests. It says what the two differ in, and
// where the mistake of a check lies. It draws no sample and changes no verdict:
// what the account means for one is for package analysis to say.
package witness

import (
	"context"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/reports"
	"github.com/splitcheck/splitcheck/scenarios"
	"github.com/splitcheck/splitcheck/split"
)

// A Question is what the proxies are asked about.
type Question struct {
	// Expect are the weights that the check expects.
	Expect split.Weights
	// Decides says which rule splits the requests, and which version each
	// destination stands for.
	Decides scenarios.Decisive
}

// counts reports whether it is known what the destinations or the pods are
// called.
func (q Question) counts() bool { return len(q.Decides.Workloads) > 0 || q.Decides.Named }

// A Sample is what the account is put beside.
type Sample struct {
	Answers *split.Tally
	// Beside is how many requests are known to have been sent beside those that
	// the tally counts: a login, a second try on another connection, those that
	// were in flight at the end.
	Beside int64
}

// An Observer has asked the proxies before a sample and asks them again after
// it. Its methods may be called on nil, which is a target without proxies to ask.
type Observer struct {
	proxies  target.Witness
	question Question
	before   target.Observation
	// failure is why the proxies could not be asked, if they could not.
	failure *split.Finding
}

// Before asks the proxies for the first time, just before the sample.
func Before(ctx context.Context, proxies target.Witness, q Question) *Observer {
	o := &Observer{proxies: proxies, question: q}
	o.before = o.ask(ctx, false)
	return o
}

// After asks the proxies after the sample and returns the second account of it.
// Where there is none the finding says why.
func (o *Observer) After(ctx context.Context, s Sample) (*Account, *split.Finding) {
	if o == nil {
		return nil, nil
	}
	after := o.ask(ctx, true)
	if o.failure != nil {
		return nil, o.failure
	}
	a := newAccount(o.question, o.before, after)
	a.changed = append(a.changed, after.Changes...)
	a.compare(s)
	return a, nil
}

// Unsampled is what the proxies carry where no sample was drawn, for the report;
// nil where they did not say.
func (o *Observer) Unsampled() *reports.Mesh {
	if o == nil || o.failure != nil {
		return nil
	}
	a := newAccount(o.question, o.before, o.before)
	mesh := a.mesh()
	mesh.MistakeIn, _ = a.place(analysis.Inconclusive)
	return mesh
}

func (o *Observer) ask(ctx context.Context, after bool) target.Observation {
	if o.failure != nil {
		return target.Observation{}
	}
	asking, cancel := context.WithTimeout(ctx, witnessTimeout)
	defer cancel()
	seen, err := o.proxies.Observe(asking)
	if err != nil {
		failure := split.Found("proxies-not-asked", split.Values{"after": after, "text": err.Error()})
		o.failure = &failure
	}
	return seen
}

// Once asks the proxies once and gives the same answer again: checks that are
// not begun need no news, and proxies that do not answer are waited for once.
func Once(proxies target.Witness) target.Witness { return &once{proxies: proxies} }

type once struct {
	proxies target.Witness
	asked   bool
	seen    target.Observation
	err     error
}

// Observe implements target.Witness.
func (o *once) Observe(ctx context.Context) (target.Observation, error) {
	if !o.asked {
		o.asked = true
		o.seen, o.err = o.proxies.Observe(ctx)
	}
	return o.seen, o.err
}
