package proxies

import (
	"fmt"
	"slices"
	"strings"

	"github.com/splitcheck/splitcheck/internal/envoy"
	"github.com/splitcheck/splitcheck/internal/routing"
)

// settings adds to what differs between a rule and a programmed route that do
// the same with a request: what they do to it beside. An old version of an
// object may differ from the new one in nothing else.
//
//differential:elsewhere test proxies/TestCarried
func settings(rule *routing.Rule, r envoy.Route, add func(same bool, ours, theirs string)) {
	s := r.Settings
	one := func(what string, ours, theirs any) {
		add(ours == theirs, fmt.Sprintf("%s %v", what, ours), fmt.Sprintf("%s %v", what, theirs))
	}
	if rule.Abort != nil {
		one("abort status", rule.Abort.Status, s.AbortStatus)
	}
	if rule.Delay != nil {
		one("delay", rule.Delay.Duration, s.Delay)
	}
	ours, theirs := strings.Join(headersOf(rule), "; "), strings.Join(s.Headers, "; ")
	one("headers:", ours, theirs)
	switch {
	case rule.Redirect != nil:
		one("redirect code", rule.Redirect.Code, s.Status)
		if s.Regex == "" {
			one("redirect to", location(rule.Redirect), s.Location)
		}
		return
	case rule.Direct != nil:
		one("status", rule.Direct.Status, s.Status)
		one("body", fmt.Sprintf("%q", rule.Direct.Body), fmt.Sprintf("%q", s.Body))
		return
	}
	one("time-out", rule.Timeout, s.Timeout)
	if !rule.Retries.Default {
		// What an object leaves open is the mesh's (defaultHttpRetryPolicy).
		one("retries", rule.Retries.Attempts, s.Retries)
	}
	var w routing.Rewrite
	if rule.Rewrite != nil {
		w = *rule.Rewrite
	}
	one("host", w.Host, s.Host)
	if s.Regex != "" || w.Regex != nil {
		// The two write expressions differently, and istiod makes some that
		// nobody wrote: one that puts nothing in place of the path leaves it.
		changes := s.Path != "" || s.Regex != "" && !strings.HasSuffix(s.Regex, " ")
		one("path changed", w.ChangesPath(), changes)
		return
	}
	one("path", w.Path+w.PrefixReplaceBy, s.Path)
}

// location is the Location of the programmed settings.
func location(rd *routing.Redirect) string {
	var b strings.Builder
	if rd.Scheme != "" {
		b.WriteString(rd.Scheme + "://")
	}
	b.WriteString(rd.Host)
	if rd.Port != 0 {
		fmt.Fprintf(&b, ":%d", rd.Port)
	}
	return b.String() + rd.Path + rd.PrefixReplaceBy
}

// headersOf are a rule's changes of headers as a programmed route has them, with those of an
// only destination.
func headersOf(rule *routing.Rule) []string {
	words := headerWords(rule.Headers)
	if len(rule.Destinations) == 1 && rule.Destinations[0].Alone {
		words = append(words, headerWords(rule.Destinations[0].Headers)...)
	}
	slices.Sort(words)
	return words
}

func headerWords(c routing.HeaderChanges) []string {
	var words []string
	add := func(side string, ops routing.HeaderOps) {
		for name, value := range ops.Set {
			words = append(words, side+" set "+strings.ToLower(name)+": "+value)
		}
		for name, value := range ops.Add {
			words = append(words, side+" add "+strings.ToLower(name)+": "+value)
		}
		for _, name := range ops.Remove {
			words = append(words, side+" remove "+strings.ToLower(name))
		}
	}
	add("request", c.Request)
	add("response", c.Response)
	slices.Sort(words)
	return words
}
