package loadgen

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"unicode"

	"github.com/splitcheck/splitcheck/identify"
	"github.com/splitcheck/splitcheck/split"
)

// Classify says what a complete answer came to. It fills Outcome, Version, Status,
// Kind and Example: an answer that names one version is a hit whatever its status; one
// that names two is unidentified; one that names none is an error from status 500
// on and unidentified below.
func Classify(rules identify.Rules, a identify.Answer) split.Answer {
	answer := split.Answer{Outcome: split.Unidentified, Status: a.Status}
	version, other := rules.Names(a)
	location := a.Header.Get("Location")
	switch {
	case other != "":
		answer.Kind, answer.Example = NamesTwo, version+" and "+other+" in "+excerpt(a)
	case version != "":
		answer.Outcome, answer.Version = split.Hit, version
	case a.Status >= 500:
		answer.Outcome, answer.Kind, answer.Example = split.Error, fmt.Sprintf("status %d", a.Status), excerpt(a)
	case a.Status >= 300 && a.Status < 400 && location != "":
		answer.Kind, answer.Example = "redirect to another place", fmt.Sprintf("%d to %s", a.Status, oneLine(location))
	case a.Status >= 200 && a.Status < 300:
		answer.Kind, answer.Example = fmt.Sprintf("no marker in a %d answer", a.Status), excerpt(a)
	default:
		answer.Kind, answer.Example = fmt.Sprintf("%d without a marker", a.Status), excerpt(a)
	}
	return answer
}

// NamesTwo is the kind of an answer that names two versions. Which ones stands in
// its example: a rule that captures too much would make a kind of every answer.
const NamesTwo = "names two versions"

// Failure says what a request without a complete answer came to. The kinds are
// few; addresses and ports stand in the example only.
func Failure(err error) split.Answer {
	kind := kindOf(err.Error())
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		kind = "timeout"
	}
	return split.Answer{Outcome: split.Error, Kind: kind, Example: oneLine(err.Error())}
}

// The kinds of failures that have a remedy of their own: whoever calls knows whom
// to trust, and for which name.
const (
	UnknownCertificate = "unknown certificate"
	OtherCertificate   = "certificate for another name"
)

// kinds are searched for in an error's text, in this order. Text, because the
// results that vegeta has written down hold nothing else, and because half of
// these errors have no type of their own.
var kinds = []struct{ text, kind string }{
	{"deadline exceeded", "timeout"},
	{"Client.Timeout", "timeout"},
	{"i/o timeout", "timeout"},
	{"timed out", "timeout"},
	{"connection refused", "connection refused"},
	{"actively refused", "connection refused"}, // Windows
	{"connection reset", "connection reset"},
	{"forcibly closed", "connection reset"}, // Windows
	{"broken pipe", "connection reset"},
	{"no such host", "no such host"},
	{"server misbehaving", "name lookup failed"},
	{"HTTP response to HTTPS client", "TLS"},
	{"certificate signed by unknown authority", UnknownCertificate},
	{"certificate is not trusted", UnknownCertificate},             // macOS
	{"certificate is not standards compliant", UnknownCertificate}, // macOS
	{"certificate is valid for", OtherCertificate},
	{"certificate is not valid for any names", OtherCertificate},
	{"doesn't contain any IP SANs", OtherCertificate},
	{"certificate relies on legacy Common Name", OtherCertificate},
	{"certificate has expired or is not yet valid", "expired certificate"},
	{"tls: ", "TLS"},
	{"x509: ", "TLS"},
	{"gzip: ", "broken compression"},
	{"flate: ", "broken compression"},
	{"malformed", "not HTTP"},
	{"unexpected EOF", "answer cut short"},
	{"server closed idle connection", "connection closed without an answer"},
	{"without an answer", "connection closed without an answer"},
	{"EOF", "connection closed without an answer"},
	{"headers exceeded", "headers too long"},
	{"network is unreachable", "network unreachable"},
	{"no route to host", "network unreachable"},
	{"too many open files", "too many open files"},
	{"cannot assign requested address", "no free local port"},
	{"address already in use", "no free local port"},
}

func kindOf(text string) string {
	for _, each := range kinds {
		if strings.Contains(text, each.text) {
			return each.kind
		}
	}
	return "no answer"
}

// maxExcerpt is the length of an example in bytes.
const maxExcerpt = 200

func excerpt(a identify.Answer) string {
	text := oneLine(string(a.Body[:min(len(a.Body), 4*maxExcerpt)]))
	if text == "" {
		text = "(empty body)"
	}
	status := strings.TrimSpace(fmt.Sprintf("%d %s", a.Status, http.StatusText(a.Status)))
	return status + ": " + text
}

// oneLine makes of foreign text what can be shown on a terminal.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r) || r == unicode.ReplacementChar:
			return '.'
		default:
			return r
		}
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > maxExcerpt {
		s = strings.ToValidUTF8(s[:maxExcerpt], "") + "…"
	}
	return s
}
