package scenarios

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/splitcheck/splitcheck/identify"
	"github.com/splitcheck/splitcheck/internal/problems"
	"github.com/splitcheck/splitcheck/internal/routing"
)

// LintIdentify asks every version that a check is to tell apart for an answer,
// through the applications themselves, and reports each that the check's rules
// do not name as exactly itself. It sends the check's own request the way that
// the load would go, with the Service that splits pinned to one version at a
// time; where no way in is known, the bundle says what to ask each version
// itself. Checks whose rules call the versions by names of their own ("red"),
// and those that count mirrored copies, have nothing to be compared with.
func LintIdentify(s *Scenario) problems.List {
	l := &linter{now: finding{id: idIdentify}}
	for _, v := range views(s) {
		for _, c := range v.judged() {
			if c.Mirrored == "" && v.namesVersions(c) {
				v.lintAnswers(l, c)
			}
		}
	}
	return l.found.Sort()
}

// namesVersions tells whether a check expects nothing but versions of pods.
func (v *view) namesVersions(c Check) bool {
	for _, w := range c.Expect {
		if !v.isVersion(w.Version) {
			return false
		}
	}
	return true
}

func (v *view) lintAnswers(l *linter, c Check) {
	e := v.enter(c)
	if e.first == nil {
		v.lintProbes(l, c)
		return
	}
	split := v.split(c, e)
	if split == nil {
		return
	}
	for _, w := range v.behind(*split, nil) {
		if version := v.versionOf(w); c.Expect.Has(version) {
			answer, err := (&pinned{view: v, service: split.host, workload: w}).ask(c, e)
			if err == nil && e.rule != nil {
				e.rule.ChangeResponse(answer.Header, v.leads(e.rule, version))
			}
			l.judge(c, w, version, c.Request.Method+" "+c.Request.Path, answer, err)
		}
	}
}

// leads is the destination of a rule that stands for a version, or nil.
func (v *view) leads(rule *routing.Rule, version string) *routing.Destination {
	for i, d := range rule.Destinations {
		if v.versionBehind(d, rule) == version {
			return &rule.Destinations[i]
		}
	}
	return nil
}

// lintProbes asks the versions of a bundle themselves.
func (v *view) lintProbes(l *linter, c Check) {
	if v.scenario.bundle == nil || c.ownIdentify {
		return
	}
	for _, p := range v.scenario.bundle.probes {
		for _, w := range v.pods {
			if w.object.Name == p.workload && v.versionOf(w) == p.version {
				answer, err := (&pinned{view: v}).answer(w, request(Request{Method: http.MethodGet, Path: p.path}))
				l.judge(c, w, p.version, "GET "+p.path, answer, err)
			}
		}
	}
}

// judge reports an answer that does not name the version that gave it.
func (l *linter) judge(c Check, w workload, version, asked string, answer identify.Answer, err error) {
	if err != nil {
		l.checkVersion(c, version, fmt.Sprintf("%s (%s) cannot be asked: %s", w.object.Name, version, err), "correct its image or environment")
		return
	}
	names := c.Identify.All(answer)
	if len(names) == 1 && names[0] == version {
		return
	}
	asked += fmt.Sprintf(", answered by %s (%s)", w.object.Name, version)
	hint := "the answer: " + excerpt(answer)
	switch {
	case len(names) == 0:
		l.checkVersion(c, version, fmt.Sprintf("no rule of identify names a version in the answer to %s", asked), hint)
	case len(names) == 1:
		l.checkVersion(c, version, fmt.Sprintf("identify names %s in the answer to %s", names[0], asked), hint)
	default:
		l.checkVersion(c, version, fmt.Sprintf("identify finds %s in the answer to %s, which tells nothing", strings.Join(names, " and "), asked), "make the rule match once; "+hint)
	}
}

// versionOfCheck is a version of the check at a place.
type versionOfCheck struct {
	file         string
	line, column int
	version      string
}

// checkVersion reports one version of a check: several may fail at one place, each
// of them once.
func (l *linter) checkVersion(c Check, version, message, hint string) {
	place := c.place("identify")
	p := problems.Problem{
		File: c.File, Line: place.line, Column: place.column, ID: l.now.id,
		Message: fmt.Sprintf("check %s: %s", c.Name, message), Hint: hint,
	}
	key := versionOfCheck{p.File, p.Line, p.Column, version}
	if l.judged[key] {
		return
	}
	if l.judged == nil {
		l.judged = map[versionOfCheck]bool{}
	}
	l.judged[key] = true
	l.found = append(l.found, p)
}

func excerpt(a identify.Answer) string {
	const most = 160
	var headers []string
	for _, name := range slices.Sorted(maps.Keys(a.Header)) {
		headers = append(headers, name+": "+a.Header.Get(name))
	}
	body := strings.Join(strings.Fields(string(a.Body)), " ")
	if runes := []rune(body); len(runes) > most {
		body = string(runes[:most]) + "…"
	}
	return fmt.Sprintf("%d, %s, %s", a.Status, strings.Join(headers, ", "), body)
}
