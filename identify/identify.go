// Package identify tells from one answer which version served it. It keeps
// nothing and counts nothing.
package identify

import (
	"net/http"
	"strings"
)

// An Answer is what a rule may look at. Whoever fills it bounds the body.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Rules are tried in order; the first that matches names the version. They are
// safe for concurrent use.
type Rules []Rule

// A Rule looks at one part of an answer.
//
// A version is one short line of text: a rule that matches nothing but blanks,
// more than 128 bytes, control characters or broken UTF-8 has found no
// version. Blanks around a version are not part of it.
type Rule interface {
	// Identify returns the version that a names, or false if the rule does
	// not match. The version is not empty if ok.
	Identify(a Answer) (version string, ok bool)
	// All returns every version that the rule finds in a, each once, in the
	// order in which they stand there. More than one means that the answer
	// names its version ambiguously; Identify takes the first.
	All(a Answer) []string
	// String writes the rule as Parse reads it, and one that only a scenario
	// can express as the scenario does.
	String() string
}

// Identify returns the version that the first matching rule names, or false if
// none matches.
func (rs Rules) Identify(a Answer) (version string, ok bool) {
	for _, r := range rs {
		if version, ok := r.Identify(a); ok {
			return version, true
		}
	}
	return "", false
}

// All returns every version that the first matching rule finds in a.
func (rs Rules) All(a Answer) []string {
	for _, r := range rs {
		if all := r.All(a); len(all) > 0 {
			return all
		}
	}
	return nil
}

// A Finding is what one rule makes of an answer.
type Finding struct {
	Rule string
	// Versions is what the rule finds; more than one is ambiguous.
	Versions []string
	// Taken marks the rule that names the version: the first that matches.
	Taken bool
}

// Explain returns what every rule makes of a, in the order of the rules. It is
// for people and for checking rules before any load: it does more work than
// Identify.
func (rs Rules) Explain(a Answer) []Finding {
	findings := make([]Finding, len(rs))
	taken := false
	for i, r := range rs {
		findings[i] = Finding{Rule: r.String(), Versions: r.All(a)}
		if _, ok := r.Identify(a); ok && !taken {
			findings[i].Taken, taken = true, true
		}
	}
	return findings
}

// String writes the rules one after the other, separated by commas.
func (rs Rules) String() string {
	words := make([]string, len(rs))
	for i, r := range rs {
		words[i] = r.String()
	}
	return strings.Join(words, ", ")
}
