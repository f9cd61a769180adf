package splittest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
	"unicode/utf8"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/reports/words"
	"github.com/splitcheck/splitcheck/split"
)

// A Result is what a sample shows.
type Result struct {
	*analysis.Judgement
	// Plan is the sample that was to be drawn, Tally what was counted of it.
	Plan  *analysis.Plan
	Tally *split.Tally
	// Ended says why the sample ended before its time; it is empty for one that
	// did not.
	Ended    string
	Duration time.Duration
}

// headlines say what a verdict means for a test.
var headlines = map[analysis.Verdict]string{
	analysis.Verified:     "verified: every version is shown to get its share, to within its margin.",
	analysis.Violated:     "violated: the answers are not split as the weights say.",
	analysis.Inconclusive: "inconclusive: this sample neither confirms the weights nor refutes them. A split that is not shown does not pass.",
	analysis.NotMeasured:  "not measured: too many calls named no version. Without data nothing passes.",
}

// String is the result in words: the verdict, what was asked and seen, why, and
// what to do next.
func (r *Result) String() string {
	var text strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&text, format, args...) }
	say("%s\n", headlines[r.Verdict])
	say("Asked %d times in %s: %d errors, %d answers that name no version.\n", r.Tally.Requests(),
		r.Duration.Round(time.Millisecond), r.Tally.Failed(), r.Tally.Unknown())
	if r.Ended != "" && r.Withdrawn == "" {
		say("The sample ended after %d of %d: %s.\n", r.Tally.Requests(), r.Plan.Requests, r.Ended)
	}
	say("\n")
	r.table(&text)
	var causes []split.Finding
	for _, each := range r.Diagnosis {
		causes = append(causes, each.Finding())
	}
	for _, part := range []struct {
		title string
		lines []string
	}{{"Without a version", unnamed(r.Tally)}, {"Why", words.InTests().All(r.Reasons)}, {"Likely", words.InTests().All(causes)},
		{"Next", words.InTests().All(r.Advice)}, {"Mind", words.InTests().All(r.Warnings)}} {
		for i, line := range part.lines {
			if i == 0 {
				say("\n%s:\n", part.title)
			}
			say("  - %s\n", wrapped(line, "    "))
		}
	}
	return strings.TrimSuffix(text.String(), "\n")
}

// table sets what was asked beside what was seen. Shares are in percent.
func (r *Result) table(text *strings.Builder) {
	table := tabwriter.NewWriter(text, 0, 0, 3, ' ', 0)
	fmt.Fprintf(table, "  VERSION\tASKED\tCOUNT\tSEEN\t95 %% INTERVAL\n")
	hits := r.Tally.Hits()
	for _, each := range r.Versions {
		asked, seen := "not at all", "\t"
		if each.Margin > 0 {
			asked = fmt.Sprintf("%.4g %% ± %.3g", 100*each.ExpectedShare, 100*each.Margin)
		}
		if hits > 0 {
			seen = fmt.Sprintf("%.1f %%\t%.1f to %.1f %%", 100*each.Share, 100*each.Low, 100*each.High)
		}
		fmt.Fprintf(table, "  %s\t%s\t%d\t%s\n", oneLine(each.Version), asked, each.Count, seen)
	}
	table.Flush()
}

// unnamed lists what came of calls that named no version.
func unnamed(t *split.Tally) []string {
	var lines []string
	for _, kinds := range []map[string]int64{t.Errors, t.Unidentified} {
		for _, kind := range slices.Sorted(maps.Keys(kinds)) {
			lines = append(lines, fmt.Sprintf("%d × %s", kinds[kind], kind))
		}
	}
	return lines
}

// wrapped breaks a long line between words, and begins the next ones with indent.
func wrapped(line, indent string) string {
	var text strings.Builder
	column := len(indent)
	for i, word := range strings.Fields(line) {
		length := utf8.RuneCountInString(word)
		switch {
		case i > 0 && column+1+length > width:
			text.WriteString("\n" + indent)
			column = len(indent)
		case i > 0:
			text.WriteByte(' ')
			column++
		}
		text.WriteString(word)
		column += length
	}
	return text.String()
}

// oneLine is text that fits into a table or a list.
func oneLine(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > longest {
		text = string(runes[:longest-1]) + "…"
	}
	return text
}

const (
	// width is how many columns a line of reasons takes.
	width = 100
	// longest is how many characters of a name or an error are shown.
	longest = 120
)
