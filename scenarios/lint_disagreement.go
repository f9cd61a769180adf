package scenarios

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/splitcheck/splitcheck/internal/inventory"
	"github.com/splitcheck/splitcheck/internal/problems"
	"github.com/splitcheck/splitcheck/internal/routing"
	"github.com/splitcheck/splitcheck/split"
)

// lintDisagreement compares what a check expects with the weights that its
// requests meet, wherever these can be known without sending any: at the gateway
// always, and deeper in where the Service that splits has one rule without
// conditions. Where they cannot be known it is silent.
func lintDisagreement(l *linter, v *view) {
	for _, c := range v.judged() {
		if c.Mirrored != "" {
			continue
		}
		rule := v.decisiveRule(c)
		if rule == nil {
			continue
		}
		applied := v.arms(rule)
		if applied == nil || !v.comparable(c, applied) {
			continue
		}
		for _, w := range applied {
			if split.Same(applied.Share(w.Version), c.Expect.Share(w.Version)) {
				continue
			}
			l.check(c, "expect", fmt.Sprintf("the check expects %s, and %s%s sends %s", c.Expect, rule.Source, v.place(rule), applied),
				"correct one of them; if the difference is meant, declare the verdict with expectVerdict")
			break
		}
	}
}

// comparable tells whether the words of expect are those of the routes: rules of
// identification of the check's own may well call things otherwise.
func (v *view) comparable(c Check, applied split.Weights) bool {
	for _, w := range applied {
		if w.Weight > 0 && !c.Expect.Has(w.Version) && c.ownIdentify {
			return false
		}
	}
	return !slices.ContainsFunc(c.Expect, func(w split.Weight) bool { return !v.isVersion(w.Version) })
}

func (v *view) isVersion(name string) bool {
	return slices.ContainsFunc(v.pods, func(w workload) bool { return v.versionOf(w) == name })
}

// decisiveRule is the rule that splits the requests of a check, or nil if that
// cannot be known.
func (v *view) decisiveRule(c Check) *routing.Rule {
	e := v.enter(c)
	if e.rule == nil || e.rule.Abort != nil {
		return nil
	}
	s := v.split(c, e)
	if len(e.rule.Destinations) > 1 || e.first != nil && s != nil && e.first.host == s.host {
		return e.rule
	}
	if s == nil || e.first == nil || len(s.value.Spec.Ports) == 0 {
		return nil
	}
	rules := v.meshRules(*s)
	if len(rules.virtual)+len(rules.gateway) != 1 || !rules.unconditional() {
		return nil
	}
	table := v.tableOf(*e.first)
	if table == nil {
		return nil
	}
	rule := inside(table, *s)
	if rule == nil || rule.Abort != nil {
		return nil
	}
	return rule
}

// inside is the rule that a plain request to a Service meets in a caller's table.
func inside(table *routing.Table, s service) *routing.Rule {
	port := int(s.value.Spec.Ports[0].Port)
	return table.Route(port, &http.Request{
		Method: http.MethodGet, URL: &url.URL{Path: "/"}, Header: http.Header{},
		Host: s.host + ":" + strconv.Itoa(port),
	}).Rule
}

func (m meshRules) unconditional() bool {
	for _, rule := range m.virtual {
		if len(rule.value.Match) > 0 {
			return false
		}
	}
	for _, rule := range m.gateway {
		for _, match := range rule.value.Matches {
			if match.Path == nil || match.Path.Value == nil || *match.Path.Value != "/" || len(match.Headers)+len(match.QueryParams) > 0 || match.Method != nil {
				return false
			}
		}
	}
	return true
}

// arms are the weights of a rule by the versions behind its destinations, or nil
// if a destination stands for several.
func (v *view) arms(rule *routing.Rule) split.Weights {
	var weights split.Weights
	for i, weight := range rule.Weights() {
		version := v.versionBehind(rule.Destinations[i], rule)
		if version == "" {
			return nil
		}
		added := false
		for i := range weights {
			if weights[i].Version == version {
				weights[i].Weight += weight
				added = true
			}
		}
		if !added {
			weights = append(weights, split.Weight{Version: version, Weight: weight})
		}
	}
	if !(weights.Sum() > 0) {
		return nil
	}
	return weights
}

func (v *view) versionBehind(d routing.Destination, rule *routing.Rule) string {
	s, known := v.services[d.Cluster.Host]
	if !known || d.Status != 0 {
		return ""
	}
	var labels map[string]string
	if d.Cluster.Subset != "" {
		for _, subset := range v.subsets(s.host) {
			if subset.value.Name == d.Cluster.Subset {
				labels = subset.value.Labels
			}
		}
		if labels == nil {
			return ""
		}
	}
	version := ""
	for _, w := range v.behind(s, labels) {
		of := v.versionOf(w)
		if version != "" && of != version {
			return ""
		}
		version = of
	}
	return version
}

// place says where the object stands that a rule comes from.
func (v *view) place(rule *routing.Rule) string {
	o, known := v.Object(rule.Source.Object)
	if !known {
		return ""
	}
	line, _ := o.Position(rule.Source.Path())
	return fmt.Sprintf(" (%s:%d)", o.File, line)
}

// lintCompile passes on what compiling the routes has to say and no other
// finding says better.
func lintCompile(l *linter, v *view) {
	for _, p := range v.compile().Warnings() {
		if !sameLine(l.found, p) {
			l.report(p)
		}
	}
}

// compile compiles the routes of every kind of proxy that is there, for what
// there is to say about them: the gateways, and one sidecar in each namespace,
// because what reaches a proxy depends on its namespace.
func (v *view) compile() problems.List {
	if v.compiled != nil {
		return *v.compiled
	}
	proxies := []routing.Proxy{inventory.Ingress()}
	for _, o := range v.Objects() {
		if _, ok := o.Value.(*gatewayv1.Gateway); ok {
			proxies = append(proxies, routing.Proxy{Name: o.Name, Namespace: o.Namespace, Gateway: true, GatewayAPI: o.Namespace + "/" + o.Name})
		}
	}
	seen := map[string]bool{}
	for _, w := range v.pods {
		if w.hasSidecar && !seen[w.object.Namespace] {
			seen[w.object.Namespace] = true
			proxies = append(proxies, routing.Proxy{Name: w.object.Name, Namespace: w.object.Namespace, Labels: w.labels})
		}
	}
	var found problems.List
	for _, proxy := range proxies {
		_, more := routing.Compile(v.Objects(), proxy)
		found = append(found, more...)
	}
	found = found.Sort()
	v.compiled = &found
	return found
}
