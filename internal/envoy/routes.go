// Package envoy reads what an Envoy's admin interface prints: the routes that
// it is programmed with, and its clusters with their endpoints and counters. It
// reads text and does not ask a proxy for it; what a route should be is not
// known here.
package envoy

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/splitcheck/splitcheck/internal/manifests"
)

// Routes are the dynamic routes of one proxy, in the order of its dump: route
// configurations as Envoy lists them, and within each the virtual hosts and
// their routes in the order in which they are asked.
//
//differential:elsewhere test proxies/TestCarried
type Routes []Route

// A Route is one entry of a virtual host.
//
//differential:elsewhere test envoy/TestHTTPRoutes
//differential:elsewhere test envoy/TestOlderNames
type Route struct {
	// Config is the name of the route configuration: "http.8080" in a gateway,
	// by the port of the pod, or "https.443.NAME.GATEWAY.NAMESPACE" for a server
	// that ends TLS, by its own port and the port's name; the port of the service in a sidecar, "80", or
	// its name and port where the port carries more than HTTP.
	Config string
	// VirtualHost is the name of the virtual host, "*:80", and Domains the
	// host names that it answers for.
	VirtualHost string
	Domains     []string
	// Name is the route's own, if it has one.
	Name string
	// Object is the object from which the control plane made the route, by the
	// route's metadata. It is zero if the metadata names none, as for the plain
	// route to a Service. For a rule that a VirtualService delegates to, it is
	// the delegating object. If a rule of an HTTPRoute has a name of its own,
	// Istio keeps nothing but that name: then Object has no Name, and its
	// Namespace is that of one of the HTTPRoutes that share the virtual host.
	Object manifests.Key
	// Rule is the index of the rule in an HTTPRoute, -1 where it is not known.
	Rule  int
	Match Match
	// Arms are the destinations, as they are written: with those of weight 0.
	// A single destination has the weight 1.
	Arms []Arm
	// Abort and Delay are the percentages of requests that are answered in
	// place of the destination, and that are held back; 0 to 100.
	Abort, Delay     float64
	Mirrors          []Mirror
	Redirect, Direct bool
	// Settings are what else is done to a request.
	Settings Settings
	// Updated is when this proxy last took the configuration that the route is
	// a part of, by its own clock.
	Updated time.Time
	// Rejected is set on the entries that ParseRoutes adds for an update that
	// the proxy refused, and says why. Such an entry otherwise has only Config
	// and Updated, and Updated is the time of the attempt.
	Rejected string
}

// An Arm is one destination of a route and its weight.
type Arm struct {
	Cluster string
	// Weight is 100 for the only destination, whatever is written.
	Weight float64
	// Headers are the changes of headers for this destination alone, as
	// Settings.Headers has them, separated by "; ".
	Headers string
}

// A Mirror is a cluster that is sent copies of Percent of the requests, 0 to 100.
type Mirror struct {
	Cluster string
	Percent float64
}

// ParseRoutes reads the answer to /config_dump?resource=dynamic_route_configs.
func ParseRoutes(dump []byte) (Routes, error) {
	var in struct {
		Configs []struct {
			RouteConfig routeConfig `json:"route_config"`
			LastUpdated time.Time   `json:"last_updated"`
			ErrorState  *struct {
				Failed      routeConfig `json:"failed_configuration"`
				LastAttempt time.Time   `json:"last_update_attempt"`
				Details     string      `json:"details"`
			} `json:"error_state"`
		} `json:"configs"`
	}
	if err := json.Unmarshal(dump, &in); err != nil {
		return nil, fmt.Errorf("the proxy's dump of its routes cannot be read: %w", err)
	}
	var routes Routes
	for _, c := range in.Configs {
		for _, vh := range c.RouteConfig.VirtualHosts {
			for _, r := range vh.Routes {
				route := r.route()
				route.Config, route.VirtualHost, route.Domains, route.Updated = c.RouteConfig.Name, vh.Name, vh.Domains, c.LastUpdated
				routes = append(routes, route)
			}
		}
		if e := c.ErrorState; e != nil {
			name := c.RouteConfig.Name
			if name == "" {
				name = e.Failed.Name
			}
			routes = append(routes, Route{Config: name, Rejected: strings.TrimSpace(e.Details), Updated: e.LastAttempt})
		}
	}
	return routes, nil
}

type routeConfig struct {
	Name         string `json:"name"`
	VirtualHosts []struct {
		Name    string   `json:"name"`
		Domains []string `json:"domains"`
		Routes  []route  `json:"routes"`
	} `json:"virtual_hosts"`
}

// A route is the part of Envoy's config.route.v3.Route that is read here.
//
//differential:elsewhere test envoy/TestSidecar
type route struct {
	Name     string   `json:"name"`
	Match    rawMatch `json:"match"`
	Metadata struct {
		Filters map[string]struct {
			Config string `json:"config"`
		} `json:"filter_metadata"`
	} `json:"metadata"`
	rawHeaders
	Route *struct {
		rawForward
		Cluster  string `json:"cluster"`
		Weighted *struct {
			Clusters []struct {
				Name   string  `json:"name"`
				Weight float64 `json:"weight"`
				Host   string  `json:"host_rewrite_literal"`
				rawHeaders
			} `json:"clusters"`
		} `json:"weighted_clusters"`
		Mirrors []struct {
			Cluster  string `json:"cluster"`
			Fraction *struct {
				Default percentage `json:"default_value"`
			} `json:"runtime_fraction"`
		} `json:"request_mirror_policies"`
	} `json:"route"`
	Redirect *rawRedirect `json:"redirect"`
	Direct   *rawDirect   `json:"direct_response"`
	Filters  map[string]struct {
		Abort *struct {
			Percentage percentage `json:"percentage"`
			Status     int        `json:"http_status"`
		} `json:"abort"`
		Delay *struct {
			Percentage percentage `json:"percentage"`
			Fixed      duration   `json:"fixed_delay"`
		} `json:"delay"`
	} `json:"typed_per_filter_config"`
}

// A percentage is Envoy's type.v3.FractionalPercent; a denominator of HUNDRED
// is not printed.
//
//differential:elsewhere test proxies/TestCarried
type percentage struct {
	Numerator   float64 `json:"numerator"`
	Denominator string  `json:"denominator"`
}

func (p percentage) percent() float64 {
	switch p.Denominator {
	case "TEN_THOUSAND":
		return p.Numerator / 100
	case "MILLION":
		return p.Numerator / 10000
	}
	return p.Numerator
}

// faultFilter is the name under which istiod configures faults for a route.
//
//differential:elsewhere test proxies/TestCarried
const faultFilter = "envoy.filters.http.fault"

func (in route) route() Route {
	out := Route{Name: in.Name, Match: in.Match.match(), Redirect: in.Redirect != nil, Direct: in.Direct != nil}
	out.Object, out.Rule = objectOf(in.Metadata.Filters["istio"].Config, in.Name)
	if fault, ok := in.Filters[faultFilter]; ok {
		if fault.Abort != nil {
			out.Abort = fault.Abort.Percentage.percent()
			out.Settings.AbortStatus = fault.Abort.Status
		}
		if fault.Delay != nil {
			out.Delay = fault.Delay.Percentage.percent()
			out.Settings.Delay = time.Duration(fault.Delay.Fixed)
		}
	}
	out.Settings.Headers = in.words()
	in.Redirect.settle(&out.Settings)
	in.Direct.settle(&out.Settings)
	if in.Route == nil {
		return out
	}
	in.Route.settle(&out.Settings)
	if in.Route.Cluster != "" {
		out.Arms = []Arm{{Cluster: in.Route.Cluster, Weight: 100}}
	}
	if in.Route.Weighted != nil {
		for _, c := range in.Route.Weighted.Clusters {
			words := c.words()
			if c.Host != "" {
				words = append(words, "request set host: "+c.Host)
				slices.Sort(words)
			}
			out.Arms = append(out.Arms, Arm{Cluster: c.Name, Weight: c.Weight, Headers: strings.Join(words, "; ")})
		}
		if len(out.Arms) == 1 {
			out.Arms[0].Weight = 100
		}
	}
	for _, m := range in.Route.Mirrors {
		percent := 100.0
		if m.Fraction != nil {
			percent = m.Fraction.Default.percent()
		}
		out.Mirrors = append(out.Mirrors, Mirror{Cluster: m.Cluster, Percent: percent})
	}
	return out
}

// generated is in the names of the VirtualServices that istiod made of HTTPRoutes
// up to release 1.26, "split-0-istio-autogenerated-k8s-gateway". Later ones have
// a "~" in them, "gamma~80~backend-svc.gamma.svc.cluster.local", and name the
// parent and the host: the HTTPRoutes of one parent and host are merged into one.
//
//differential:elsewhere test envoy/TestOlderNames
const generated = "-istio-autogenerated-k8s-gateway"

// objectOf returns the object that a path in a route's metadata names:
// "/apis/networking.istio.io/v1/namespaces/default/virtual-service/canary" is
// VirtualService default/canary. If the VirtualService was made from
// HTTPRoutes, the route's own name, NAMESPACE.NAME.RULE, names the HTTPRoute.
//
//differential:elsewhere test envoy/TestHTTPRoutes
func objectOf(path, name string) (manifests.Key, int) {
	parts := strings.Split(strings.TrimPrefix(path, "/apis/"), "/")
	if len(parts) != 6 || parts[2] != "namespaces" || parts[4] != "virtual-service" {
		return manifests.Key{}, -1
	}
	namespace, object := parts[3], parts[5]
	if !strings.Contains(object, "~") && !strings.HasSuffix(object, generated) {
		return manifests.Key{Group: parts[0], Kind: "VirtualService", Namespace: namespace, Name: object}, -1
	}
	key := manifests.Key{Group: manifests.GatewayGroup, Kind: "HTTPRoute", Namespace: namespace}
	// A namespace has no dot in it; an HTTPRoute's name may.
	first, last := strings.Index(name, "."), strings.LastIndex(name, ".")
	if first > 0 && last > first {
		if rule, err := strconv.Atoi(name[last+1:]); err == nil {
			key.Namespace, key.Name = name[:first], name[first+1:last]
			return key, rule
		}
	}
	if before, ok := strings.CutSuffix(object, generated); ok {
		if dash := strings.LastIndex(before, "-"); dash > 0 {
			key.Name = before[:dash]
		}
	}
	return key, -1
}
