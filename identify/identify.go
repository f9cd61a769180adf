// Package identify reads from one answer which version served it. It keeps
// nothing and counts nothing.
package identify

import (
	"net/http"
	"slices"
	"strings"
)

// An Answer is what a rule may look at. The caller limits the size of the body.
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
// version. Blanks around a version are not part of it. What a regular
// expression finds inside a longer word is not a version either: v1 is not
// named by v10.
type Rule interface {
	// Names returns the first version that the rule finds in a, and another
	// one if it finds two that differ; both are empty if it finds none.
	Names(a Answer) (version, other string)
	// Explain returns all that the rule finds in a. Taken is left to Rules.
	Explain(a Answer) Finding
	// String writes the rule as Parse reads it, and one that only a scenario
	// can express as the scenario does.
	String() string
}

// Names returns what the first rule that matches finds in a: a version, and
// another one if it finds two that differ. An answer that names two versions
// tells nothing about which one served it. Both are empty if no rule matches.
func (rs Rules) Names(a Answer) (version, other string) {
	for _, r := range rs {
		if version, other := r.Names(a); version != "" {
			return version, other
		}
	}
	return "", ""
}

// Identify returns the version that served a, or false if a names none or two.
func (rs Rules) Identify(a Answer) (version string, ok bool) {
	version, other := rs.Names(a)
	if version == "" || other != "" {
		return "", false
	}
	return version, true
}

// ByStatus reports whether an answer's HTTP status can name its version.
func (rs Rules) ByStatus() bool {
	return slices.ContainsFunc(rs, func(r Rule) bool {
		_, is := r.(*statusRule)
		return is
	})
}

// All returns every version that the first matching rule finds in a.
func (rs Rules) All(a Answer) []string {
	for _, r := range rs {
		if found := r.Explain(a); len(found.Versions) > 0 {
			return found.Versions
		}
	}
	return nil
}

// A Finding is what one rule finds in an answer.
type Finding struct {
	Rule string
	// Versions is what the rule finds, each once, in the order in which they
	// stand in the answer; more than one is ambiguous.
	Versions []string
	// Inside is what it finds inside longer words, which names nothing: v1 in
	// v10.
	Inside []string
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
		findings[i] = r.Explain(a)
		if len(findings[i].Versions) > 0 && !taken {
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
