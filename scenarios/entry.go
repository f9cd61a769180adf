package scenarios

import (
	"net/http"
	"net/url"
	"strings"

	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/splitcheck/splitcheck/internal/inventory"
	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/routing"
)

// An entryPoint is where the load of a check goes in, and what is known of its way.
type entryPoint struct {
	// table and rule are what the gateway makes of the request; nil without a
	// gateway, and where no rule matches.
	table *routing.Table
	rule  *routing.Rule
	// first is the Service that the load reaches first, if it is only one.
	first *service
}

// enter follows the request of a check to the first Service.
func (v *view) enter(c Check) entryPoint {
	if c.Request.Via.Service != "" {
		s, known := v.services[routing.FullHost(c.Request.Via.Service, c.Request.Via.Namespace)]
		if !known {
			return entryPoint{}
		}
		return entryPoint{first: &s}
	}
	table, port := v.gatewayTable()
	e := entryPoint{table: table, rule: table.Route(port, request(c.Request)).Rule}
	if e.rule == nil || len(e.rule.Destinations) == 0 {
		return e
	}
	host := e.rule.Destinations[0].Cluster.Host
	for _, d := range e.rule.Destinations {
		if d.Cluster.Host != host {
			return e
		}
	}
	if s, known := v.services[host]; known {
		e.first = &s
	}
	return e
}

// gatewayTable compiles the routes of the gateway that load enters by.
func (v *view) gatewayTable() (*routing.Table, int) {
	proxy, port := inventory.Ingress(), inventory.IngressPort
	if g, ok := inventory.Entrance(v.Objects()); ok && !g.Handed {
		proxy, port = g.Proxy(), g.Port()
	}
	table, _ := routing.Compile(v.Objects(), proxy)
	return table, port
}

// request is what routes get to see of a check's requests.
func request(r Request) *http.Request {
	u, err := url.ParseRequestURI(r.Path)
	if err != nil {
		u = &url.URL{Path: "/"}
	}
	host := r.Host
	if host == "" {
		host = "splitcheck.test" // Any host that no route names.
	}
	made := &http.Request{Method: r.Method, URL: u, Host: host, Header: http.Header{}}
	for name, value := range r.Headers {
		made.Header.Set(name, value)
	}
	var cookies []string
	for name, value := range r.Cookies {
		cookies = append(cookies, name+"="+value)
	}
	if len(cookies) > 0 {
		made.Header.Set("Cookie", strings.Join(cookies, "; "))
	}
	return made
}

// split is the Service whose versions a check tells apart: the one behind which
// the workloads stand that the bundle's identification names, or, without a
// bundle, the first Service if there are several versions behind it.
func (v *view) split(c Check, e entryPoint) *service {
	if b := v.scenario.bundle; b != nil {
		for _, host := range v.hosts {
			s, probed := v.services[host], 0
			for _, w := range v.behind(s, nil) {
				for _, p := range b.probes {
					if p.workload == w.object.Name && c.Expect.Has(p.version) {
						probed++
					}
				}
			}
			// Services that stand for one version each are not the split.
			if probed > 1 {
				return &s
			}
		}
	}
	if e.first != nil && v.severalVersions(*e.first) {
		return e.first
	}
	return nil
}

func (v *view) severalVersions(s service) bool {
	seen := map[string]bool{}
	for _, w := range v.behind(s, nil) {
		seen[v.versionOf(w)] = true
	}
	return len(seen) > 1
}

// meshRules are the rules that callers inside the mesh follow for a Service.
type meshRules struct {
	virtual []httpRule
	gateway []gatewayRule
}

func (m meshRules) none() bool { return len(m.virtual)+len(m.gateway) == 0 }

// source names the object of the first of some rules.
func (m meshRules) source() manifests.Key {
	if len(m.virtual) > 0 {
		return m.virtual[0].object.Key()
	}
	return m.gateway[0].object.Key()
}

func (v *view) meshRules(s service) meshRules {
	var m meshRules
	for rule := range v.virtualRules() {
		vs := rule.object.Value.(*networkingv1.VirtualService)
		for _, host := range vs.Spec.Hosts {
			if onMesh(vs) && routing.FullHost(host, rule.object.Namespace) == s.host {
				m.virtual = append(m.virtual, rule)
				break
			}
		}
	}
	for rule := range v.gatewayRules() {
		for _, ref := range rule.object.Value.(*gatewayv1.HTTPRoute).Spec.ParentRefs {
			if routing.Parent(ref, rule.object.Namespace) == s.object.Key() {
				m.gateway = append(m.gateway, rule)
				break
			}
		}
	}
	return m
}
