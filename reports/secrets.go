package reports

import (
	"slices"
	"strings"
)

// Hidden stands for a secret: reports are shown around and kept by CI.
const Hidden = "REDACTED"

// secretWords are in the names of headers that secrets travel in.
var secretWords = []string{"authorization", "cookie", "token", "secret", "password", "api-key", "apikey"}

// HeaderValue is what a report may say of a header's value: the value, or Hidden
// if the header is one that its sender proves himself by.
func HeaderValue(name, value string) string {
	name = strings.ToLower(name)
	if slices.ContainsFunc(secretWords, func(word string) bool { return strings.Contains(name, word) }) {
		return Hidden
	}
	return value
}
