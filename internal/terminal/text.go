// Package terminal shows to a person what a run does and what it came to: the
// text of a report, of a plan and of a simulation, and the progress while a
// sample is drawn. It knows widths, colours and tables; it is given a finished
// document or a stream, and declines to measure, to judge, and to look at the
// environment.
package terminal

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/reports"
	"github.com/splitcheck/splitcheck/reports/words"
	"github.com/splitcheck/splitcheck/split"
)

// Options say how text is laid out. The zero value is plain text of 100
// columns.
type Options struct {
	// Color allows colours; the caller knows whether there is a terminal and
	// what NO_COLOR says.
	Color bool
	// Width is the number of columns, 100 if it is 0, where tables may be wider;
	// less than 40 is taken for 40.
	Width int
	// Verbose shows every check in full, with every version, gate and statistic.
	Verbose bool
	// Unwritten says that the report could not be written everywhere it was asked
	// for, which decides the exit code.
	Unwritten bool
	// Language is what the text is written in; nil is English.
	Language *words.Language
}

// Text returns the format for a person at a terminal: the verdict first, then
// the evidence of whatever is not as expected, and a table of all checks where
// there are several. Of a check that is as expected it shows the counts.
func Text(o Options) reports.Format[*reports.Report] {
	return func(w io.Writer, r *reports.Report) error {
		safe, err := printableReport(r)
		if err != nil {
			return fmt.Errorf("cannot write the report as text: %w", err)
		}
		t := newText(o)
		t.report(safe)
		return t.flush(w)
	}
}

func (t *text) report(r *reports.Report) {
	t.simulated = r.Target.Simulated
	t.cluster = r.Target.Kind == "kind" || r.Target.Kind == "cluster"
	items := itemsOf(r)
	t.head(r, items)
	t.allWarnings(r)
	for _, each := range items {
		if len(items) == 1 || t.full(each) {
			if t.full(each) {
				t.line("")
			}
			if len(items) > 1 {
				t.rule(each)
			}
			t.item(each)
		}
	}
	if len(items) > 1 {
		t.line("")
		t.summary(items)
	}
	if t.Verbose {
		for _, s := range r.Scenarios {
			t.graph(s)
		}
	}
	t.foot(r)
}

// An item is what gets a verdict of its own: a check, or a step or scenario
// that failed before it could be checked.
type item struct {
	scenario *reports.Scenario
	step     *reports.Step
	check    *reports.Check
}

func itemsOf(r *reports.Report) []item {
	var items []item
	for i := range r.Scenarios {
		s := &r.Scenarios[i]
		if s.Failure != "" {
			items = append(items, item{scenario: s})
		}
		for j := range s.Steps {
			step := &s.Steps[j]
			if step.Verdict != "" && (step.Failure != "" || len(step.Checks) == 0) {
				items = append(items, item{scenario: s, step: step})
			}
			for k := range step.Checks {
				items = append(items, item{scenario: s, step: step, check: &step.Checks[k]})
			}
		}
	}
	return items
}

// counts returns the verdict that counts for the run.
func (i item) counts() analysis.Verdict {
	switch {
	case i.check != nil:
		return i.check.Counts()
	case i.step != nil && i.step.Failure == "":
		return i.step.Verdict
	default:
		return analysis.NotMeasured
	}
}

// full reports whether an item is shown with all that its reader needs to act.
func (t *text) full(i item) bool { return t.Verbose || i.counts() != analysis.Verified }

// name returns where the item stands: what was asked, where nobody gave it a
// name.
func (t *text) name(i item) string {
	if i.scenario.Unnamed && i.check != nil && i.check.Asked != nil && i.check.Asked.Request != "" {
		return t.saidOne(i.check.Asked.RequestItem, i.check.Asked.Request)
	}
	return joined(i.scenario.Name, i.place())
}

// place returns where the item stands in its scenario.
func (i item) place() string {
	var step, check string
	if i.step != nil {
		step = i.step.Name
	}
	if i.check != nil {
		check = i.check.Name
	}
	return joined(step, check)
}

// joined puts names one behind the other, without what repeats the one before.
func joined(names ...string) string {
	var kept []string
	for _, name := range names {
		if name != "" && (len(kept) == 0 || name != kept[len(kept)-1]) {
			kept = append(kept, name)
		}
	}
	return strings.Join(kept, " / ")
}

// verdictOf returns an item's verdict in words, with what was expected of it.
func (t *text) verdictOf(i item) string {
	if i.check == nil {
		return t.verdict(i.counts())
	}
	if i.check.Interrupted && i.counts() == analysis.Inconclusive {
		return t.word("verdict-interrupted")
	}
	switch expected := i.check.ExpectedVerdict; expected {
	case "":
		return t.verdict(i.check.Verdict)
	case i.check.Verdict:
		return t.word("verdict-as-expected", split.Values{"verdict": t.verdict(expected)})
	default:
		return t.word("verdict-but-expected", split.Values{"verdict": t.verdict(i.check.Verdict), "expected": t.verdict(expected)})
	}
}

// head writes the verdict of the run, what it is of and what carried it.
func (t *text) head(r *reports.Report, items []item) {
	big := t.verdict(r.Verdict)
	if r.Interrupted {
		big = t.word("verdict-interrupted")
	}
	label, columns := t.verdictColor(r.Verdict, " "+big+" "), cells(big)+3
	if 4*columns > t.Width {
		t.line(label)
		label, columns = "", 1
	}
	t.labelled(label, columns, t.bold(t.sentence(t.headline(r, items))))
	place := t.target(r.Target)
	if len(items) == 1 && r.Target.Kind != "recorded" {
		place = t.name(items[0]) + t.word("comma") + place
	}
	t.paragraph(strings.Repeat(" ", columns), place)
	if t.Verbose && len(r.Scenarios) == 1 {
		t.paragraph(strings.Repeat(" ", columns), r.Scenarios[0].Description)
	}
}

// foot writes how to repeat what went wrong, and the last line: the verdict
// and the exit code.
func (t *text) foot(r *reports.Report) {
	t.line("")
	if made := t.made(r); t.Verbose && made != "" {
		t.say("label-made", made)
	}
	if again := r.Reproduction; again != nil && (t.Verbose || r.Verdict != analysis.Verified) {
		if len(again.Command) > 0 {
			t.say("label-again", shellWords(again.Command))
		}
		if again.Seed != nil && !slices.Contains(again.Command, "--seed") {
			t.say("label-seed", fmt.Sprint(*again.Seed))
		}
		t.line("")
	}
	if words := t.look(r); words != "" {
		t.say("label-look", words)
		t.line("")
	}
	end := t.verdict(r.Verdict)
	if r.Interrupted {
		end = t.word("verdict-interrupted")
	}
	if r.Target.Simulated {
		end += t.word("simulated")
	}
	id, code := "exit-code", r.ExitCode()
	if t.Unwritten {
		id, code = "exit-code-unwritten", reports.ExitCode(analysis.NotMeasured)
	}
	t.paragraph("", t.word(id, split.Values{"verdict": t.verdictColor(r.Verdict, end), "code": code}))
}

// made says when the run was and what made the report of it, as far as known.
func (t *text) made(r *reports.Report) string {
	var words []string
	if r.Started != nil {
		words = append(words, r.Started.UTC().Format("2006-01-02 15:04:05 UTC"))
	}
	if seconds, ok := r.DurationSeconds.Get(); ok {
		words = append(words, t.word("took", split.Values{"time": t.duration(seconds)}))
	}
	if r.Generator != "" {
		words = append(words, t.word("made-by", split.Values{"generator": r.Generator}))
	}
	return strings.Join(words, t.word("comma"))
}

// look says how to see more of a failed run on a cluster than a report holds.
func (t *text) look(r *reports.Report) string {
	var command []string
	if r.Reproduction != nil {
		command = r.Reproduction.Command
	}
	flag := func(name string) string {
		for _, word := range command {
			if value, found := strings.CutPrefix(word, "--"+name+"="); found {
				return value
			}
		}
		return ""
	}
	gather := []string{"splitcheck", "cluster", "diagnose"}
	switch r.Target.Kind {
	case "kind":
		if name := strings.TrimPrefix(r.Target.Context, "kind-"); name != "" && name != "splitcheck" {
			gather = append(gather, "--name", name)
		}
	case "cluster":
		gather = append(gather, "--target", "cluster")
		if r.Target.Context != "" {
			gather = append(gather, "--context", r.Target.Context)
		}
		if file := flag("kubeconfig"); file != "" {
			gather = append(gather, "--kubeconfig", file)
		}
	default:
		return ""
	}
	if flag("diagnose") != "" || r.Interrupted || r.Verdict == analysis.Verified || r.Verdict == analysis.Inconclusive {
		return ""
	}
	gone := len(command) > 1 && command[1] == "run" && !slices.Contains(command, "--keep")
	return t.word("look", split.Values{"command": shellWords(gather), "gone": gone})
}

// target names what carried the traffic; a simulation says so.
func (t *text) target(target reports.Target) string {
	parts := []string{t.word("target", split.Values{
		"kind": target.Kind, "simulated": target.Simulated && target.Kind != "sim",
	})}
	for _, detail := range []string{target.Context, target.URL, target.Source} {
		if detail != "" {
			parts = append(parts, detail)
		}
	}
	for _, name := range sortedKeys(target.Versions) {
		parts = append(parts, name+" "+target.Versions[name])
	}
	return strings.Join(parts, t.word("comma"))
}

// shellWords writes a command line so that a shell reads it back.
func shellWords(command []string) string {
	quoted := make([]string, len(command))
	for i, arg := range command {
		quoted[i] = arg
		if arg == "" || strings.ContainsAny(arg, " \t\n'\"\\$`!*?[]{}()<>|&;#~") {
			quoted[i] = "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
		}
	}
	return strings.Join(quoted, " ")
}
