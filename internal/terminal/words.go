package terminal

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/reports"
)

// absent stands where there is no number.
const absent = "–"

// The titles of the columns.
const (
	titleVersion    = "VERSION"
	titleWeight     = "WEIGHT"
	titleAsked      = "ASKED"
	titleSeen       = "SEEN"
	titleCount      = "COUNT"
	titleInterval   = "95 % INTERVAL"
	titleBar        = "│ ASKED  █ SEEN"
	titleShortBar   = "│ ASKED"
	titleCheck      = "CHECK"
	titleVerdict    = "VERDICT"
	titleRequests   = "REQUESTS"
	titleTime       = "TIME"
	titleConfigured = "CONFIGURED"
	titleProgrammed = "PROGRAMMED"
	titleObserved   = "OBSERVED"
	titleCounted    = "COUNTED BY PROXIES"
	titleByProxies  = "BY PROXIES" // the same, where there is little room
	titleFailed     = "FAILED"
)

// said is how each verdict is put to a person.
var said = map[analysis.Verdict]struct{ word, meaning string }{
	analysis.Verified:     {"VERIFIED", "the traffic splits as the weights say"},
	analysis.Violated:     {"VIOLATED", "the traffic does not split as the weights say"},
	analysis.Inconclusive: {"INCONCLUSIVE", "this sample can neither confirm the weights nor refute them"},
	analysis.NotConverged: {"NOT CONVERGED", "the new weights never took effect, so the split was not measured"},
	analysis.NotMeasured:  {"COULD NOT MEASURE", "the split could not be measured"},
}

// wordInterrupted stands in the place of a verdict that there is not.
const wordInterrupted = "INTERRUPTED"

// word returns the verdict as it is shouted.
func word(v analysis.Verdict) string { return said[reports.Worst(v)].word }

// meaning returns the verdict as half a sentence.
func meaning(v analysis.Verdict) string { return said[reports.Worst(v)].meaning }

// count writes n with a comma between thousands.
func count(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// plural writes n and the noun, with an s unless there is one.
func plural(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return count(n) + " " + noun + "s"
}

// percent writes a share with at most that many decimals, and never rounds a
// part to nothing or to the whole.
func percent(share float64, decimals int) string {
	text := fixed(share, decimals)
	if strings.Contains(text, ".") && !strings.ContainsAny(text, "<>") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text + " %"
}

// fixed writes a share in percent with exactly that many decimals, without the
// sign.
func fixed(share float64, decimals int) string {
	if math.IsNaN(share) || math.IsInf(share, 0) {
		return absent
	}
	text := strconv.FormatFloat(100*share, 'f', decimals, 64)
	least := math.Pow10(-decimals)
	switch rounded, _ := strconv.ParseFloat(text, 64); {
	case share > 0 && rounded == 0:
		return "<" + strconv.FormatFloat(least, 'f', decimals, 64)
	case share < 1 && rounded == 100:
		return ">" + strconv.FormatFloat(100-least, 'f', decimals, 64)
	}
	return text
}

// points writes a difference of shares in percentage points.
func points(difference float64) string {
	text := strings.TrimSuffix(percent(difference, 2), " %")
	if text == "1" {
		return "1 point"
	}
	return text + " points"
}

// duration writes seconds as a person says them.
func duration(seconds float64) string {
	switch {
	case math.IsNaN(seconds) || math.IsInf(seconds, 0) || seconds < 0:
		return absent
	case seconds < 0.01:
		return "<0.01 s"
	case seconds < 1:
		return strconv.FormatFloat(seconds, 'f', 2, 64) + " s"
	case seconds < 59.95:
		return strconv.FormatFloat(seconds, 'f', 1, 64) + " s"
	case seconds < 3600-0.5:
		whole := int64(math.Round(seconds))
		return fmt.Sprintf("%d min %d s", whole/60, whole%60)
	case seconds < 1e12:
		whole := int64(math.Round(seconds / 60))
		return fmt.Sprintf("%s h %d min", count(whole/60), whole%60)
	default:
		return "ages"
	}
}

// probability writes a p-value with two significant digits.
func probability(p float64) string {
	switch {
	case p < 1e-12:
		return "p < 1e-12"
	case p < 0.001:
		return "p = " + strconv.FormatFloat(p, 'e', 1, 64)
	case p < 0.0995:
		return "p = " + strconv.FormatFloat(p, 'g', 2, 64)
	default:
		return "p = " + strconv.FormatFloat(p, 'f', 2, 64)
	}
}

// byChance says what a p-value means without the word.
func byChance(p float64) string {
	const tail = " at least this far off"
	switch {
	case p >= 0.995:
		return "chance alone puts practically every correct split" + tail
	case p >= 0.0095:
		return fmt.Sprintf("chance alone puts about %.0f of 100 correct splits%s", 100*p, tail)
	case p >= 1e-9:
		// Two digits are all that is worth saying: 1 in 2,300.
		one := 1 / p
		scale := math.Pow(10, math.Floor(math.Log10(one))-1)
		return "chance alone puts about 1 in " + count(int64(math.Round(one/scale)*scale)) + " correct splits" + tail
	default:
		return "chance alone puts practically no correct split" + tail
	}
}

// list joins words as a sentence does.
func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

// sentence makes a sentence of s: a capital first, a full stop at the end.
func sentence(s string) string {
	s = strings.TrimSpace(s)
	if s == "" {
		return ""
	}
	if first, rest, several := strings.Cut(s, "\n"); several {
		return strings.TrimSuffix(sentence(first+":"), ":") + "\n" + rest
	}
	if !strings.ContainsAny(s[len(s)-1:], ".!?:") {
		s += "."
	}
	if s[0] >= 'a' && s[0] <= 'z' && !startsWithName(s) {
		s = string(s[0]-'a'+'A') + s[1:]
	}
	return s
}

// startsWithName reports whether the first word is a name such as v1 or
// reviews-v2, which is left as it is.
func startsWithName(s string) bool {
	first, _, _ := strings.Cut(s, " ")
	return strings.ContainsAny(first, "0123456789-_/=")
}
