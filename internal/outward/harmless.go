package outward

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Line makes s safe to show in one line. Runs of blanks become one blank; whatever
// else does not print, escape sequences and marks that turn the direction of text
// among it, is shown as Go writes it.
func Line(s string) string {
	var b strings.Builder
	blank := false
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		s = s[size:]
		if unicode.IsSpace(r) {
			blank = true
			continue
		}
		if blank && b.Len() > 0 {
			b.WriteByte(' ')
		}
		blank = false
		b.WriteString(shown(r))
	}
	return b.String()
}

// Lines does the same line by line: what a cluster says of itself, its events and
// logs, is only readable so.
func Lines(s string) string {
	var lines []string
	for line := range strings.SplitSeq(s, "\n") {
		if line = Line(line); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// shown is a rune as it may be shown. Invalid UTF-8 has become U+FFFD, which prints.
func shown(r rune) string {
	if unicode.IsPrint(r) {
		return string(r)
	}
	quoted := strconv.QuoteRune(r)
	return quoted[1 : len(quoted)-1]
}
