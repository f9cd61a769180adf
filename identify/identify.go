// Package identify tells from one answer which version served it. It keeps
// nothing and counts nothing.
package identify

import "net/http"

// An Answer is what a rule may look at.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Rules are tried in order; the first that matches names the version.
type Rules []Rule

// A Rule looks at one part of an answer.
type Rule interface {
	// Identify returns the version that a names, or false if the rule does
	// not match. The version is not empty if ok.
	Identify(a Answer) (version string, ok bool)
	// String writes the rule as Parse reads it.
	String() string
}
