package routing

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// A match is one set of conditions, all of which must hold. The zero value
// matches everything.
type match struct {
	path                      pathMatch
	method, scheme, authority *text
	headers                   []headerMatch
	query                     []queryMatch
}

// A pathKind says how a path is compared.
type pathKind int

const (
	pathAny     pathKind = iota // every path
	pathExact                   // the whole path
	pathPrefix                  // a prefix of the string: /ad matches /advert
	pathElement                 // a prefix of path elements: /ad matches /ad/1 alone
	pathRegex                   // a regular expression on the whole path
)

type pathMatch struct {
	kind  pathKind
	value string
	fold  bool // ignore case
	re    *regexp.Regexp
}

// A textKind says how a string is compared.
type textKind int

const (
	textPresent textKind = iota // it is there
	textExact
	textPrefix
	textRegex
)

type text struct {
	kind  textKind
	value string
	re    *regexp.Regexp
}

type headerMatch struct {
	name   string // canonical
	text   text
	invert bool // from withoutHeaders
}

type queryMatch struct {
	name string
	text text
}

// matches says whether r, whose escaped path is path, meets every condition of
// m, and which prefix of the path did, if m has one.
func (m *match) matches(r *http.Request, path string) (prefix string, ok bool) {
	if prefix, ok = m.path.matches(path); !ok {
		return "", false
	}
	if m.method != nil && !m.method.matches(r.Method) ||
		m.scheme != nil && !m.scheme.matches(scheme(r)) ||
		m.authority != nil && !m.authority.matches(authority(r)) {
		return "", false
	}
	for i := range m.headers {
		if !m.headers[i].matches(r) {
			return "", false
		}
	}
	for i := range m.query {
		if !m.query[i].matches(r.URL.RawQuery) {
			return "", false
		}
	}
	return prefix, true
}

// catchAll says whether m matches every request by istiod's own reckoning:
// prefix / or regular expression .* and no other condition
// (istio pilot/pkg/networking/core/route/route.go, IsCatchAllRoute).
//
//differential:gateway/merged
func (m *match) catchAll() bool {
	anyPath := m.path.kind == pathAny || m.path.kind == pathRegex && m.path.value == ".*"
	return anyPath && m.method == nil && m.scheme == nil && m.authority == nil && len(m.headers) == 0 && len(m.query) == 0
}

func (p *pathMatch) matches(path string) (prefix string, ok bool) {
	switch p.kind {
	case pathExact:
		return "", path == p.value || p.fold && strings.EqualFold(path, p.value)
	case pathPrefix, pathElement:
		n := len(p.value)
		if len(path) < n {
			return "", false
		}
		if path[:n] != p.value && !(p.fold && strings.EqualFold(path[:n], p.value)) {
			return "", false
		}
		if p.kind == pathElement && len(path) > n && path[n] != '/' {
			return "", false
		}
		return path[:n], true
	case pathRegex:
		return "", p.re.MatchString(path)
	}
	return "/", true
}

func (t *text) matches(s string) bool {
	switch t.kind {
	case textExact:
		return s == t.value
	case textPrefix:
		return strings.HasPrefix(s, t.value)
	case textRegex:
		return t.re.MatchString(s)
	}
	return true
}

// matches follows Envoy's HeaderMatcher: of several headers of one name any will
// do, and an inverted match takes a missing header as empty, unless it asks for
// presence (istio pilot/pkg/networking/core/route/route.go, TranslateRouteMatch).
//
//differential:virtualservice/header-matches virtualservice/without-headers virtualservice/other-matches
func (h *headerMatch) matches(r *http.Request) bool {
	if h.name == "Host" {
		// HTTP keeps this header apart; Go keeps it in Request.Host.
		return h.text.matches(authority(r)) != h.invert
	}
	values := r.Header[h.name]
	if value, pseudo := pseudoHeader(r, h.name); pseudo {
		values = []string{value}
	}
	if h.text.kind == textPresent {
		return (len(values) > 0) != h.invert
	}
	if len(values) == 0 {
		return h.invert && !h.text.matches("")
	}
	for _, value := range values {
		if h.text.matches(value) {
			return !h.invert
		}
	}
	return h.invert
}

// pseudoHeader is what HTTP/2 sends as a header whose name begins with a colon. Envoy
// keeps all requests like that, and Istio lets matches ask for them
// (istio pkg/config/validation/validation.go, pseudoHeaders).
//
//differential:elsewhere uncompared conditions on pseudo-headers among headers
func pseudoHeader(r *http.Request, name string) (value string, ok bool) {
	switch name {
	case ":method":
		return r.Method, true
	case ":path":
		return r.URL.RequestURI(), true
	case ":scheme":
		return scheme(r), true
	}
	return "", false
}

// matches looks at the first parameter of the name, as it was sent: Envoy
// decodes nothing before it compares. A parameter without = is empty.
//
//differential:virtualservice/header-matches virtualservice/without-headers virtualservice/other-matches
func (q *queryMatch) matches(raw string) bool {
	for raw != "" {
		var pair string
		pair, raw, _ = strings.Cut(raw, "&")
		name, value, _ := strings.Cut(pair, "=")
		if name == q.name {
			return q.text.matches(value)
		}
	}
	return false
}

func scheme(r *http.Request) string {
	if r.URL.Scheme != "" {
		return r.URL.Scheme
	}
	if r.TLS != nil {
		return "https"
	}
	return "http"
}

// sortMatches orders conditions by name, so that a table does not depend on the
// order of Go's maps.
func (m *match) sort() {
	slices.SortFunc(m.headers, func(a, b headerMatch) int { return strings.Compare(a.name, b.name) })
	slices.SortFunc(m.query, func(a, b queryMatch) int { return strings.Compare(a.name, b.name) })
}

// fullMatch compiles a regular expression that must match the whole of a
// string, as RE2's FullMatch in Envoy does. Its length is bounded as istiod
// bounds it.
//
//differential:virtualservice/header-matches httproute/other-matches
func fullMatch(expression string) (*regexp.Regexp, error) {
	if len(expression) > maxRegex {
		return nil, errLongRegex
	}
	// Compiled alone first: ")(" is only an expression inside the group.
	if _, err := regexp.Compile(expression); err != nil {
		return nil, err
	}
	return regexp.Compile(`\A(?:` + expression + `)\z`)
}
