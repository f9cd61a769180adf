package routing

import (
	"strings"

	networking "istio.io/api/networking/v1alpha3"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
)

// delegated returns the rules of the VirtualService that root hands over to,
// each narrowed to what root matches. It goes one level deep, as istiod does
// (istio pilot/pkg/model/virtualservice.go, mergeVirtualServicesIfNeeded).
//
//differential:virtualservice/delegates
func (c *compiler) delegated(root entry) []entry {
	name, namespace := root.http.GetDelegate().GetName(), root.http.GetDelegate().GetNamespace()
	if namespace == "" {
		namespace = root.namespace
	}
	path := root.path + ".delegate"
	target := c.delegate(name, namespace)
	if target == nil {
		c.warn(root.object, path, "delegates to VirtualService "+namespace+"/"+name+", which is not there or has hosts of its own: the rule is left out",
			"apply a VirtualService of that name without hosts")
		return nil
	}
	if exportedTo(target.value.Spec.GetExportTo(), namespace, root.namespace) == reachNone {
		c.warn(root.object, path, "delegates to "+target.Object.String()+", which is not exported to namespace "+root.namespace+": the rule is left out",
			"widen exportTo of the delegate")
		return nil
	}
	var entries []entry
	for i, leaf := range target.value.Spec.GetHttp() {
		place := at("spec.http", i)
		if leaf == nil {
			continue
		}
		if leaf.GetDelegate() != nil {
			c.warn(target.Object, place+".delegate", "a delegate cannot delegate further: the rule is left out", "write its routes here")
			continue
		}
		merged := mergeRule(root.http, leaf, root.namespace)
		if merged == nil {
			c.warn(target.Object, place+".match", "matches what the rule that delegates here ("+root.object.At(root.path).String()+") does not: the rule is left out",
				"match a part of what the other matches; regular expressions cannot be compared")
			continue
		}
		entries = append(entries, entry{http: merged, object: target.Object, path: place, namespace: namespace})
	}
	return entries
}

func (c *compiler) delegate(name, namespace string) *object[*networkingv1.VirtualService] {
	for i := range c.vss {
		if o := &c.vss[i]; o.Name == name && o.Namespace == namespace && len(o.value.Spec.GetHosts()) == 0 {
			return o
		}
	}
	return nil
}

// mergeRule returns leaf with what it leaves open taken from root, or nil where
// their matches contradict each other.
func mergeRule(root, leaf *networking.HTTPRoute, rootNamespace string) *networking.HTTPRoute {
	blocks, ok := mergeMatches(root.GetMatch(), leaf.GetMatch())
	if !ok {
		return nil
	}
	merged := leaf.DeepCopy()
	merged.Match = blocks
	if merged.Rewrite == nil {
		merged.Rewrite = root.Rewrite
	}
	if merged.Timeout == nil {
		merged.Timeout = root.Timeout
	}
	if merged.Retries == nil {
		merged.Retries = root.Retries
	}
	if merged.Fault == nil {
		merged.Fault = root.Fault
	}
	if merged.Mirror == nil && root.Mirror != nil {
		merged.Mirror = root.Mirror.DeepCopy()
		merged.Mirror.Host = FullHost(root.Mirror.GetHost(), rootNamespace)
	}
	inheritMirrorPercent(merged, root)
	if merged.Headers == nil {
		merged.Headers = root.Headers
	}
	return merged
}

// mergeMatches returns the blocks that meet both lists; each of leaf's must be a
// part of one of root's.
func mergeMatches(root, leaf []*networking.HTTPMatchRequest) ([]*networking.HTTPMatchRequest, bool) {
	if len(root) == 0 {
		return leaf, true
	}
	if len(leaf) == 0 {
		return root, true
	}
	var out []*networking.HTTPMatchRequest
	for _, l := range leaf {
		found := false
		for _, r := range root {
			if !contradict(r, l) {
				out = append(out, mergeMatch(r, l))
				found = true
			}
		}
		if !found {
			return nil, false
		}
	}
	return out, true
}

func mergeMatch(root, leaf *networking.HTTPMatchRequest) *networking.HTTPMatchRequest {
	m := &networking.HTTPMatchRequest{}
	if leaf != nil {
		m = leaf.DeepCopy()
	}
	if m.Uri == nil {
		m.Uri = root.GetUri()
	}
	if m.Scheme == nil {
		m.Scheme = root.GetScheme()
	}
	if m.Method == nil {
		m.Method = root.GetMethod()
	}
	if m.Authority == nil {
		m.Authority = root.GetAuthority()
	}
	m.Headers = mergeTexts(root.GetHeaders(), m.Headers)
	m.WithoutHeaders = mergeTexts(root.GetWithoutHeaders(), m.WithoutHeaders)
	m.QueryParams = mergeTexts(root.GetQueryParams(), m.QueryParams)
	if m.Port == 0 {
		m.Port = root.GetPort()
	}
	if len(m.SourceLabels) == 0 {
		m.SourceLabels = root.GetSourceLabels()
	}
	if m.SourceNamespace == "" {
		m.SourceNamespace = root.GetSourceNamespace()
	}
	if len(m.Gateways) == 0 {
		m.Gateways = root.GetGateways()
	}
	return m
}

func mergeTexts(root, leaf map[string]*networking.StringMatch) map[string]*networking.StringMatch {
	if len(root)+len(leaf) == 0 {
		return nil
	}
	out := make(map[string]*networking.StringMatch, len(root)+len(leaf))
	for k, v := range root {
		out[k] = v
	}
	for k, v := range leaf {
		out[k] = v
	}
	return out
}

// contradict says whether leaf is not a part of root, as far as istiod can tell.
//
//differential:virtualservice/delegates
func contradict(root, leaf *networking.HTTPMatchRequest) bool {
	if textsContradict(root.GetUri(), leaf.GetUri()) || textsContradict(root.GetScheme(), leaf.GetScheme()) ||
		textsContradict(root.GetMethod(), leaf.GetMethod()) || textsContradict(root.GetAuthority(), leaf.GetAuthority()) {
		return true
	}
	for name, l := range leaf.GetHeaders() {
		if textsContradict(root.GetHeaders()[name], l) {
			return true
		}
	}
	for name, l := range leaf.GetWithoutHeaders() {
		if textsContradict(root.GetWithoutHeaders()[name], l) {
			return true
		}
	}
	for name, l := range leaf.GetQueryParams() {
		if textsContradict(root.GetQueryParams()[name], l) {
			return true
		}
	}
	if root.GetIgnoreUriCase() != leaf.GetIgnoreUriCase() {
		return true
	}
	return root.GetPort() > 0 && leaf.GetPort() > 0 && root.GetPort() != leaf.GetPort()
}

func textsContradict(root, leaf *networking.StringMatch) bool {
	switch {
	case root == nil || leaf == nil:
		return false
	case root.GetRegex() != "" || leaf.GetRegex() != "":
		return true
	case root.GetExact() != "":
		return leaf.GetExact() != root.GetExact()
	case root.GetPrefix() != "" && leaf.GetPrefix() != "":
		return !strings.HasPrefix(leaf.GetPrefix(), root.GetPrefix())
	case root.GetPrefix() != "" && leaf.GetExact() != "":
		return !strings.HasPrefix(leaf.GetExact(), root.GetPrefix())
	}
	return true
}
