package outward

import (
	"errors"
	"net/url"
	"regexp"
	"strings"
)

// URL is what may be shown of a URL that the user gave, also of one that cannot be
// read: everything but its user, its password and the parameters that have names of
// credentials.
func URL(text string) string {
	if from, to := userinfo(text); to > from {
		text = text[:from] + Hidden + text[to:]
	}
	return parameter.ReplaceAllStringFunc(text, func(found string) string {
		name, _, _ := strings.Cut(found, "=")
		if !isParameter(name[1:]) {
			return found
		}
		return name + "=" + Hidden
	})
}

// parameter is one of a query or of what follows "#".
var parameter = regexp.MustCompile(`[?&;#][^=?&;#\s"'<>]{1,64}=[^&;#\s"'<>\\]+`)

// isParameter says whether a parameter is a credential; OAuth has one of its own.
func isParameter(name string) bool {
	if plain, err := url.QueryUnescape(name); err == nil {
		name = plain
	}
	return isSecret(name) || strings.EqualFold(name, "code")
}

// userinfo is where the user and the password stand in a URL. In one that cannot be
// read everything before the last "@" is taken for them, whatever it is: a password
// that was not escaped is the most likely reason.
func userinfo(text string) (from, to int) {
	at := strings.Index(text, "://")
	if at >= 0 {
		from = at + len("://")
	}
	authority := text[from:]
	if end := strings.IndexAny(authority, "/?#"); end >= 0 {
		authority = authority[:end]
	}
	if end := strings.LastIndexByte(authority, '@'); end > 0 && (at >= 0 || strings.Contains(authority[:end], ":")) {
		return from, from + end
	}
	if _, err := url.Parse(text); err != nil && at >= 0 {
		if end := strings.LastIndexByte(text[from:], '@'); end > 0 {
			return from, from + end
		}
	}
	return 0, 0
}

// HeaderValue is what may be shown of a header that the user sends.
func HeaderValue(name, value string) string {
	if !plainHeader(name) {
		return Hidden
	}
	return URL(value)
}

// Unreadable says why a URL cannot be read. What net/url says of a port or an escape
// repeats it, and it may be a piece of the password.
func Unreadable(err error) string {
	if wrong := (&url.Error{}); errors.As(err, &wrong) {
		err = wrong.Err
	}
	switch {
	case errors.As(err, new(url.EscapeError)):
		return "it has a % that is not an escape; write %25 for it"
	case strings.HasPrefix(err.Error(), "invalid port"):
		return "what follows its host and a colon is not a port; in a password write %2F for /, %3F for ? and %23 for #"
	}
	return err.Error()
}
