package scenarios

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"

	networking "istio.io/api/networking/v1alpha3"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/splitcheck/splitcheck/internal/manifests"
)

// lintPartOfValue finds regular expressions that only a part of what a check sends
// matches: the whole value has to.
//
//differential:virtualservice/header-matches virtualservice/paths httproute/other-matches
func lintPartOfValue(l *linter, v *view) {
	for _, c := range v.judged() {
		if c.Request.Via.Service != "" {
			continue // It meets no route.
		}
		r := request(c.Request)
		for rule := range v.virtualRules() {
			for i, m := range rule.value.Match {
				path := fmt.Sprintf("%s.match[%d]", rule.path, i)
				l.partOfValue(rule.object, path+".uri.regex", m.GetUri().GetRegex(), r.URL.Path)
				for _, name := range slices.Sorted(maps.Keys(m.Headers)) {
					l.partOfHeader(rule.object, path+".headers."+name+".regex", m.Headers[name].GetRegex(), r, name)
				}
				l.partOfQuery(rule.object, path, m.QueryParams, r)
			}
		}
		for rule := range v.gatewayRules() {
			for i, m := range rule.value.Matches {
				path := fmt.Sprintf("%s.matches[%d]", rule.path, i)
				if p := m.Path; p != nil && p.Type != nil && *p.Type == gatewayv1.PathMatchRegularExpression && p.Value != nil {
					l.partOfValue(rule.object, path+".path.value", *p.Value, r.URL.Path)
				}
				for j, h := range m.Headers {
					if h.Type != nil && *h.Type == gatewayv1.HeaderMatchRegularExpression {
						l.partOfHeader(rule.object, fmt.Sprintf("%s.headers[%d].value", path, j), h.Value, r, string(h.Name))
					}
				}
				for j, q := range m.QueryParams {
					if q.Type != nil && *q.Type == gatewayv1.QueryParamMatchRegularExpression {
						l.partOfValue(rule.object, fmt.Sprintf("%s.queryParams[%d].value", path, j), q.Value, r.URL.Query().Get(string(q.Name)))
					}
				}
			}
		}
	}
}

func (l *linter) partOfQuery(o manifests.Object, path string, params map[string]*networking.StringMatch, r *http.Request) {
	for _, name := range slices.Sorted(maps.Keys(params)) {
		l.partOfValue(o, path+".queryParams."+name+".regex", params[name].GetRegex(), r.URL.Query().Get(name))
	}
}

func (l *linter) partOfHeader(o manifests.Object, path, expression string, r *http.Request, name string) {
	for _, value := range r.Header.Values(name) {
		l.partOfValue(o, path, expression, value)
	}
}

func (l *linter) partOfValue(o manifests.Object, path, expression, value string) {
	part, err := regexp.Compile(expression)
	if err != nil || expression == "" || !part.MatchString(value) {
		return
	}
	if whole, err := regexp.Compile("^(?:" + expression + ")$"); err == nil && !whole.MatchString(value) {
		l.at(o, path, fmt.Sprintf("%q matches only a part of %q, which a check sends: it must match the whole value, so this rule is not met", expression, value),
			fmt.Sprintf("write .*(%s).* if it may stand anywhere in the value", expression))
	}
}
