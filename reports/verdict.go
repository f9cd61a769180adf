package reports

import (
	"slices"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/split"
)

// The exit codes. docs/exit-codes.md is the list for users.
const (
	ExitVerified     = 0
	ExitViolated     = 1
	ExitUsage        = 2 // a bad command line or a bad file: there is no report
	ExitInconclusive = 3
	ExitNotConverged = 4
	ExitNotMeasured  = 5
	ExitInterrupted  = 130 // the user ended the run
)

// badness holds the verdicts from the best to the worst, each with its exit
// code. One list gives the order, the codes and what is a verdict at all.
var badness = []struct {
	verdict analysis.Verdict
	exit    int
}{
	{analysis.Verified, ExitVerified},
	{analysis.Inconclusive, ExitInconclusive},
	{analysis.NotConverged, ExitNotConverged},
	{analysis.Violated, ExitViolated},
	{analysis.NotMeasured, ExitNotMeasured},
}

// rank returns the place of v in badness, or -1.
func rank(v analysis.Verdict) int {
	for i, each := range badness {
		if each.verdict == v {
			return i
		}
	}
	return -1
}

// Worst returns the worst of the verdicts, in the order error, violated,
// not-converged, inconclusive, verified. Empty ones do not count. What is no
// verdict at all counts as error, and so does nothing: no data is never green.
func Worst(verdicts ...analysis.Verdict) analysis.Verdict {
	worst := -1
	for _, v := range verdicts {
		if v == "" {
			continue
		}
		r := rank(v)
		if r < 0 {
			return analysis.NotMeasured
		}
		worst = max(worst, r)
	}
	if worst < 0 {
		return analysis.NotMeasured
	}
	return badness[worst].verdict
}

// ExitCode returns the exit code of a verdict: 0 verified, 1 violated, 3
// inconclusive, 4 not converged, 5 could not measure.
func ExitCode(v analysis.Verdict) int { return badness[rank(Worst(v))].exit }

// exitUsage is the exit code of what was asked in a way that nothing can answer.
const exitUsage = 2

// ExitCode returns the exit code of the whole run: that of its verdict. But where
// nothing could be measured because of what was asked, and nothing else failed, it
// is that of a mistake in what was asked.
func (r *Report) ExitCode() int {
	switch {
	case r.Interrupted:
		return ExitInterrupted
	case r.Verdict == analysis.NotMeasured && r.misasked():
		return exitUsage
	default:
		return ExitCode(r.Verdict)
	}
}

// misasked reports whether all that could not be measured was asked for with a
// wrong rule, path or host.
func (r *Report) misasked() bool {
	some := false
	for _, s := range r.Scenarios {
		if s.Failure != "" {
			return false
		}
		for _, step := range s.Steps {
			if step.Failure != "" {
				return false
			}
			for i := range step.Checks {
				c := &step.Checks[i]
				if c.Counts() != analysis.NotMeasured {
					continue
				}
				if some = slices.ContainsFunc(c.ReasonItems, isMistake); !some {
					return false
				}
			}
		}
	}
	return some
}

// isMistake says of a reason why nothing was measured that it is a mistake in what
// was asked: the answers were there, and ended the sample.
func isMistake(f split.Finding) bool { return f.ID == "rule-at-fault" }

// Counts returns the verdict that counts for the step: that of the sample, or,
// for a negative control, verified if it came out as expected and violated if
// it did not. What a sample came to that was interrupted says nothing of what it
// would have come to.
func (c *Check) Counts() analysis.Verdict {
	if c.Interrupted && (c.ExpectedVerdict != "" || c.Verdict == analysis.Verified) {
		return analysis.Inconclusive
	}
	switch c.ExpectedVerdict {
	case "":
		return c.Verdict
	case c.Verdict:
		return analysis.Verified
	default:
		return analysis.Violated
	}
}

// AsExpected reports whether the check came out as it should.
func (c *Check) AsExpected() bool { return c.Counts() == analysis.Verified }

// Finish completes the report: it fills in the schema, the verdicts of the
// steps, of the scenarios and of the run, words what was found, adjusts p-values for the number of
// checks, and makes the lists that the contract
// promises present where they are empty.
func (r *Report) Finish() {
	r.Schema = Schema
	r.word()
	r.adjust()
	present(&r.Scenarios)
	var verdicts []analysis.Verdict
	for i := range r.Scenarios {
		r.Scenarios[i].finish()
		verdicts = append(verdicts, r.Scenarios[i].Verdict)
	}
	if r.Interrupted {
		// What was to come is not known: a part that is right is not the whole.
		verdicts = append(verdicts, analysis.Inconclusive)
	}
	r.Verdict = Worst(verdicts...)
}

func (s *Scenario) finish() {
	present(&s.Steps)
	finish(s.Graph)
	var verdicts []analysis.Verdict
	if s.Failure != "" {
		verdicts = append(verdicts, analysis.NotMeasured)
	}
	if s.Interrupted {
		verdicts = append(verdicts, analysis.Inconclusive)
	}
	for i := range s.Steps {
		s.Steps[i].finish()
		verdicts = append(verdicts, s.Steps[i].Verdict)
	}
	s.Verdict = Worst(verdicts...)
}

func (s *Step) finish() {
	finish(s.Graph)
	present(&s.Checks)
	var verdicts []analysis.Verdict
	waited := false
	for i := range s.Checks {
		c := &s.Checks[i]
		present(&c.Versions)
		present(&c.Gates)
		present(&c.Diagnosis)
		present(&c.Warnings)
		verdicts = append(verdicts, c.Counts())
		waited = waited || c.Verdict == analysis.NotConverged
	}
	if s.Failure != "" {
		verdicts = append(verdicts, analysis.NotMeasured)
	}
	// Checks of a step that never converged say so themselves, so that a
	// negative control can expect it; a step that has none must not hide it.
	if s.Convergence != nil && !s.Convergence.Converged && !waited {
		verdicts = append(verdicts, analysis.NotConverged)
	}
	s.Verdict = ""
	if len(verdicts) > 0 {
		s.Verdict = Worst(verdicts...)
	}
}

// present makes an empty list out of none, so that JSON has [] and not null.
func present[T any](list *[]T) {
	if *list == nil {
		*list = []T{}
	}
}

func finish(g *split.Graph) {
	if g != nil {
		present(&g.Nodes)
		present(&g.Edges)
	}
}
