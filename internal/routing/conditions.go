package routing

import "strings"

// A Condition is one thing that a route asks of a request, for programs that
// hold a table against what a proxy carries.
type Condition struct {
	// On is "path", "method", "scheme", "authority", "header" or "query"; the
	// last two have a Name, a header's in lower case.
	On, Name string
	// Kind is how the text is compared: "exact", "prefix", "element" (a prefix
	// of path elements), "regex" (of the whole), or "present" alone; Value is
	// with what.
	Kind, Value string
	// Not asks that it does not hold, Fold that the case is ignored.
	Not, Fold bool
}

// Conditions are those of the route, of which all must hold: path, method,
// scheme, authority, headers and parameters by name. There are none where the
// route takes any request.
func (s Split) Conditions() []Condition { return s.match.conditions() }

func (m *match) conditions() []Condition {
	var all []Condition
	if kind := map[pathKind]string{pathExact: "exact", pathPrefix: "prefix", pathElement: "element", pathRegex: "regex"}[m.path.kind]; kind != "" {
		all = append(all, Condition{On: "path", Kind: kind, Value: m.path.value, Fold: m.path.fold && m.path.kind != pathRegex})
	}
	add := func(on, name string, t *text, not bool) {
		if t == nil {
			return
		}
		kind := map[textKind]string{textPresent: "present", textExact: "exact", textPrefix: "prefix", textRegex: "regex"}[t.kind]
		all = append(all, Condition{On: on, Name: name, Kind: kind, Value: t.value, Not: not})
	}
	add("method", "", m.method, false)
	add("scheme", "", m.scheme, false)
	add("authority", "", m.authority, false)
	for i := range m.headers {
		h := &m.headers[i]
		if h.name == "Host" {
			add("authority", "", &h.text, h.invert)
			continue
		}
		add("header", strings.ToLower(h.name), &h.text, h.invert)
	}
	for i := range m.query {
		add("query", m.query[i].name, &m.query[i].text, false)
	}
	return all
}
