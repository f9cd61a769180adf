package scenarios

import (
	"fmt"
	"slices"

	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/problems"
)

// A finding is a kind of trap that linting knows; docs/lint.md explains each.
type finding struct {
	id string
	// warning marks what is worth knowing; the others would make a check
	// meaningless.
	warning bool
	title   string
	// look reports the trap where it finds it.
	look func(l *linter, v *view)
}

// findings are all that linting looks for, in the order of their identifiers.
// It is a function to keep the rules, which name their own identifiers nowhere
// else, out of an initialisation cycle.
func findings() []finding {
	return []finding{
		{"SC101", false, "a Service as a route's parent without its group", lintParentGroup},
		{"SC102", false, "two VirtualServices for one host", lintOneHostTwice},
		{"SC103", false, "a subset that no DestinationRule defines", lintSubsetDefined},
		{"SC104", false, "a subset that selects no pods", lintSubsetPods},
		{"SC105", true, "a weight where there is nothing to choose", lintLoneWeight},
		{idZeroSum, false, "weights that sum to 0", lintZeroSum},
		{"SC107", false, "one of several destinations lacks a weight", lintMissingWeight},
		{"SC108", false, "a rule that can never match", lintUnreachable},
		{"SC109", false, "a host that names no Service", lintHosts},
		{"SC110", false, "a port that the Service does not have", lintPorts},
		{"SC111", false, "a gateway that does not exist", lintGatewayExists},
		{"SC112", false, "a host of the mesh routed at gateways only", lintMeshMissing},
		{"SC113", false, "a Gateway whose selector matches no gateway", lintGatewaySelector},
		{"SC114", false, "a fault without a percentage", lintFaultPercentage},
		{"SC115", false, "a reference into another namespace without a grant", lintGrants},
		{"SC116", false, "a marker that the mesh overwrites", lintMarker},
		{"SC117", true, "a split left to the balancer, with several requests in flight", lintBalancer},
		{"SC118", true, "end-user sent to productpage from outside", lintEndUser},
		{"SC119", false, "load that bypasses the rules", lintPastRules},
		{"SC120", true, "several requests on a connection that chooses once", lintKeepAlive},
		{"SC121", true, "an expectation that disagrees with the weights", lintDisagreement},
		{"SC122", true, "a margin wider than the share", lintMargins},
		{"SC124", false, "a Service that selects no pods", lintServicePods},
		{"SC125", true, "destinations of one split that share pods", lintSharedPods},
		{"SC126", false, "a check whose requests no route takes", lintNoRoute},
		{"SC127", true, "a regular expression that matches only a part", lintPartOfValue},
		{"SC128", true, "a consistent hash beside weights", lintHashBesideWeights},
		{"SC129", true, "a version that no answer can name", lintVersionNames},
		{"SC130", false, "what decides a split and is not interpreted", lintNotUnderstood},
		{idNotInterpreted, true, "what Istio drops or splitcheck does not interpret", lintCompile},
	}
}

// Identifiers of problems that are found elsewhere than in findings, or there too.
const (
	idZeroSum        = "SC106"
	idNotInterpreted = "SC190"
	// idRefused marks what validation would not let into a cluster;
	// loading reports it, for such a scenario cannot be run.
	idRefused = "SC191"
	// idIdentify marks what LintIdentify finds.
	idIdentify = "SC123"
)

// elsewhere are the findings that something is missing. What the scenario's files
// lack a cluster may have, and the target that is one says what it lacks itself.
var elsewhere = []string{"SC103", "SC109", "SC111", "SC113", "SC115", "SC124", "SC126"}

// OnCluster returns the scenario without the warnings that only a look into the
// cluster could bear out: routes are commonly tried on applications and gateways
// that are there.
func (s *Scenario) OnCluster() *Scenario {
	there := *s
	there.Warnings = slices.DeleteFunc(slices.Clone(s.Warnings), func(p problems.Problem) bool { return slices.Contains(elsewhere, p.ID) })
	return &there
}

// A linter gathers findings.
type linter struct {
	now   finding
	found problems.List
	// judged are the versions of checks that LintIdentify has reported.
	judged map[versionOfCheck]bool
}

// Lint looks for traps in a scenario that can be run: configurations that are
// taken without a word and that do not do what they say, and checks that could
// not show what they claim. Errors would make a check meaningless, warnings are
// worth knowing. Each has an identifier that docs/lint.md explains. A trap in a
// check that expects any verdict but verified is meant, and not reported.
func Lint(s *Scenario) problems.List { return lint(views(s)) }

func lint(all []*view) problems.List {
	l := &linter{}
	for _, l.now = range findings() {
		for _, v := range all {
			l.now.look(l, v)
		}
	}
	return l.found.Sort()
}

// at reports the current finding at a field of an object. The same finding at
// the same place is reported once: most hold in several steps.
func (l *linter) at(o manifests.Object, path, message, hint string) {
	line, column := o.Position(path)
	l.report(problems.Problem{File: o.File, Line: line, Column: column, Message: fmt.Sprintf("%s: %s", o, message), Hint: hint})
}

// check reports the current finding at a field of a check.
func (l *linter) check(c Check, field, message, hint string) {
	p := c.place(field)
	l.report(problems.Problem{File: c.File, Line: p.line, Column: p.column, Message: fmt.Sprintf("check %s: %s", c.Name, message), Hint: hint})
}

func (l *linter) report(p problems.Problem) {
	p.ID, p.Warning = l.now.id, l.now.warning
	same := func(q problems.Problem) bool {
		return q.ID == p.ID && q.File == p.File && q.Line == p.Line && q.Column == p.Column
	}
	if !l.full() && !slices.ContainsFunc(l.found, same) {
		l.found = append(l.found, p)
	}
}

// full tells that enough is found: nobody reads more, and looking for the same
// would take ever longer.
func (l *linter) full() bool { return len(l.found) >= mostFindings }

const mostFindings = 200

// sameLine tells whether something has been found in the line of p: the reader
// has enough to look at there.
func sameLine(found problems.List, p problems.Problem) bool {
	return slices.ContainsFunc(found, func(q problems.Problem) bool {
		return q.File == p.File && q.Line == p.Line
	})
}

// judged are the checks of the step in which a trap would not be meant.
func (v *view) judged() []Check {
	return slices.DeleteFunc(slices.Clone(v.step.Checks), func(c Check) bool { return c.ExpectVerdict != "verified" })
}
