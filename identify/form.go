package identify

import (
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"
)

// A Form is a rule as a user writes it: the long form of scenario files.
// Exactly one of Body, Header, JSON, Status and AnyStatus is set.
type Form struct {
	// Body is a regular expression (RE2) that is searched for in the body.
	Body string `json:"body,omitempty"`
	// Header is the name of a header.
	Header string `json:"header,omitempty"`
	// JSON is the path of a value in a JSON body, as gjson reads paths:
	// "reviews.0.rating.color".
	JSON string `json:"json,omitempty"`
	// Status is a status code that matches; AnyStatus makes the status itself
	// the version.
	Status    int  `json:"status,omitempty"`
	AnyStatus bool `json:"any_status,omitempty"`

	// Match is a regular expression that the header or the JSON value must
	// match; Is is what the JSON value must be.
	Match string  `json:"match,omitempty"`
	Is    *string `json:"is,omitempty"`

	// Version is what the rule names when it matches. Without it, the version
	// is the first group of the regular expression; if the expression has no
	// group, it is everything that matched; without an expression it is the
	// whole value.
	Version string `json:"version,omitempty"`
}

// Parse reads the short form, body:REGEXP, header:NAME[:REGEXP], json:PATH or
// status.
func Parse(s string) (Rule, error) {
	kind, rest, found := strings.Cut(s, ":")
	form := Form{}
	switch {
	case s == "status":
		form.AnyStatus = true
	case kind == "body" && rest != "":
		form.Body = rest
	case kind == "header" && rest != "":
		name, match, given := strings.Cut(rest, ":")
		if given && match == "" {
			return nil, fmt.Errorf("identify %q: the regular expression after %q is empty", s, "header:"+name+":")
		}
		form.Header, form.Match = name, match
	case kind == "json" && rest != "":
		form.JSON = rest
	case found && (kind == "body" || kind == "header" || kind == "json"):
		return nil, fmt.Errorf("identify %q: nothing follows %q", s, kind+":")
	default:
		return nil, fmt.Errorf("identify %q: write it as body:REGEXP, header:NAME, header:NAME:REGEXP, json:PATH or status", s)
	}
	rule, err := form.Rule()
	if err != nil {
		return nil, fmt.Errorf("identify %q: %w", s, err)
	}
	return rule, nil
}

// ParseAll reads several short forms, in their order. The error names every
// mistake.
func ParseAll(forms []string) (Rules, error) {
	var (
		rules    Rules
		mistakes []error
	)
	for _, s := range forms {
		rule, err := Parse(s)
		if err != nil {
			mistakes = append(mistakes, err)
			continue
		}
		rules = append(rules, rule)
	}
	return rules, errors.Join(mistakes...)
}

// Rule returns the rule that f describes. The error names every mistake in f,
// in the words of scenario files.
func (f Form) Rule() (Rule, error) {
	mistakes := f.mistakes()
	pattern := f.Body
	if pattern == "" {
		pattern = f.Match
	}
	var text *text
	if pattern != "" {
		var err error
		if text, err = newText(pattern, f.Version); err != nil {
			mistakes = append(mistakes, err.Error())
		}
	}
	if len(mistakes) > 0 {
		return nil, Mistakes(mistakes)
	}
	switch {
	case f.Body != "":
		return &bodyRule{form: f, text: text}, nil
	case f.Header != "":
		return &headerRule{form: f, key: http.CanonicalHeaderKey(f.Header), value: value{text: text, is: f.Is, version: f.Version}}, nil
	case f.JSON != "":
		return &jsonRule{form: f, value: value{text: text, is: f.Is, version: f.Version}}, nil
	default:
		return &statusRule{form: f}, nil
	}
}

// Mistakes are all that is wrong with a rule.
type Mistakes []string

func (m Mistakes) Error() string { return strings.Join(m, "; ") }

func (f Form) mistakes() []string {
	var mistakes []string
	given := 0
	for _, set := range []bool{f.Body != "", f.Header != "", f.JSON != "", f.Status != 0 || f.AnyStatus} {
		if set {
			given++
		}
	}
	if given != 1 {
		mistakes = append(mistakes, "a rule has exactly one of body, header, json and status")
	}
	if f.Match != "" && f.Header == "" && f.JSON == "" {
		mistakes = append(mistakes, "match goes with header or json")
	}
	if f.Is != nil && f.JSON == "" {
		mistakes = append(mistakes, "is goes with json")
	}
	if f.Is != nil && f.Match != "" {
		mistakes = append(mistakes, "a rule has match or is, not both")
	}
	if f.Status != 0 && (f.Status < 100 || f.Status > 999) {
		mistakes = append(mistakes, fmt.Sprintf("%d is not an HTTP status", f.Status))
	}
	if f.Header != "" && !isHeaderName(f.Header) {
		mistakes = append(mistakes, fmt.Sprintf("%q is not a name of a header", f.Header))
	}
	if f.Version != "" && !isVersion([]byte(f.Version)) {
		mistakes = append(mistakes, fmt.Sprintf("%q is not a name of a version: one line of at most %d bytes", f.Version, maxVersion))
	}
	return mistakes
}

// isHeaderName leaves out what net/http would refuse to send; a colon or a
// blank in the name means that the user meant something else.
func isHeaderName(s string) bool {
	return textproto.TrimString(s) == s && !strings.ContainsAny(s, " \t\r\n:\"(),/;<=>?@[\\]{}")
}

func newText(pattern, version string) (*text, error) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		var why *syntax.Error
		if errors.As(err, &why) {
			return nil, fmt.Errorf("the regular expression %q: %s: %q", pattern, why.Code, why.Expr)
		}
		return nil, fmt.Errorf("the regular expression %q: %w", pattern, err)
	}
	if version == "" && re.MatchString("") {
		return nil, fmt.Errorf("the regular expression %q matches even nothing at all, so it would name no version", pattern)
	}
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil, fmt.Errorf("the regular expression %q: %w", pattern, err)
	}
	t := &text{re: re, version: version}
	if t.bounded = withoutLastBoundary(tree); t.bounded {
		if re, err = regexp.Compile(tree.String()); err != nil {
			return nil, fmt.Errorf("the regular expression %q: %w", pattern, err)
		}
		t.re = re
	}
	t.looksAround = looksAround(tree)
	// A group around the whole needs no search for groups, which is the only
	// thing that would allocate.
	if re.NumSubexp() > 0 && version == "" && tree.Op != syntax.OpCapture {
		t.group = 1
	}
	return t, nil
}

// String writes f in the short form if that can express it, else as scenario
// files do.
func (f Form) String() string {
	if f.Version == "" && f.Is == nil && f.Status == 0 && (f.JSON == "" || f.Match == "") {
		switch {
		case f.Body != "":
			return "body:" + f.Body
		case f.Header != "" && f.Match != "":
			return "header:" + f.Header + ":" + f.Match
		case f.Header != "":
			return "header:" + f.Header
		case f.JSON != "":
			return "json:" + f.JSON
		case f.AnyStatus:
			return "status"
		}
	}
	var fields []string
	quoted := func(key, value string) {
		if value != "" {
			fields = append(fields, key+": '"+strings.ReplaceAll(value, "'", "''")+"'")
		}
	}
	quoted("body", f.Body)
	quoted("header", f.Header)
	quoted("json", f.JSON)
	quoted("match", f.Match)
	if f.Is != nil {
		fields = append(fields, "is: '"+strings.ReplaceAll(*f.Is, "'", "''")+"'")
	}
	if f.Status != 0 {
		fields = append(fields, "status: "+strconv.Itoa(f.Status))
	}
	if f.AnyStatus {
		fields = append(fields, "status: true")
	}
	quoted("version", f.Version)
	return "{" + strings.Join(fields, ", ") + "}"
}
