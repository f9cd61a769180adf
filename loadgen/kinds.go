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
		answer.Outcome, answer.Kind, answer.Example = split.Error, split.Kind("kind-status", a.Status), excerpt(a)
	case a.Status >= 300 && a.Status < 400 && location != "":
		answer.Kind, answer.Example = split.Kind("kind-redirect"), fmt.Sprintf("%d to %s", a.Status, oneLine(location))
	case a.Status >= 200 && a.Status < 300:
		answer.Kind, answer.Example = split.Kind("kind-no-marker", a.Status), excerpt(a)
	default:
		answer.Kind, answer.Example = split.Kind("kind-without-marker", a.Status), excerpt(a)
	}
	return answer
}

// NamesTwo is the kind of an answer that names two versions. Which ones stands in
// its example: a rule that captures too much would make a kind of every answer.
var NamesTwo = split.Kind("kind-names-two")

// Failure says what a request without a complete answer came to. The kinds are
// few; addresses and ports stand in the example only.
func Failure(err error) split.Answer {
	kind := kindOf(err.Error())
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		kind = "kind-timeout"
	}
	return split.Answer{Outcome: split.Error, Kind: split.Kind(kind), Example: oneLine(err.Error())}
}

// The kinds of failures that have a remedy of their own: whoever calls knows whom
// to trust, and for which name.
var (
	UnknownCertificate = split.Kind(unknownCertificate)
	OtherCertificate   = split.Kind(otherCertificate)
)

const (
	unknownCertificate = "kind-unknown-certificate"
	otherCertificate   = "kind-other-certificate"
)

// kinds are searched for in an error's text, in this order. Text, because the
// results that vegeta has written down hold nothing else, and because half of
// these errors have no type of their own.
var kinds = []struct{ text, kind string }{
	{"deadline exceeded", "kind-timeout"},
	{"Client.Timeout", "kind-timeout"},
	{"i/o timeout", "kind-timeout"},
	{"timed out", "kind-timeout"},
	{"connection refused", "kind-refused"},
	{"actively refused", "kind-refused"}, // Windows
	{"connection reset", "kind-reset"},
	{"forcibly closed", "kind-reset"}, // Windows
	{"broken pipe", "kind-reset"},
	{"no such host", "kind-no-such-host"},
	{"server misbehaving", "kind-lookup-failed"},
	{"HTTP response to HTTPS client", "kind-tls"},
	{"certificate signed by unknown authority", unknownCertificate},
	{"certificate is not trusted", unknownCertificate},             // macOS
	{"certificate is not standards compliant", unknownCertificate}, // macOS
	{"certificate is valid for", otherCertificate},
	{"certificate is not valid for any names", otherCertificate},
	{"doesn't contain any IP SANs", otherCertificate},
	{"certificate relies on legacy Common Name", otherCertificate},
	{"certificate has expired or is not yet valid", "kind-expired-certificate"},
	{"tls: ", "kind-tls"},
	{"x509: ", "kind-tls"},
	{"gzip: ", "kind-broken-compression"},
	{"flate: ", "kind-broken-compression"},
	{"malformed", "kind-not-http"},
	{"unexpected EOF", "kind-cut-short"},
	{"server closed idle connection", "kind-closed"},
	{"without an answer", "kind-closed"},
	{"EOF", "kind-closed"},
	{"headers exceeded", "kind-headers-too-long"},
	{"network is unreachable", "kind-unreachable"},
	{"no route to host", "kind-unreachable"},
	{"too many open files", "kind-too-many-files"},
	{"cannot assign requested address", "kind-no-local-port"},
	{"address already in use", "kind-no-local-port"},
}

func kindOf(text string) string {
	for _, each := range kinds {
		if strings.Contains(text, each.text) {
			return each.kind
		}
	}
	return "kind-no-answer"
}

// maxExcerpt is the length of an example in bytes.
const maxExcerpt = 200

// Excerpt is the status of an answer and the beginning of its body, in one line.
func Excerpt(a identify.Answer) string { return excerpt(a) }

func excerpt(a identify.Answer) string {
	body := a.Body[:min(len(a.Body), 4*maxExcerpt)]
	text := oneLine(string(body))
	if len(body) < len(a.Body) && !strings.HasSuffix(text, "…") {
		text += "…" // so that a secret which was cut is known for one
	}
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
