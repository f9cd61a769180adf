package routing

import (
	"maps"
	"slices"
	"strings"
)

// A Split is one route of a table, for people and for programs that compare
// what is in effect with what was asked for.
type Split struct {
	// Port and Host are the listener and the host name under which the route
	// stands: "reviews.default.svc.cluster.local", "*".
	Port int
	Host string
	// Match says in words which requests meet the route: "any request", or
	// `path prefix "/ad", header end-user "jason"`.
	Match string
	Rule  *Rule

	match *match
}

// Splits returns the routes of t that send to host, or stand under its name, by
// listener, host name and order. host is a full name ("reviews.default.svc.cluster.local"),
// or the beginning of one: "reviews" is every Service reviews. An empty host is
// all of them. What istiod puts under a Service's name on port 80 while the
// Service has no such port is left out: no request gets there.
//
//differential:elsewhere test proxies/TestCarried
func (t *Table) Splits(host string) []Split {
	host = strings.ToLower(host)
	services := map[string]bool{}
	for name := range t.clusters {
		services[name.Host] = !t.gateway
	}
	var splits []Split
	for _, port := range slices.Sorted(maps.Keys(t.listeners)) {
		for _, vh := range t.listeners[port].hosts() {
			if services[vh.domain] && t.clusters[ClusterName{Host: vh.domain, Port: port}] == nil {
				continue
			}
			for i := range vh.routes {
				route := &vh.routes[i]
				if !names(host, vh.domain) && !slices.ContainsFunc(route.rule.Destinations, func(d Destination) bool { return names(host, d.Cluster.Host) }) {
					continue
				}
				splits = append(splits, Split{Port: port, Host: vh.domain, Match: route.match.String(), Rule: route.rule, match: &route.match})
			}
		}
	}
	return splits
}

// names says whether short is full, or the labels with which it begins.
func names(short, full string) bool {
	return short == "" || short == full || strings.HasPrefix(full, short+".")
}

// String says what m asks for.
func (m *match) String() string {
	var parts []string
	switch m.path.kind {
	case pathExact:
		parts = append(parts, "path "+quote(m.path.value))
	case pathPrefix:
		parts = append(parts, "path prefix "+quote(m.path.value))
	case pathElement:
		parts = append(parts, "path under "+quote(m.path.value))
	case pathRegex:
		parts = append(parts, "path like "+quote(m.path.value))
	}
	for _, f := range []struct {
		name string
		text *text
	}{{"method", m.method}, {"scheme", m.scheme}, {"authority", m.authority}} {
		if f.text != nil {
			parts = append(parts, f.name+" "+f.text.String())
		}
	}
	for _, h := range m.headers {
		word := "header "
		if h.invert {
			word = "without header "
		}
		parts = append(parts, word+strings.ToLower(h.name)+" "+h.text.String())
	}
	for _, q := range m.query {
		parts = append(parts, "query "+q.name+" "+q.text.String())
	}
	if len(parts) == 0 {
		return "any request"
	}
	return strings.Join(parts, ", ")
}

func (t *text) String() string {
	switch t.kind {
	case textExact:
		return quote(t.value)
	case textPrefix:
		return "beginning " + quote(t.value)
	case textRegex:
		return "like " + quote(t.value)
	}
	return "present"
}
