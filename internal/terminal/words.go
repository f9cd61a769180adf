package terminal

import (
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/reports"
	"github.com/splitcheck/splitcheck/reports/words"
	"github.com/splitcheck/splitcheck/split"
)

// absent stands where there is no number.
const absent = "–"

// The titles of the columns, as ids of their words.
const (
	titleVersion    = "title-version"
	titleWeight     = "title-weight"
	titleAsked      = "title-asked"
	titleSeen       = "title-seen"
	titleCount      = "title-count"
	titleInterval   = "title-interval"
	titleBar        = "title-bar"
	titleShortBar   = "title-short-bar"
	titleCheck      = "title-check"
	titleVerdict    = "title-verdict"
	titleRequests   = "title-requests"
	titleTime       = "title-time"
	titleConfigured = "title-configured"
	titleProgrammed = "title-programmed"
	titleObserved   = "title-observed"
	titleCounted    = "title-counted"
	titleByProxies  = "title-by-proxies" // the same, where there is little room
	titleFailed     = "title-failed"
	titleFrom       = "title-from"
	titleTo         = "title-to"
	titleErrors     = "title-errors"
	titleMirrored   = "title-mirrored"
	titleShare      = "title-share"
	titleMargin     = "title-margin"
)

// word returns the words of an id in the reader's language.
func (t *text) word(id string, values ...split.Values) string {
	for _, v := range values {
		return t.Language.Words(id, v)
	}
	return t.Language.Words(id, nil)
}

// verdict returns the verdict as it is shouted.
func (t *text) verdict(v analysis.Verdict) string {
	return t.word("verdict-" + string(reports.Worst(v)))
}

// meaning returns the verdict as half a sentence.
func (t *text) meaning(v analysis.Verdict) string {
	return t.word("meaning-" + string(reports.Worst(v)))
}

// said puts what was found into the reader's language. Reports from before there
// were findings have the sentences alone.
func (t *text) said(found []split.Finding, sentences []string) []string {
	if len(found) != len(sentences) {
		return sentences
	}
	return t.Language.All(found)
}

func (t *text) saidOne(found *split.Finding, sentence string) string {
	if found == nil {
		return sentence
	}
	return t.Language.Say(*found)
}

func (t *text) percent(share float64, decimals int) string {
	return t.sign(strings.TrimSuffix(percent(share, decimals), " %"))
}

// sign puts the sign of percent behind a number.
func (t *text) sign(number string) string { return number + t.Language.Percent() }

func (t *text) points(difference float64) string { return t.Language.Points(difference) }

// count writes n with a comma between thousands.
func count(n int64) string { return words.Count(n) }

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

// duration writes seconds as a person says them.
func (t *text) duration(seconds float64) string {
	short := func(text string) string { return t.word("duration-seconds", split.Values{"seconds": text}) }
	switch {
	case math.IsNaN(seconds) || math.IsInf(seconds, 0) || seconds < 0:
		return absent
	case seconds < 0.01:
		return short("<0.01")
	case seconds < 1:
		return short(strconv.FormatFloat(seconds, 'f', 2, 64))
	case seconds < 59.95:
		return short(strconv.FormatFloat(seconds, 'f', 1, 64))
	case seconds < 3600-0.5:
		whole := int64(math.Round(seconds))
		return t.word("duration-minutes", split.Values{"minutes": whole / 60, "seconds": whole % 60})
	case seconds < 1e12:
		whole := int64(math.Round(seconds / 60))
		return t.word("duration-hours", split.Values{"hours": whole / 60, "minutes": whole % 60})
	default:
		return t.word("duration-ages")
	}
}

// byChance says what a p-value means without the word.
func (t *text) byChance(p float64) string {
	switch {
	case p >= 0.995:
		return t.word("chance-every")
	case p >= 0.0095:
		return t.word("chance-of-hundred", split.Values{"count": strconv.FormatFloat(100*p, 'f', 0, 64)})
	case p >= 1e-9:
		// Two digits are all that is worth saying: 1 in 2,300.
		one := 1 / p
		scale := math.Pow(10, math.Floor(math.Log10(one))-1)
		return t.word("chance-one-in", split.Values{"count": math.Round(one/scale) * scale})
	default:
		return t.word("chance-none")
	}
}

// sentence makes a sentence of s in the reader's language. What others have said
// keeps the form of its own.
func (t *text) sentence(s string) string {
	s = strings.TrimSpace(s)
	last, _ := utf8.DecodeLastRuneInString(s)
	switch {
	case !strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Han, r) }):
		return sentence(s)
	case strings.Contains(s, "\n") || strings.ContainsRune("。！？：.!?:", last):
		return s
	}
	return s + t.word("full-stop")
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
