package outward

import (
	"slices"
	"strings"
	"unicode"
)

// secretWords are words in the names of fields, parameters and headers that
// credentials stand in.
var secretWords = []string{
	"auth", "authorization", "authentication", "pass", "pwd", "pw", "pin", "otp", "key", "sig", "sign",
	"sid", "jwt", "bearer", "cred", "creds", "cookie", "csrf", "xsrf", "assertion", "ticket", "hmac", "nonce",
}

// secretParts are those that are also found within longer words.
var secretParts = []string{"passw", "passphrase", "secret", "token", "apikey", "accesskey", "privatekey", "credential", "session", "signature", "authoriz", "authentic"}

// isSecret says whether what goes by this name is a credential.
func isSecret(name string) bool {
	parts := words(name)
	if slices.ContainsFunc(parts, func(word string) bool { return slices.Contains(secretWords, word) }) {
		return true
	}
	whole := strings.Join(parts, "")
	return slices.ContainsFunc(secretParts, func(part string) bool { return strings.Contains(whole, part) })
}

// words divides a name where the letters end and where a capital follows a small
// one: X-Auth-Token and xAuthToken are x, auth and token.
func words(name string) []string {
	var (
		list []string
		word []rune
	)
	end := func() {
		if len(word) > 0 {
			list = append(list, strings.ToLower(string(word)))
		}
		word = nil
	}
	for _, r := range name {
		switch {
		case !unicode.IsLetter(r):
			end()
			continue
		case unicode.IsUpper(r) && len(word) > 0 && unicode.IsLower(word[len(word)-1]):
			end()
		}
		word = append(word, r)
	}
	end()
	return list
}

// plainHeaders are headers whose values are shown: the standard ones that prove
// nothing, and those that gateways and tracing add.
var plainHeaders = []string{
	"accept", "accept-charset", "accept-encoding", "accept-language", "baggage", "cache-control", "connection",
	"content-encoding", "content-language", "content-length", "content-type", "date", "dnt", "expect", "forwarded", "from",
	"host", "if-match", "if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "max-forwards",
	"origin", "pragma", "prefer", "priority", "range", "referer", "save-data", "te", "trailer", "transfer-encoding",
	"traceparent", "tracestate", "upgrade", "upgrade-insecure-requests", "user-agent", "via", "x-real-ip",
	"x-request-id", "x-requested-with",
}

// plainWords are words in the names of headers by which routes tell requests from
// each other.
var plainWords = []string{
	"version", "canary", "user", "group", "cohort", "region", "zone", "lang", "language", "locale", "country", "city",
	"device", "platform", "env", "environment", "stage", "tier", "tenant", "test", "tester", "beta", "alpha", "feature",
	"flag", "flags", "debug", "trace", "weight", "route", "variant", "experiment", "bucket", "color", "colour", "theme",
	"shard", "stable", "preview", "release", "track", "channel", "forwarded",
}

// plainHeader says whether the value of a header that the user sends may be shown.
// Any other header may be what somebody's gateway knows its callers by.
func plainHeader(name string) bool {
	if isSecret(name) {
		return false
	}
	return slices.Contains(plainHeaders, strings.ToLower(name)) ||
		slices.ContainsFunc(words(name), func(word string) bool { return slices.Contains(plainWords, word) })
}

// SaysWho says whether a field of a form that is posted to log in says who does,
// which is part of the question. What proves it is in the other fields.
func SaysWho(name string) bool {
	return slices.Contains([]string{"user", "username", "email"}, strings.ToLower(strings.TrimSpace(name)))
}

// ordinary are values that say nothing, wherever they were sent: to search for them
// would hide half of what there is to read.
var ordinary = []string{"true", "false", "none", "null", "always", "never", "auto", "default", "close", "identity", "gzip", "deflate", "canary", "stable", "http", "https"}
