package words

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"github.com/splitcheck/splitcheck/split"
)

// numbers are the functions of the templates that every language has. All take
// values as JSON gives them: a number is a float64.
func (l *Language) numbers() template.FuncMap {
	return template.FuncMap{
		"percent": func(share float64, margin ...float64) string { return l.signed(Percent(share, margin...)) },
		"given":   func(share float64) string { return l.signed(Given(share)) },
		"p":       l.probability,
		"pis":     PIs,
		"count":   func(n float64) string { return Count(int64(n)) },
		"number":  func(n float64) string { return strconv.FormatInt(int64(n), 10) },
		"num":     func(x float64) string { return strconv.FormatFloat(x, 'g', 4, 64) },
		"points":  l.Points,
		"times":   func(n float64) string { return l.times(int64(n)) },
		"ratio":   ratio,
		"few":     l.few,
		"list":    func(words []any) string { return l.list(texts(words)) },
		"kinds":   l.kinds,
		"say":     l.nested,
		"rule":    l.rule,
		"tests":   func() bool { return l.tests },
		"exp":     math.Exp,
		"half":    func(x float64) float64 { return x / 2 },
	}
}

// nested words a finding that is a value of another.
func (l *Language) nested(found map[string]any) (string, error) {
	id, _ := found["id"].(string)
	if id == split.TextID {
		text, _ := found["text"].(string)
		return text, nil
	}
	return l.fill(id, found)
}

// rule is what a rule of the linter looks for, empty for one that is not known.
func (l *Language) rule(id string) (string, error) {
	if name := "rule-" + strings.ToLower(id); l.Knows(name) {
		return l.fill(name, nil)
	}
	return "", nil
}

func texts(words []any) []string {
	var all []string
	for _, word := range words {
		if text, isText := word.(string); isText {
			all = append(all, text)
		}
	}
	return all
}

// few lists three names at most.
func (l *Language) few(words []any) string {
	names := texts(words)
	if more := len(names) - 3; more > 0 {
		return strings.Join(names[:3], ", ") + l.more(int64(more))
	}
	return strings.Join(names, ", ")
}

// ratio writes shares in percent as engineers do, "90/10", with four decimals
// at most unless fewer are asked for.
func ratio(versions []any, decimals ...int) string {
	scale := 1e4
	for _, d := range decimals {
		scale = math.Pow10(d)
	}
	var parts []string
	for _, v := range versions {
		share, _ := v.(map[string]any)["share"].(float64)
		parts = append(parts, strconv.FormatFloat(math.Round(100*share*scale)/scale, 'g', 6, 64))
	}
	return strings.Join(parts, "/")
}

// kinds lists what happened how often, the commonest first, at most four.
func (l *Language) kinds(counts map[string]any) string {
	names := make([]string, 0, len(counts))
	of := func(name string) float64 { n, _ := counts[name].(float64); return n }
	for name := range counts {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(of(b), of(a)), strings.Compare(a, b))
	})
	var parts []string
	for _, name := range names[:min(4, len(names))] {
		parts = append(parts, Count(int64(of(name)))+" × "+l.Say(split.KindFound(name)))
	}
	if len(names) > 4 {
		parts = append(parts, l.others)
	}
	return strings.Join(parts, ", ")
}

// Percent writes a share that was measured: with one decimal, or, of a share
// below 1 %, or of what one above 99 % lacks, with three digits. Where a margin
// is given it has enough decimals to tell shares within it apart.
func Percent(share float64, margin ...float64) string {
	x := 100 * share
	decimals := decimalsOf(min(x, 100-x), 1)
	for _, m := range margin {
		decimals = max(decimals, Decimals(m))
	}
	return trimmed(strconv.FormatFloat(x, 'f', decimals, 64)) + " %"
}

// Given writes a share as somebody has given it, to six digits.
func Given(share float64) string { return strconv.FormatFloat(100*share, 'g', 6, 64) + " %" }

// Decimals is the number of decimals by which shares in percent are told apart
// where such a margin matters.
func Decimals(margin float64) int {
	switch {
	case margin < 0.0005:
		return 3
	case margin < 0.005:
		return 2
	}
	return 1
}

// decimalsOf are as many decimals as show three digits of a number below 1, and
// usual ones otherwise.
func decimalsOf(x float64, usual int) int {
	if x > 0 && x < 1 {
		return int(min(20, 2-math.Floor(math.Log10(x))))
	}
	return usual
}

// signed has the language's sign of percent in place of the English one.
func (l *Language) signed(text string) string { return strings.TrimSuffix(text, " %") + l.percent }

func trimmed(text string) string {
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

// smallest is where probabilities are not told apart any more: next to it a
// float64 has no digits left.
const smallest = 1e-300

// probability writes one, and says of a very small one only that it is.
func (l *Language) probability(p float64) string {
	if p < smallest {
		return l.less("1e-300")
	}
	return digits(p)
}

// digits writes a probability to three of them or, below 0.0001, to two.
func digits(p float64) string {
	if p >= 0.0001 {
		return strconv.FormatFloat(p, 'g', 3, 64)
	}
	return strconv.FormatFloat(p, 'g', 2, 64)
}

// PIs is a p-value with its sign.
func PIs(p float64) string {
	if p < smallest {
		return "p < 1e-300"
	}
	return "p = " + digits(p)
}

// Count groups the digits of n by thousands.
func Count(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
