package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/splitcheck/splitcheck/identify"
	"github.com/splitcheck/splitcheck/internal/inventory"
	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/problems"
	"github.com/splitcheck/splitcheck/internal/routing"
	"github.com/splitcheck/splitcheck/split"
)

// lintMarker finds rules on a header that every proxy writes itself: Envoy sets
// Server to envoy or istio-envoy on each answer that it passes on (istio
// pilot/pkg/networking/util/proxy_headers.go).
//
//differential:virtualservice/headers sidecar/plain
func lintMarker(l *linter, v *view) {
	for _, c := range v.judged() {
		for _, rule := range c.Identify {
			name, _, _ := strings.Cut(strings.TrimPrefix(rule.String(), "header:"), ":")
			if !strings.EqualFold(name, "server") {
				continue
			}
			through := "the gateway"
			if c.Request.Via.Service != "" {
				s := v.enter(c).first
				if s == nil || !slices.ContainsFunc(v.behind(*s, nil), func(w workload) bool { return w.hasSidecar }) {
					continue
				}
				through = "the sidecars of " + s.object.Name
			}
			l.check(c, "identify", fmt.Sprintf("the answers pass %s, which overwrites the header Server: every version would look the same", through),
				"use another marker, or enter a Service without a mesh (request.via)")
		}
	}
}

// lintBalancer finds splits that no rule makes: the pods of several versions
// share the traffic by the balancer's choice, and Istio's default of the less
// busy of two favours the faster version as soon as anything is in flight.
//
//differential:elsewhere scenario bookinfo-thirds
//differential:elsewhere test test/differential/TestClusters
func lintBalancer(l *linter, v *view) {
	for _, c := range v.judged() {
		e := v.enter(c)
		s := v.split(c, e)
		if s == nil || c.Request.Via.Service != "" || c.Mirrored != "" || c.Load.Connections == 1 || positive(c) < 2 || !v.severalVersions(*s) {
			continue
		}
		var cluster *routing.Cluster
		switch {
		case e.first != nil && e.first.host == s.host && e.rule != nil && len(e.rule.Destinations) == 1 && e.rule.Destinations[0].Cluster.Subset == "":
			cluster = e.table.Cluster(e.rule.Destinations[0].Cluster)
		case e.first != nil && e.first.host != s.host && v.meshRules(*s).none():
			cluster = v.clusterOf(*s, *e.first)
		}
		if cluster != nil && cluster.Balancer == routing.LeastRequest {
			l.check(c, "expect", fmt.Sprintf("no rule splits %s, so its balancer does: with several requests in flight, LEAST_REQUEST prefers the faster version", s.object.Name),
				"write connections: 1, or a DestinationRule with loadBalancer: {simple: RANDOM}")
		}
	}
}

// clusterOf is what callers among the pods behind from make of a Service.
func (v *view) clusterOf(s, from service) *routing.Cluster {
	table := v.tableOf(from)
	if table == nil || len(s.value.Spec.Ports) == 0 {
		return nil
	}
	return table.Cluster(routing.ClusterName{Host: s.host, Port: int(s.value.Spec.Ports[0].Port)})
}

// tableOf is the route table of the pods behind a Service, or nil where some of
// them have no sidecar.
func (v *view) tableOf(from service) *routing.Table {
	if v.bare(from) {
		return nil
	}
	proxy := routing.Proxy{Name: from.object.Name, Namespace: from.object.Namespace}
	for _, w := range v.behind(from, nil) {
		proxy.Labels = w.labels
	}
	table, _ := routing.Compile(v.Objects(), proxy)
	return table
}

func positive(c Check) int {
	n := 0
	for _, w := range c.Expect {
		if w.Weight > 0 {
			n++
		}
	}
	return n
}

// lintEndUser finds a header that does nothing: productpage takes the user from
// its session and passes no end-user header on. Whoever logs in with another
// check of the step knows, and means to show it.
func lintEndUser(l *linter, v *view) {
	knows := slices.ContainsFunc(v.step.Checks, func(c Check) bool { return c.Request.Login != nil })
	for _, c := range v.judged() {
		for name := range c.Request.Headers {
			if first := v.enter(c).first; strings.EqualFold(name, "end-user") && !knows && first != nil && first.object.Name == "productpage" {
				l.check(c, "request.headers", "productpage does not pass the header end-user on: the request is that of an anonymous user",
					"log in: request: {login: {path: /login, form: {username: testuser, passwd: any}}}")
			}
		}
	}
}

// lintPastRules finds load that never meets the rules it is meant to check:
// rules for a Service act in its callers' sidecars.
func lintPastRules(l *linter, v *view) {
	for _, c := range v.judged() {
		e := v.enter(c)
		if e.first == nil || positive(c) == 0 || c.Mirrored != "" {
			continue
		}
		if s := v.deeper(c, e); s != nil {
			v.lintCaller(l, c, *e.first, *s)
			continue
		}
		if !v.severalVersions(*e.first) {
			continue
		}
		rules := v.meshRules(*e.first)
		if rules.none() {
			continue
		}
		source := rules.source()
		if c.Request.Via.Service != "" {
			l.check(c, "request.via", fmt.Sprintf("%s acts in the sidecars of callers, and the load enters at %s past all of them", source, e.first.object.Name),
				"enter by the gateway through a service that calls it")
			continue
		}
		// A VirtualService may serve the gateway and the mesh alike.
		if e.rule != nil && e.rule.Source.Object != source && len(e.rule.Destinations) == 1 && e.rule.Destinations[0].Cluster.Subset == "" {
			l.check(c, "request", fmt.Sprintf("the gateway sends straight to %s (%s), where %s does not act: it acts in the sidecars of callers inside the mesh", e.first.object.Name, e.rule.Source, source),
				"send the load to a service that calls it, or split at the gateway")
		}
	}
}

// lintCaller finds rules for a Service that do not reach the sidecars of the pods
// that call it.
//
//differential:virtualservice/export-to
//differential:elsewhere uncompared which pods get a sidecar beyond the label of their namespace
func (v *view) lintCaller(l *linter, c Check, caller, s service) {
	rules := v.meshRules(s)
	if rules.none() || v.Ambient(caller.object.Namespace) {
		return
	}
	if v.bare(caller) {
		// A Namespace that is in the cluster already may have the label.
		if _, known := v.Object(manifests.Key{Kind: "Namespace", Name: caller.object.Namespace}); !known {
			return
		}
		source := rules.source()
		l.check(c, "request", fmt.Sprintf("%s acts in the sidecars of callers, and pods of %s, which calls %s, get none", source, caller.object.Name, s.object.Name),
			"label their namespace istio-injection: enabled, or split at the gateway")
		return
	}
	table := v.tableOf(caller)
	if table == nil || len(rules.gateway) > 0 {
		return
	}
	for _, rule := range rules.virtual {
		if len(rule.object.Value.(*networkingv1.VirtualService).Spec.ExportTo) == 0 ||
			slices.ContainsFunc(table.Splits(""), func(has routing.Split) bool { return has.Rule.Source.Object == rule.object.Key() }) {
			return
		}
	}
	l.check(c, "request", fmt.Sprintf("the exportTo of %s does not name namespace %s, from where %s calls %s: no rule acts there",
		rules.virtual[0].object, caller.object.Namespace, caller.object.Name, s.object.Name),
		"add the namespace to exportTo, or leave exportTo out")
}

// deeper is the Service inside the mesh whose versions a check tells apart, or nil
// where the load enters it itself. Without a bundle that says, it is the only one
// with rules behind which all the expected versions are, if they are not behind the
// first.
func (v *view) deeper(c Check, e entryPoint) *service {
	if s := v.split(c, e); s != nil {
		if s.host == e.first.host {
			return nil
		}
		return s
	}
	if v.runsAll(*e.first, c) {
		return nil
	}
	var found *service
	for _, host := range v.hosts {
		s := v.services[host]
		if host == e.first.host || !v.runsAll(s, c) || !v.severalVersions(s) || v.meshRules(s).none() {
			continue
		}
		if found != nil {
			return nil
		}
		found = &s
	}
	return found
}

// runsAll reports whether all the versions that a check expects are behind s.
func (v *view) runsAll(s service, c Check) bool {
	versions := v.versionsOf(v.behind(s, nil))
	return !slices.ContainsFunc(c.Expect, func(w split.Weight) bool { return !slices.Contains(versions, w.Version) })
}

// lintKeepAlive finds samples that hold fewer choices than answers: kube-proxy
// chooses a pod for each connection.
func lintKeepAlive(l *linter, v *view) {
	for _, c := range v.judged() {
		if c.Request.Via.Service == "" || c.Load.Reuse == 1 || positive(c) < 2 {
			continue
		}
		field := "request.via"
		if c.Load.Reuse > 1 {
			field = "reuse"
		}
		l.check(c, field, "kube-proxy chooses a pod for each connection, and a connection carries several requests: their answers are one choice",
			"write reuse: 1, a connection for each request")
	}
}

func lintMargins(l *linter, v *view) {
	for _, c := range v.judged() {
		for _, w := range c.Expect {
			share := c.Expect.Share(w.Version)
			if margin, given := c.Margins[w.Version]; given && share > 0 && margin > share {
				l.check(c, "margin", fmt.Sprintf("a margin of %.4g %% around the %.4g %% of %s reaches below 0, so it sets no lower limit for %[3]s", 100*margin, 100*share, w.Version),
					fmt.Sprintf("write a margin of at most %.4g %% for %s", 100*share, w.Version))
			}
		}
	}
}

// lintNoRoute finds checks whose every answer is the gateway's own 404. It is silent
// where the scenario has no gateway for plain HTTP, because another may have one;
// where a finding says why no rule is there; and where statuses are what is counted.
//
//differential:gateway/unmet-host gateway/no-virtual-service virtualservice/own-answers
func lintNoRoute(l *linter, v *view) {
	const missing = "compare its path and host with the matches and hosts of the routes at the gateway"
	explained := slices.ContainsFunc(l.found, func(p problems.Problem) bool {
		return slices.Contains([]string{"SC101", "SC111", "SC112", "SC113"}, p.ID)
	})
	for _, c := range v.judged() {
		counts := slices.ContainsFunc(c.Identify, func(r identify.Rule) bool { return strings.HasPrefix(r.String(), "status") })
		if c.Request.Via.Service != "" || explained || counts || v.hasKind("GRPCRoute") || v.hasKind("EnvoyFilter") {
			continue
		}
		table, port := v.gatewayTable()
		if !slices.Contains(table.Ports(), port) || table.Route(port, request(c.Request)).Rule != nil {
			continue
		}
		of, hint := "", missing
		if c.Request.Host != "" {
			of = " of " + c.Request.Host
		} else if v.namesHosts() {
			hint = "name the host in request.host, or " + missing
		}
		l.check(c, "request", fmt.Sprintf("no route at the gateway takes %s %s%s: every answer will be a 404", c.Request.Method, c.Request.Path, of), hint)
	}
}

// namesHosts reports whether some route is for certain hosts only.
func (v *view) namesHosts() bool {
	for _, vs := range inventory.Values[*networkingv1.VirtualService](v.Inventory) {
		if !slices.Contains(vs.Spec.Hosts, "*") {
			return true
		}
	}
	for _, route := range inventory.Values[*gatewayv1.HTTPRoute](v.Inventory) {
		if len(route.Spec.Hostnames) > 0 {
			return true
		}
	}
	return false
}

// lintVersionNames finds names that differ from what they look like: identify cuts
// the blanks around a value off, and control characters cannot be seen.
func lintVersionNames(l *linter, v *view) {
	for _, c := range v.judged() {
		for _, w := range c.Expect {
			if w.Version != strings.TrimSpace(w.Version) || strings.ContainsFunc(w.Version, func(r rune) bool { return !unicode.IsGraphic(r) }) {
				l.check(c, "expect", fmt.Sprintf("the name of version %q has blanks around it, or characters that cannot be seen", w.Version), "write the name as the answers have it")
			}
		}
	}
}
