package recorded

import (
	"bytes"
	"strconv"
	"strings"
)

// quote shows a little of a text that can be anything.
func quote(text []byte) string {
	const most = 80
	text = bytes.TrimSpace(text)
	if len(text) > most {
		return strconv.Quote(strings.ToValidUTF8(string(text[:most]), "")) + "…"
	}
	return strconv.Quote(string(text))
}

func list(words []string) string {
	if len(words) > fewMistakes {
		words = append(words[:fewMistakes:fewMistakes], "…")
	}
	return strings.Join(words, ", ")
}
