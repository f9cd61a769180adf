package terminal

import (
	"math"
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
		if label != "" {
			label = t.word(label)
		}
		t.labelled(t.dim(label), labels, s)
	}
}

// allWarnings writes what there is to doubt, of whatever was verified too. The
// same warning of several places is written once.
func (t *text) allWarnings(r *reports.Report) {
	var order []string
	places := map[string][]string{}
	add := func(place string, found []split.Finding, sentences []string) {
		for _, w := range t.said(found, sentences) {
			if _, known := places[w]; !known {
				order = append(order, w)
			}
			if !slices.Contains(places[w], place) {
				places[w] = append(places[w], place)
			}
		}
	}
	several := len(itemsOf(r)) > 1
	add("", r.WarningItems, r.Warnings)
	for i := range r.Scenarios {
		s := &r.Scenarios[i]
		add(s.Name, s.WarningItems, s.Warnings)
		for j := range s.Steps {
			step := &s.Steps[j]
			add(t.name(item{scenario: s, step: step}), step.WarningItems, step.Warnings)
			for k := range step.Checks {
				c := &step.Checks[k]
				add(t.name(item{scenario: s, step: step, check: c}), c.WarningItems, c.Warnings)
			}
		}
	}
	for _, w := range order {
		where := places[w]
		text := t.sentence(w)
		if several && where[0] != "" {
			if more := len(where) - 1; more > 2 {
				where = []string{where[0], t.word("more", split.Values{"count": more})}
			}
			text += t.word("in-places", split.Values{"places": where})
		}
		t.labelled(t.color("33", t.word("label-warning")), labels, text)
	}
}

// rule separates one item of several from the one before.
func (t *text) rule(i item) {
	verdict, name := t.verdictOf(i), t.name(i)
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
		t.say("label-failed", t.sentence(t.saidOne(i.scenario.FailureItem, i.scenario.Failure)))
		return
	}
	t.say("label-failed", t.sentence(t.saidOne(i.step.FailureItem, i.step.Failure)))
	t.live(i.step)
	if i.step.Failure == "" {
		t.say("label-next", t.nextFor(i.counts()))
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
		t.say("label-asked", t.asked(c))
	}
	if full {
		t.live(i.step)
	}
	t.kinds("label-errors", c.ErrorsByKind)
	t.kinds("label-unknown", c.UnidentifiedByKind)
	t.statuses(c)
	t.addresses(c)
	t.mesh(c)
	if !full {
		return
	}
	if t.Verbose {
		t.say("label-means", t.means(c))
	}
	t.why(i)
	for _, g := range c.Gates {
		if g.Broken && !told(c, g) {
			t.say("label-broken", t.brokenGate(g))
		}
	}
	for n, cause := range t.said(c.Causes, c.Diagnosis) {
		t.say([]string{"label-likely", ""}[min(n, 1)], t.sentence(cause))
	}
	t.next(c)
	if t.Verbose {
		for n, line := range t.numbers(c) {
			t.say([]string{"label-numbers", ""}[min(n, 1)], t.dim(line))
		}
	}
}

// why writes the reasons for the verdict.
func (t *text) why(i item) {
	label := "label-why"
	for n, reason := range t.said(i.check.ReasonItems, i.check.Reasons) {
		if n < len(i.check.ReasonItems) && isDetail(i.step, i.check.ReasonItems[n]) {
			continue // It stands above.
		}
		t.say(label, t.sentence(reason))
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
		t.say("label-live", t.word("change-not-live", split.Values{"time": t.duration(c.Seconds.Or(0))})+t.sentence(t.saidOne(c.DetailItem, c.Detail)))
	case t.Verbose:
		if seconds, ok := c.Seconds.Get(); ok && seconds > 0 {
			t.say("label-live", t.word("change-live", split.Values{"time": t.duration(seconds)})+t.sentence(t.saidOne(c.DetailItem, c.Detail)))
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

func (t *text) questionOf(c *reports.Check) question {
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
		q.wanted = append(q.wanted, clip(v.Version, longName)+" "+t.percent(expected, d))
		if m, ok := v.Margin.Get(); ok {
			q.same = q.same && (q.margin < 0 || q.margin == m)
			q.margin = max(q.margin, m)
		}
	}
	return q
}

// asked puts the question of a check in words.
func (t *text) asked(c *reports.Check) string {
	q := t.questionOf(c)
	request := ""
	if c.Asked != nil {
		request = t.saidOne(c.Asked.RequestItem, c.Asked.Request)
	}
	if len(q.wanted) == 0 {
		return t.sentence(request)
	}
	wanted := q.wanted
	if len(wanted) > 10 {
		wanted = append(wanted[:8:8], t.word("more", split.Values{"count": len(wanted) - 8}))
	}
	return t.word("asked", split.Values{
		"wanted": wanted, "request": request, "margin": max(0, q.margin), "same": q.same, "never": q.never,
	})
}

// seen says what came back.
func (t *text) seen(i item) string {
	c := i.check
	if c.Requests == 0 {
		return t.word("nothing-seen")
	}
	values := split.Values{
		"requests": c.Requests, "errors": c.Errors, "unidentified": c.Unidentified, "verbose": t.Verbose, "interrupted": c.Interrupted,
		"error_share":        t.percent(float64(c.Errors)/float64(c.Requests), 2),
		"unidentified_share": t.percent(float64(c.Unidentified)/float64(c.Requests), 2),
	}
	if c.Asked != nil && c.Asked.PlannedRequests > c.Requests && (c.Interrupted || c.Sequential != nil) {
		values["planned"] = c.Asked.PlannedRequests
	}
	if seconds, ok := c.DurationSeconds.Get(); ok {
		values["time"] = t.duration(seconds)
		if rate, ok := c.Rate.Get(); ok && rate >= 0.5 && t.Verbose {
			values["rate"] = math.Floor(rate + 0.5)
		}
	}
	if live := i.step.Convergence; live != nil && live.Converged && live.Seconds.Or(0) > 0 {
		values["live"] = t.duration(live.Seconds.Or(0))
	}
	if s := c.Settling; s != nil && s.Settled && len(s.Windows) == 2 { // else a warning says more
		values["settling"] = s.Requests
	}
	return t.word("seen", values)
}

// kinds writes errors or unidentified answers by kind, each with an excerpt.
func (t *text) kinds(label string, kinds []reports.Kind) {
	shown := kinds
	if !t.Verbose && len(shown) > 5 {
		shown = shown[:5]
	}
	for i, k := range shown {
		line := count(k.Count) + " × " + clip(t.saidOne(k.Item, k.Kind), 80)
		if k.Example != "" {
			line += t.dim(t.word("such-as", split.Values{"example": clip(k.Example, 160)}))
		}
		t.say([]string{label, ""}[min(i, 1)], line)
	}
	if more := len(kinds) - len(shown); more > 0 {
		t.say("", t.word("more-kinds", split.Values{"count": more}))
	}
}

// means says what the verdict rests on, and how far it can be relied on.
func (t *text) means(c *reports.Check) string {
	values := split.Values{"verdict": reports.Worst(c.Verdict), "impossible": impossible(c)}
	if c.Asked != nil && !c.Asked.Alpha.IsZero() {
		values["alpha"] = t.percent(c.Asked.Alpha.Or(0), 3)
	}
	said := t.word("means", values)
	if c.ExpectedVerdict != "" {
		said += t.word("control", split.Values{
			"as_expected": c.AsExpected(), "expected": t.lower(c.ExpectedVerdict), "verdict": t.lower(c.Verdict),
		})
	}
	return said
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

func (t *text) brokenGate(g reports.Gate) string {
	values := split.Values{"gate": g.Name}
	if p, ok := g.PValue.Get(); ok {
		values["p_value"] = p
	}
	return t.word("assumption-broken", values) + t.sentence(t.saidOne(g.RepairItem, g.Repair))
}

// next says what to do: the advice of the judgement, else what is always true.
func (t *text) next(c *reports.Check) {
	advice := t.said(c.AdviceItems, c.Advice)
	switch {
	case len(advice) > 0 || c.AsExpected():
	case c.ExpectedVerdict != "":
		advice = []string{t.word("next-control")}
	case !broken(c):
		advice = []string{t.nextFor(c.Verdict)}
	}
	for i, a := range advice {
		t.say([]string{"label-next", ""}[min(i, 1)], t.sentence(a))
	}
}

// broken reports whether a gate is: the repair is then what to do, and the
// statistics that rest on the assumption mean nothing.
func broken(c *reports.Check) bool {
	return slices.ContainsFunc(c.Gates, func(g reports.Gate) bool { return g.Broken })
}

func (t *text) nextFor(v analysis.Verdict) string {
	if reports.Worst(v) == analysis.Verified {
		return ""
	}
	return t.word("next-" + string(reports.Worst(v)))
}
