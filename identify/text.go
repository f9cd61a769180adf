package identify

import (
	"bytes"
	"iter"
	"regexp"
	"regexp/syntax"
	"slices"
	"unicode"
	"unicode/utf8"
)

// text searches by a regular expression.
type text struct {
	re      *regexp.Regexp
	group   int // 0 for the whole match
	version string
	names   names
	// looksAround says that a match may depend on the text before or after it,
	// so the search cannot continue in the rest of the text alone.
	looksAround bool
	// bounded says that the pattern ended in \b. It is left out of re: what ends
	// inside a longer word is to be known, not passed over.
	bounded bool
}

// withoutLastBoundary takes the \b off the end of a pattern whose last characters
// are those of words, so that it can say only that the word ends there.
func withoutLastBoundary(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpCapture:
		return withoutLastBoundary(re.Sub[0])
	case syntax.OpConcat:
		last := len(re.Sub) - 1
		if re.Sub[last].Op != syntax.OpWordBoundary {
			return withoutLastBoundary(re.Sub[last])
		}
		if !endsInWord(re.Sub[last-1]) {
			return false
		}
		re.Sub = re.Sub[:last]
		return true
	}
	return false
}

// endsInWord says whether every match of re ends in a character of a word.
func endsInWord(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpLiteral:
		return re.Flags&syntax.FoldCase == 0 && isWord(re.Rune[len(re.Rune)-1])
	case syntax.OpCharClass:
		for i := 0; i < len(re.Rune); i += 2 {
			for r := re.Rune[i]; r <= re.Rune[i+1]; r++ {
				if !isWord(r) {
					return false
				}
			}
		}
		return true
	case syntax.OpPlus, syntax.OpCapture:
		return endsInWord(re.Sub[0])
	case syntax.OpConcat:
		return endsInWord(re.Sub[len(re.Sub)-1])
	case syntax.OpAlternate:
		return !slices.ContainsFunc(re.Sub, func(sub *syntax.Regexp) bool { return !endsInWord(sub) })
	}
	return false
}

// isWord says whether regular expressions count r among the characters of words.
func isWord(r rune) bool {
	return r == '_' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z'
}

// looksAround says whether re asks what stands around a place.
func looksAround(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText, syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return true
	}
	return slices.ContainsFunc(re.Sub, looksAround)
}

// first returns the first version that s names, and the first that differs from
// it. The search goes to the end of s, for that is where the other may stand.
func (t *text) first(s []byte) (version, other string) {
	for from, to := range t.matches(s) {
		name, ok := t.nameOf(s[from:to])
		if !ok || t.insideWord(s, to) {
			continue // "v(\d*)" meets the v of "div" first
		}
		switch {
		case version == "":
			version = name
			if t.version != "" {
				return version, ""
			}
		case name != version:
			return version, name
		}
	}
	return version, ""
}

// manyMarkers bounds what is shown to people of one answer.
const manyMarkers = 100

func (t *text) all(s []byte, found *Finding) {
	for from, to := range t.matches(s) {
		name, ok := t.nameOf(s[from:to])
		switch {
		case !ok:
		case t.insideWord(s, to):
			found.Inside = appendNew(found.Inside, name)
		default:
			found.Versions = appendNew(found.Versions, name)
		}
		if len(found.Inside)+len(found.Versions) >= manyMarkers {
			return
		}
	}
}

// matches yields where in s what names a version begins and ends, match by match.
func (t *text) matches(s []byte) iter.Seq2[int, int] {
	return func(yield func(from, to int) bool) {
		if t.looksAround {
			for _, at := range t.re.FindAllSubmatchIndex(s, -1) {
				if from, to := at[2*t.group], at[2*t.group+1]; from >= 0 && !yield(from, to) {
					return
				}
			}
			return
		}
		for done := 0; done <= len(s); {
			from, to, end, ok := t.next(s[done:])
			if !ok || from >= 0 && !yield(done+from, done+to) {
				return
			}
			done += max(end, 1)
		}
	}
}

// next finds the first match in s; from is negative where the group took no part
// in it. It allocates only where the group is not the whole match.
func (t *text) next(s []byte) (from, to, end int, ok bool) {
	if t.group > 0 {
		at := t.re.FindSubmatchIndex(s)
		if at == nil {
			return 0, 0, 0, false
		}
		return at[2*t.group], at[2*t.group+1], at[1], true
	}
	found := t.re.Find(s)
	if found == nil {
		return 0, 0, 0, false
	}
	// Nothing around it matters, so the same bytes further left would have been
	// found instead.
	from = bytes.Index(s, found)
	return from, from + len(found), from + len(found), true
}

func (t *text) nameOf(found []byte) (string, bool) {
	if t.version != "" {
		return t.version, true
	}
	return t.names.name(found)
}

// insideWord says whether the word that ends at end goes on there. A rule that
// names its version by itself may end on purpose where no word is.
func (t *text) insideWord(s []byte, end int) bool {
	next, _ := utf8.DecodeRune(s[end:])
	if t.bounded && next == '_' {
		return true
	}
	if !unicode.IsLetter(next) && !unicode.IsDigit(next) {
		return false
	}
	last, _ := utf8.DecodeLastRune(s[:end])
	if t.version != "" && !unicode.IsLetter(last) && !unicode.IsDigit(last) {
		return false
	}
	// These are written without blanks around words of other scripts.
	return !unicode.In(next, unspaced...) || unicode.In(last, unspaced...)
}

var unspaced = []*unicode.RangeTable{
	unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul,
	unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar,
}
