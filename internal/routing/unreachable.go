package routing

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
)

// A DeadRule is a rule of a VirtualService, or one match block of it, that no
// request can ever meet, because an earlier one takes everything it matches.
type DeadRule struct {
	// Rule is the index in spec.http; Match that of the block within the
	// rule's match, or -1 where the whole rule is dead.
	Rule, Match int
	// By is the index of the earlier rule, ByMatch that of its block, or -1
	// where that rule has none.
	By, ByMatch int
}

// Path is where the rule or block stands in its object, as
// manifests.Object.Position takes it.
func (d DeadRule) Path() string {
	path := at("spec.http", d.Rule)
	if d.Match >= 0 {
		path = at(path+".match", d.Match)
	}
	return path
}

// Unreachable returns the dead rules and match blocks of vs, in order. It
// compares blocks in pairs, so it does not find a rule that is covered only by
// several earlier ones together; and it compares regular expressions only for
// equality. What it returns is certainly dead (Istio's analysis calls these
// IST0130 and IST0131).
//
//differential:elsewhere test routing/TestUnreachable
func Unreachable(vs *networkingv1.VirtualService) []DeadRule {
	if vs == nil {
		return nil
	}
	var dead []DeadRule
	var earlier []block
	for i, http := range vs.Spec.GetHttp() {
		blocks := blocksOf(http, i)
		var covered []DeadRule
		for _, b := range blocks {
			at := slices.IndexFunc(earlier, func(e block) bool { return coversBlock(e.in, b.in) })
			if at < 0 {
				earlier = append(earlier, b)
				continue
			}
			covered = append(covered, DeadRule{Rule: i, Match: b.match, By: earlier[at].rule, ByMatch: earlier[at].match})
		}
		if len(covered) == len(blocks) {
			whole := covered[0]
			whole.Match = -1
			covered = []DeadRule{whole}
		}
		dead = append(dead, covered...)
	}
	return dead
}

// A block is one match block in its place; match is -1 for a rule without any.
type block struct {
	rule, match int
	in          *networking.HTTPMatchRequest
}

func blocksOf(http *networking.HTTPRoute, rule int) []block {
	if len(http.GetMatch()) == 0 {
		return []block{{rule: rule, match: -1}}
	}
	var blocks []block
	for j, in := range http.GetMatch() {
		blocks = append(blocks, block{rule: rule, match: j, in: in})
	}
	return blocks
}

// coversBlock says whether every request that meets narrow meets wide. Each
// condition of wide must follow from one of narrow.
func coversBlock(wide, narrow *networking.HTTPMatchRequest) bool {
	if !coversPath(wide, narrow) ||
		!coversText(wide.GetScheme(), narrow.GetScheme()) ||
		!coversText(wide.GetMethod(), narrow.GetMethod()) ||
		!coversText(wide.GetAuthority(), narrow.GetAuthority()) {
		return false
	}
	if !coversTexts(wide.GetHeaders(), narrow.GetHeaders()) || !coversTexts(wide.GetQueryParams(), narrow.GetQueryParams()) {
		return false
	}
	for name, w := range wide.GetWithoutHeaders() {
		n, ok := narrow.GetWithoutHeaders()[name]
		if !ok || !coversDenial(presence(w), presence(n)) {
			return false
		}
	}
	if wide.GetPort() != 0 && wide.GetPort() != narrow.GetPort() {
		return false
	}
	return coversSource(wide, narrow)
}

// coversDenial says whether wide accepts every value that narrow accepts, where
// both deny something. This is so if they deny the same. A request without
// end-user also has no end-user jason, because a missing header counts as
// empty.
func coversDenial(wide, narrow *networking.StringMatch) bool {
	if narrow.GetMatchType() == nil {
		return wide.GetMatchType() == nil || wide.GetExact() != "" || wide.GetPrefix() != ""
	}
	return wide.GetMatchType() != nil && coversText(narrow, wide) && coversText(wide, narrow)
}

// coversSource compares which proxies get the blocks. Gateways in a block take
// the place of source labels and namespace.
func coversSource(wide, narrow *networking.HTTPMatchRequest) bool {
	if len(wide.GetGateways()) > 0 {
		if len(narrow.GetGateways()) == 0 {
			return false
		}
		return !slices.ContainsFunc(narrow.GetGateways(), func(g string) bool { return !slices.Contains(wide.GetGateways(), g) })
	}
	if len(wide.GetSourceLabels()) == 0 && wide.GetSourceNamespace() == "" {
		return true
	}
	if len(narrow.GetGateways()) > 0 {
		return false
	}
	if ns := wide.GetSourceNamespace(); ns != "" && ns != narrow.GetSourceNamespace() {
		return false
	}
	return Selects(wide.GetSourceLabels(), narrow.GetSourceLabels())
}

func coversPath(wide, narrow *networking.HTTPMatchRequest) bool {
	w, n := wide.GetUri(), narrow.GetUri()
	if w == nil || w.GetMatchType() == nil || w.GetPrefix() == "/" || w.GetRegex() == ".*" {
		return true
	}
	if _, ok := w.GetMatchType().(*networking.StringMatch_Prefix); ok && w.GetPrefix() == "" {
		return true
	}
	if wide.GetIgnoreUriCase() && !isRegex(w) {
		// Whatever its case, the narrow one is covered.
		return coversText(lowerText(w), lowerText(n))
	}
	if narrow.GetIgnoreUriCase() && !isRegex(n) {
		return false
	}
	return coversText(w, n)
}

func isRegex(m *networking.StringMatch) bool {
	_, ok := m.GetMatchType().(*networking.StringMatch_Regex)
	return ok
}

func lowerText(m *networking.StringMatch) *networking.StringMatch {
	switch t := m.GetMatchType().(type) {
	case *networking.StringMatch_Exact:
		return &networking.StringMatch{MatchType: &networking.StringMatch_Exact{Exact: strings.ToLower(t.Exact)}}
	case *networking.StringMatch_Prefix:
		return &networking.StringMatch{MatchType: &networking.StringMatch_Prefix{Prefix: strings.ToLower(t.Prefix)}}
	}
	return m
}

func coversTexts(wide, narrow map[string]*networking.StringMatch) bool {
	lower := make(map[string]*networking.StringMatch, len(narrow))
	for name, n := range narrow {
		lower[strings.ToLower(name)] = presence(n)
	}
	for name, w := range wide {
		if !coversText(presence(w), lower[strings.ToLower(name)]) {
			return false
		}
	}
	return true
}

// presence stands for a condition that asks only that something is there, which
// may be written as nothing at all.
func presence(m *networking.StringMatch) *networking.StringMatch {
	if m == nil {
		return &networking.StringMatch{}
	}
	return m
}

// coversText says whether every string that meets narrow meets wide; nil asks
// for nothing.
func coversText(wide, narrow *networking.StringMatch) bool {
	if wide == nil {
		return true
	}
	if narrow == nil {
		return false
	}
	switch w := wide.GetMatchType().(type) {
	case *networking.StringMatch_Exact:
		n, ok := narrow.GetMatchType().(*networking.StringMatch_Exact)
		return ok && n.Exact == w.Exact
	case *networking.StringMatch_Prefix:
		switch n := narrow.GetMatchType().(type) {
		case *networking.StringMatch_Exact:
			return strings.HasPrefix(n.Exact, w.Prefix)
		case *networking.StringMatch_Prefix:
			return strings.HasPrefix(n.Prefix, w.Prefix)
		}
		return false
	case *networking.StringMatch_Regex:
		n, ok := narrow.GetMatchType().(*networking.StringMatch_Regex)
		return w.Regex == "*" || w.Regex == ".*" || ok && n.Regex == w.Regex
	}
	return true // Presence alone.
}
