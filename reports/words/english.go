package words

import (
	"strings"
	"text/template"
)

var englishGrammar = grammar{
	joint: " ", percent: " %", others: "and others",
	points: func(text string) string {
		if text == "1" {
			return "1 point"
		}
		return text + " points"
	},
	times: func(n int64) string {
		if n == 1 {
			return "once"
		}
		return Count(n) + " times"
	},
	less: func(text string) string { return "less than " + text },
	list: func(words []string) string {
		if len(words) < 2 {
			return strings.Join(words, "")
		}
		return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
	},
	more: func(n int64) string { return " and " + Count(n) + " more" },
	funcs: template.FuncMap{
		"plural": func(n float64, noun string) string { return Plural(int64(n), noun) },
	},
}

// Plural writes n and an English noun, with an s unless there is one.
func Plural(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return Count(n) + " " + noun + "s"
}
