package outward

import (
	"bytes"
	"regexp"
	"strings"
)

// A place is where credentials stand in a text, whoever they belong to. The first
// group of its form is the credential. Its check, if there is one, is told the name
// that stands before it, or the credential itself.
type place struct {
	// signs are bytes of which one stands in each such place: most texts are done
	// with them.
	signs string
	form  *regexp.Regexp
	check func(string) bool
}

var credentialPlaces = []place{
	{"@", regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.-]*://([^\s/?#"'<>]+)@`), nil},
	{":=", regexp.MustCompile(`(?i)\b(?:(?:set-)?cookie|(?:proxy-)?authorization)\\?["']?\s*[:=]\s*\\?["'\[]*([^"'<>\n\]]+)`), notHidden},
	{"bBnN", regexp.MustCompile(`(?i)\b(?:bearer|basic|negotiate)\s+([A-Za-z0-9._~+/-]{6,}=*)`), looksDrawn},
	{"J", regexp.MustCompile(`\b(eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?)`), nil},
}

// namedPlaces have the name in their first group and the value in their second.
var namedPlaces = []place{
	{"=", regexp.MustCompile(`[?&;#]([^=?&;#\s"'<>]{1,64})=([^&;#\s"'<>\\]+)`), isParameter},
	{"=", regexp.MustCompile(`(?:^|[\s"'({,])([A-Za-z][\w.-]{0,63})=([^\s"'&<>,;)\\]+)`), isSecret},
	{`"`, regexp.MustCompile(`"([A-Za-z][\w.-]{0,63})"\s*:\s*"((?:[^"\\]|\\.)+)`), isSecret},
	{`\`, regexp.MustCompile(`\\"([A-Za-z][\w.-]{0,63})\\"\s*:\s*\\"((?:[^"\\]|\\[^"])+)`), isSecret},
}

// notHidden is there because a line may go on after what was hidden.
func notHidden(text string) bool { return !strings.HasPrefix(text, Hidden) }

// looksDrawn tells a credential from a word of a sentence such as "basic
// authentication".
func looksDrawn(text string) bool {
	return strings.ContainsAny(text, "0123456789=._~+/") || strings.ToLower(text) != text && strings.ToUpper(text[:1])+strings.ToLower(text[1:]) != text
}

// standing are the credentials that show themselves by where they stand.
func standing(text []byte) []span {
	var found []span
	for _, each := range credentialPlaces {
		if !bytes.ContainsAny(text, each.signs) {
			continue
		}
		for _, at := range each.form.FindAllSubmatchIndex(text, -1) {
			if each.check == nil || each.check(string(text[at[2]:at[3]])) {
				found = append(found, span{at[2], at[3]})
			}
		}
	}
	for _, each := range namedPlaces {
		if !bytes.ContainsAny(text, each.signs) {
			continue
		}
		for _, at := range each.form.FindAllSubmatchIndex(text, -1) {
			if each.check(string(text[at[2]:at[3]])) {
				found = append(found, span{at[4], at[5]})
			}
		}
	}
	return found
}
