package envoy

// A Match is what a route asks of a request.
type Match struct {
	// Path is how the path is compared: "path" for the whole, "prefix" for a
	// prefix of the text, "under" for one of path elements, "regex" for an
	// expression on the whole; Value is with what.
	Path, Value string
	// Headers and Query are the conditions on headers and on parameters, in the
	// dump's order. ":method", ":authority" and ":scheme" are among the headers.
	Headers, Query []Condition
	// CaseInsensitive is set where the case of the path is ignored.
	CaseInsensitive bool
}

// A Condition asks that something named is there, or that its text is so.
type Condition struct {
	Name string
	// Text is how it is compared: "present", "exact", "prefix", "suffix",
	// "contains" or "regex"; Value is with what.
	Text, Value string
	// Invert asks that the condition does not hold.
	Invert bool
}

type regex struct {
	Regex string `json:"regex"`
}

type rawMatch struct {
	Prefix    *string        `json:"prefix"`
	Path      *string        `json:"path"`
	Separated *string        `json:"path_separated_prefix"`
	Regex     *regex         `json:"safe_regex"`
	Case      *bool          `json:"case_sensitive"`
	Headers   []rawCondition `json:"headers"`
	Query     []rawCondition `json:"query_parameters"`
}

type stringMatch struct {
	Exact    *string `json:"exact"`
	Prefix   *string `json:"prefix"`
	Suffix   *string `json:"suffix"`
	Contains *string `json:"contains"`
	Regex    *regex  `json:"safe_regex"`
}

type rawCondition struct {
	Name         string       `json:"name"`
	String       *stringMatch `json:"string_match"`
	PresentMatch *bool        `json:"present_match"`
	Invert       bool         `json:"invert_match"`
}

func (in rawMatch) match() Match {
	var m Match
	switch {
	case in.Path != nil:
		m.Path, m.Value = "path", *in.Path
	case in.Separated != nil:
		m.Path, m.Value = "under", *in.Separated
	case in.Regex != nil:
		m.Path, m.Value = "regex", in.Regex.Regex
	case in.Prefix != nil:
		m.Path, m.Value = "prefix", *in.Prefix
	}
	m.CaseInsensitive = in.Case != nil && !*in.Case
	for _, h := range in.Headers {
		m.Headers = append(m.Headers, h.condition())
	}
	for _, q := range in.Query {
		m.Query = append(m.Query, q.condition())
	}
	return m
}

func (in rawCondition) condition() Condition {
	c := Condition{Name: in.Name, Invert: in.Invert, Text: "present"}
	if in.PresentMatch != nil && !*in.PresentMatch {
		c.Invert = !c.Invert
	}
	s := in.String
	switch {
	case s == nil:
	case s.Exact != nil:
		c.Text, c.Value = "exact", *s.Exact
	case s.Prefix != nil:
		c.Text, c.Value = "prefix", *s.Prefix
	case s.Suffix != nil:
		c.Text, c.Value = "suffix", *s.Suffix
	case s.Contains != nil:
		c.Text, c.Value = "contains", *s.Contains
	case s.Regex != nil:
		c.Text, c.Value = "regex", s.Regex.Regex
	}
	return c
}
