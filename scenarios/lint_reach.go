package scenarios

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1alpha3"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"

	"github.com/splitcheck/splitcheck/internal/inventory"
	"github.com/splitcheck/splitcheck/internal/routing"
)

// lintUnreachable finds rules of a VirtualService that an earlier one leaves
// nothing to: rules are tried in the order of the list and the first that
// matches wins. HTTPRoutes are ordered by precedence and have no such trap.
//
// A rule is found only if each of its matches is covered by one match of one
// earlier rule; that several together cover it is not seen.
func lintUnreachable(l *linter, v *view) {
	for o, vs := range inventory.Values[*networkingv1.VirtualService](v.Inventory) {
		for i, rule := range vs.Spec.Http {
			by := coveredBy(vs.Spec.Http[:i], rule)
			if by < 0 {
				continue
			}
			line, _ := o.Position(fmt.Sprintf("spec.http[%d]", by))
			message := fmt.Sprintf("http[%d] can never match: http[%d] in line %d takes everything that it would", i, by, line)
			hint := "rules are tried in the order of the list: put the special ones before the general ones"
			if p := firstPrefix(vs.Spec.Http[by]); p != "" && !strings.HasSuffix(p, "/") {
				hint += fmt.Sprintf("; the prefix %s is compared as text and matches %s… as well", p, p)
			}
			l.at(o, fmt.Sprintf("spec.http[%d]", i), message, hint)
		}
	}
}

// coveredBy returns the first of earlier that leaves nothing to rule, or -1.
func coveredBy(earlier []*networking.HTTPRoute, rule *networking.HTTPRoute) int {
	return slices.IndexFunc(earlier, func(e *networking.HTTPRoute) bool {
		if len(e.Match) == 0 {
			return true
		}
		if len(rule.Match) == 0 {
			return slices.ContainsFunc(e.Match, matchesAll)
		}
		for _, narrow := range rule.Match {
			if !slices.ContainsFunc(e.Match, func(wide *networking.HTTPMatchRequest) bool { return covers(wide, narrow) }) {
				return false
			}
		}
		return true
	})
}

func matchesAll(m *networking.HTTPMatchRequest) bool {
	return covers(m, &networking.HTTPMatchRequest{Uri: prefix("/")})
}

func prefix(p string) *networking.StringMatch {
	return &networking.StringMatch{MatchType: &networking.StringMatch_Prefix{Prefix: p}}
}

// covers tells whether every request that narrow matches is matched by wide:
// whatever wide asks for, narrow asks for at least as narrowly.
func covers(wide, narrow *networking.HTTPMatchRequest) bool {
	if wide.IgnoreUriCase != narrow.IgnoreUriCase && wide.Uri != nil && wide.Uri.GetPrefix() != "/" {
		return false
	}
	return text(wide.Uri, narrow.Uri) && text(wide.Method, narrow.Method) && text(wide.Scheme, narrow.Scheme) &&
		text(wide.Authority, narrow.Authority) &&
		eachText(wide.Headers, narrow.Headers) && eachText(wide.QueryParams, narrow.QueryParams) &&
		sameTexts(wide.WithoutHeaders, narrow.WithoutHeaders) &&
		(wide.Port == 0 || wide.Port == narrow.Port) &&
		routing.Selects(wide.SourceLabels, narrow.SourceLabels) &&
		(wide.SourceNamespace == "" || wide.SourceNamespace == narrow.SourceNamespace) &&
		(len(wide.Gateways) == 0 || slices.Equal(wide.Gateways, narrow.Gateways))
}

func text(wide, narrow *networking.StringMatch) bool {
	if wide == nil || wide.GetPrefix() == "/" || wide.GetRegex() == ".*" {
		return true
	}
	if narrow == nil {
		return false
	}
	if p := wide.GetPrefix(); p != "" {
		return strings.HasPrefix(narrow.GetPrefix(), p) || strings.HasPrefix(narrow.GetExact(), p)
	}
	return proto.Equal(wide, narrow)
}

func eachText(wide, narrow map[string]*networking.StringMatch) bool {
	for key, value := range wide {
		there, ok := narrow[key]
		if !ok {
			return false
		}
		present := value.GetMatchType() == nil || value.GetRegex() == "*"
		if !present && !text(value, there) {
			return false
		}
	}
	return true
}

// sameTexts is for conditions that exclude: only the same ones are comparable.
func sameTexts(wide, narrow map[string]*networking.StringMatch) bool {
	return len(wide) == 0 || maps.EqualFunc(wide, narrow, func(a, b *networking.StringMatch) bool { return proto.Equal(a, b) })
}

func firstPrefix(rule *networking.HTTPRoute) string {
	for _, m := range rule.Match {
		if p := m.GetUri().GetPrefix(); p != "" && p != "/" {
			return p
		}
	}
	return ""
}
