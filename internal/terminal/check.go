package terminal

import (
	"fmt"
	"slices"
	"strings"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/reports"
	"github.com/splitcheck/splitcheck/split"
)

// labels is how many columns the words at the left of a check take.
const labels = 9

// say writes a labelled paragraph of a check.
func (t *text) say(label, s string) {
	if s != "" {
		t.labelled(t.dim(label), labels, s)
	}
}

// allWarnings writes what there is to doubt, of whatever was verified too. The
// same warning of several places is written once.
func (t *text) allWarnings(r *reports.Report) {
	var order []string
	places := map[string][]string{}
	add := func(place string, warnings []string) {
		for _, w := range warnings {
			if _, known := places[w]; !known {
				order = append(order, w)
			}
			if !slices.Contains(places[w], place) {
				places[w] = append(places[w], place)
			}
		}
	}
	several := len(itemsOf(r)) > 1
	add("", r.Warnings)
	for i := range r.Scenarios {
		s := &r.Scenarios[i]
		add(s.Name, s.Warnings)
		for j := range s.Steps {
			step := &s.Steps[j]
			add(item{scenario: s, step: step}.name(), step.Warnings)
			for k := range step.Checks {
				add(item{scenario: s, step: step, check: &step.Checks[k]}.name(), step.Checks[k].Warnings)
			}
		}
	}
	for _, w := range order {
		where := places[w]
		text := sentence(w)
		switch {
		case !several || where[0] == "":
		case len(where) > 3:
			text += fmt.Sprintf(" (%s and %d more)", where[0], len(where)-1)
		default:
			text += " (" + list(where) + ")"
		}
		t.labelled(t.color("33", "Warning"), labels, text)
	}
}

// rule separates one item of several from the one before.
func (t *text) rule(i item) {
	verdict, name := i.verdict(), i.name()
	room := t.Width - cells(verdict) - 6
	if room < min(cells(name), narrowest/2) {
		t.paragraph("── ", t.bold(name))
		t.paragraph("   ", t.verdictColor(i.counts(), verdict))
		return
	}
	name = clip(name, room)
	t.line("── " + t.bold(name) + " " + t.dim(strings.Repeat("─", room-cells(name))) + " " + t.verdictColor(i.counts(), verdict))
}

// item writes what there is to say about one item.
func (t *text) item(i item) {
	if i.check != nil {
		t.check(i)
		return
	}
	if i.step == nil {
		t.say("Failed", sentence(i.scenario.Failure))
		return
	}
	t.say("Failed", sentence(i.step.Failure))
	t.live(i.step)
	if i.step.Failure == "" {
		t.say("Next", nextFor(i.counts()))
	}
}

// check writes what was counted. Of a check that is not as expected it says
// why, and what to do; the statistics are for those who ask.
func (t *text) check(i item) {
	c, full := i.check, t.full(i)
	if len(c.Versions) > 0 {
		t.versions(c, full)
		if full {
			t.line("")
		}
	}
	t.paragraph("", t.seen(i))
	if full || t.cluster && !i.scenario.Unnamed {
		t.say("Asked", asked(c))
	}
	if full {
		t.live(i.step)
	}
	t.kinds("Errors", c.ErrorsByKind)
	t.kinds("Unknown", c.UnidentifiedByKind)
	t.mesh(c)
	if !full {
		return
	}
	if t.Verbose {
		t.say("Means", means(c))
	}
	t.why(i)
	for _, g := range c.Gates {
		if g.Broken && !told(c, g) {
			t.say("Broken", brokenGate(g))
		}
	}
	for n, d := range c.Diagnosis {
		t.say([]string{"Likely", ""}[min(n, 1)], sentence(d))
	}
	t.next(c)
	if t.Verbose {
		for n, line := range numbers(c) {
			t.say([]string{"Numbers", ""}[min(n, 1)], t.dim(line))
		}
	}
}

// why writes the reasons for the verdict.
func (t *text) why(i item) {
	label := "Why"
	for n, reason := range i.check.Reasons {
		if n < len(i.check.ReasonItems) && isDetail(i.step, i.check.ReasonItems[n]) {
			continue // It stands above.
		}
		t.say(label, sentence(reason))
		label = ""
	}
}

// live says more of how a change took effect than that it did.
func (t *text) live(step *reports.Step) {
	c := step.Convergence
	switch {
	case c == nil:
		return
	case !c.Converged:
		t.say("Live", "The change was not in effect after "+duration(c.Seconds.Or(0))+". "+sentence(c.Detail))
	case t.Verbose:
		if seconds, ok := c.Seconds.Get(); ok && seconds > 0 {
			t.say("Live", "The change was in effect after "+duration(seconds)+"; what was sent until then does not count. "+sentence(c.Detail))
		}
	}
	t.states(c)
}

// A question is what a check asks of the versions.
type question struct {
	wanted, never []string
	// margin is the greatest of the margins, and same says that all are so.
	margin float64
	same   bool
}

func questionOf(c *reports.Check) question {
	q := question{margin: -1, same: true}
	d := decimals(c.Versions)
	for _, v := range c.Versions {
		expected := v.ExpectedShare.Or(0)
		switch {
		case v.Unexpected:
			continue
		case expected == 0:
			q.never = append(q.never, clip(v.Version, longName))
			continue
		}
		q.wanted = append(q.wanted, clip(v.Version, longName)+" "+percent(expected, d))
		if m, ok := v.Margin.Get(); ok {
			q.same = q.same && (q.margin < 0 || q.margin == m)
			q.margin = max(q.margin, m)
		}
	}
	return q
}

// asked puts the question of a check in words.
func asked(c *reports.Check) string {
	q := questionOf(c)
	if len(q.wanted) == 0 {
		if c.Asked == nil {
			return ""
		}
		return sentence(c.Asked.Request)
	}
	wanted := q.wanted
	if len(wanted) > 10 {
		wanted = append(wanted[:8:8], fmt.Sprintf("%d more", len(wanted)-8))
	}
	s := list(wanted)
	if c.Asked != nil && c.Asked.Request != "" {
		s += " of " + c.Asked.Request
	}
	switch {
	case q.margin > 0 && q.same && len(wanted) > 1:
		s += ", each to within " + points(q.margin)
	case q.margin > 0 && q.same:
		s += ", to within " + points(q.margin)
	case q.margin > 0:
		s += ", each to within its margin"
	}
	if len(q.never) > 0 {
		s += "; " + list(q.never) + " never"
	}
	return s + "."
}

// seen says what came back.
func (t *text) seen(i item) string {
	c := i.check
	if c.Requests == 0 {
		return "No request was counted."
	}
	s := plural(c.Requests, "request")
	if c.Interrupted && c.Asked != nil && c.Asked.PlannedRequests > c.Requests {
		s = fmt.Sprintf("Interrupted after %s of %s requests", count(c.Requests), count(c.Asked.PlannedRequests))
	}
	if c.Sequential != nil && !c.Interrupted && c.Asked != nil && c.Asked.PlannedRequests > c.Requests {
		s = fmt.Sprintf("%s of %s at most", count(c.Requests), plural(c.Asked.PlannedRequests, "request"))
	}
	if seconds, ok := c.DurationSeconds.Get(); ok {
		s += " in " + duration(seconds)
		if rate, ok := c.Rate.Get(); ok && rate >= 0.5 && t.Verbose {
			s += fmt.Sprintf(" (%s a second)", count(int64(rate+0.5)))
		}
	}
	share := func(n int64) string { return percent(float64(n)/float64(c.Requests), 2) }
	var lost []string
	if c.Errors > 0 {
		lost = append(lost, fmt.Sprintf("%s (%s)", plural(c.Errors, "error"), share(c.Errors)))
	}
	if c.Unidentified > 0 {
		lost = append(lost, fmt.Sprintf("%s (%s) that named no version", plural(c.Unidentified, "answer"), share(c.Unidentified)))
	}
	switch {
	case len(lost) > 0:
		s += ": " + list(lost)
	case t.Verbose:
		s += ", no errors, and every answer named its version"
	default:
		s += ", no errors"
	}
	if live := i.step.Convergence; live != nil && live.Converged && live.Seconds.Or(0) > 0 {
		s += "; live " + duration(live.Seconds.Or(0)) + " after the change"
	}
	return s + "."
}

// kinds writes errors or unidentified answers by kind, each with an excerpt.
func (t *text) kinds(label string, kinds []reports.Kind) {
	shown := kinds
	if !t.Verbose && len(shown) > 5 {
		shown = shown[:5]
	}
	for i, k := range shown {
		line := count(k.Count) + " × " + clip(k.Kind, 80)
		if k.Example != "" {
			line += t.dim(", such as: " + clip(k.Example, 160))
		}
		t.say([]string{label, ""}[min(i, 1)], line)
	}
	if more := len(kinds) - len(shown); more > 0 {
		t.say("", fmt.Sprintf("and %d more kinds; --verbose shows them", more))
	}
}

// evidence is what each verdict rests on.
var evidence = map[analysis.Verdict]string{
	analysis.Verified:     "Every share is shown to be within its margin.",
	analysis.Violated:     "This is more than chance.",
	analysis.Inconclusive: "The weights are neither shown right nor shown wrong.",
	analysis.NotConverged: "No sample was drawn: it would have measured the weights from before.",
	analysis.NotMeasured:  "Too little is known to judge the split.",
}

// means says what the verdict rests on, and how far it can be relied on.
func means(c *reports.Check) string {
	s := evidence[reports.Worst(c.Verdict)]
	if c.Asked != nil && !c.Asked.Alpha.IsZero() {
		alpha := percent(c.Asked.Alpha.Or(0), 3)
		switch c.Verdict {
		case analysis.Verified:
			s += " Were one off by its margin or more, this verdict would come with a probability of at most " + alpha + "."
		case analysis.Violated:
			if impossible(c) {
				return "A version answered that must never answer. Chance cannot do that." + control(c)
			}
			s += " A correct split gets this verdict with a probability of at most " + alpha + "."
		}
	}
	return s + control(c)
}

// control says what a negative control came to.
func control(c *reports.Check) string {
	switch c.ExpectedVerdict {
	case "":
		return ""
	case c.Verdict:
		return " It is a negative control: exactly this was expected, so it counts as verified."
	default:
		return fmt.Sprintf(" It is a negative control: %s was expected and %s came out, so it counts as violated.", c.ExpectedVerdict, c.Verdict)
	}
}

// isDetail reports whether a reason is what there is to say of a change that did
// not take effect.
func isDetail(step *reports.Step, reason split.Finding) bool {
	live := step.Convergence
	return live != nil && live.DetailItem != nil && reason.Same(*live.DetailItem)
}

// told reports whether the advice says already how to repair what g found broken.
func told(c *reports.Check, g reports.Gate) bool {
	return slices.ContainsFunc(c.AdviceItems, func(f split.Finding) bool { return f.Text("gate") == g.Name })
}

func brokenGate(g reports.Gate) string {
	s := "The assumption that \"" + g.Name + "\" tests does not hold"
	if p, ok := g.PValue.Get(); ok {
		s += " (" + probability(p) + ")"
	}
	return s + ", so the counts cannot be judged. " + sentence(g.Repair)
}

// next says what to do: the advice of the judgement, else what is always true.
func (t *text) next(c *reports.Check) {
	advice := c.Advice
	switch {
	case len(advice) > 0 || c.AsExpected():
	case c.ExpectedVerdict != "":
		advice = []string{"See whether the fault that was to be found is really in effect; if it is, the sample is too small to notice it."}
	case !broken(c):
		advice = []string{nextFor(c.Verdict)}
	}
	for i, a := range advice {
		t.say([]string{"Next", ""}[min(i, 1)], sentence(a))
	}
}

// broken reports whether a gate is: the repair is then what to do, and the
// statistics that rest on the assumption mean nothing.
func broken(c *reports.Check) bool {
	return slices.ContainsFunc(c.Gates, func(g reports.Gate) bool { return g.Broken })
}

func nextFor(v analysis.Verdict) string {
	switch reports.Worst(v) {
	case analysis.Verified:
		return ""
	case analysis.Violated:
		return "Compare the weights that are applied with those expected; then ask which other route, balancer or retry could have chosen."
	case analysis.Inconclusive:
		return "Send more requests, or allow a wider margin."
	case analysis.NotConverged:
		return "See whether the change was accepted and reached every proxy; if it is only slow, raise settle.timeout."
	default:
		return "See whether the target answers at all, then run the check again."
	}
}
