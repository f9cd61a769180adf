package proxies

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	corev1 "k8s.io/api/core/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/splitcheck/splitcheck/internal/envoy"
	"github.com/splitcheck/splitcheck/internal/istio"
	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/routing"
)

// A place is a virtual host: a name and the port that clients know.
type place struct {
	host string
	port int
}

// A wanted is a route that a proxy should have.
type wanted struct {
	split      routing.Split
	object     manifests.Key
	conditions []routing.Condition
	// delegate is set where the object is one that others delegate to: the
	// route's metadata then names one of those.
	delegate bool
}

// A comparison holds what a proxy should have and what it has, by place, and of
// both only what comes of the objects.
type comparison struct {
	table  *routing.Table
	object map[manifests.Key]manifests.Object
	want   map[place][]wanted
	have   map[place][]envoy.Route
}

//
//differential:elsewhere uncompared wildcard hosts in sidecars
func newComparison(objects []manifests.Object, p Proxy, routes envoy.Routes) *comparison {
	c := &comparison{
		object: map[manifests.Key]manifests.Object{},
		want:   map[place][]wanted{},
		have:   map[place][]envoy.Route{},
	}
	for _, o := range objects {
		switch o.Value.(type) {
		case *networkingv1.VirtualService, *gatewayv1.HTTPRoute:
			c.object[o.Key()] = o
		}
	}
	c.table, _ = routing.Compile(objects, p.Compiled())
	for _, s := range c.table.Splits("") {
		key := s.Rule.Source.Object
		if _, ours := c.object[key]; !ours {
			continue // The plain route to a Service.
		}
		at := place{s.Host, s.Port}
		c.want[at] = append(c.want[at], wanted{
			split: s, object: key, conditions: ordered(s.Conditions()),
			delegate: c.delegate(key),
		})
	}
	services := servicePorts(objects)
	for _, r := range routes {
		if _, ours := c.resolve(r); !ours {
			continue
		}
		for _, at := range placesOf(r, p) {
			if _, wanted := c.want[at]; !wanted && !p.Gateway && unasked(at, services) {
				continue
			}
			c.have[at] = append(c.have[at], r)
		}
	}
	for at := range c.want {
		// Where a wildcard covers a Service that is not among the objects,
		// istiod puts the routes under that one's name instead.
		if !p.Gateway && len(c.have[at]) == 0 && strings.HasPrefix(at.host, "*") && strings.HasSuffix(at.host, "."+istio.ServiceDomain) {
			delete(c.want, at)
		}
	}
	return c
}

// Compiled is p as routing knows it. The Service in front of a gateway, to which
// Gateways of the Gateway API can be handed, is taken to have its workload's name.
func (p Proxy) Compiled() routing.Proxy {
	out := routing.Proxy{Name: p.Name, Namespace: p.Namespace, Labels: p.Labels, Gateway: p.Gateway, GatewayAPI: p.GatewayAPI}
	if p.Gateway && p.GatewayAPI == "" {
		out.Service = p.Namespace + "/" + p.Workload
	}
	return out
}

// servicePorts are the ports of the Services among objects, by full name.
func servicePorts(objects []manifests.Object) map[string][]int {
	ports := map[string][]int{}
	for _, o := range objects {
		if s, ok := o.Value.(*corev1.Service); ok && s != nil {
			host := routing.ServiceHost(o.Name, o.Namespace)
			ports[host] = nil
			for _, p := range s.Spec.Ports {
				ports[host] = append(ports[host], int(p.Port))
			}
		}
	}
	return ports
}

// unasked says whether a virtual host of a sidecar is one that no request gets
// to, or that we cannot know of: a Service's name on port 80, where istiod puts
// the routes of its VirtualService though the Service has no such port, and the
// Services of others that a wildcard covers.
//
//differential:sidecar/plain
//differential:elsewhere test proxies/TestCarried
func unasked(at place, services map[string][]int) bool {
	ports, known := services[at.host]
	if !known {
		return strings.HasSuffix(at.host, "."+istio.ServiceDomain)
	}
	return at.port == 80 && !slices.Contains(ports, 80)
}

// places are all that either side has, in order.
func (c *comparison) places() []place {
	all := map[place]bool{}
	for at := range c.want {
		all[at] = true
	}
	for at := range c.have {
		all[at] = true
	}
	return slices.SortedFunc(maps.Keys(all), func(a, b place) int {
		return cmp.Or(cmp.Compare(a.port, b.port), strings.Compare(a.host, b.host))
	})
}

// placesOf returns where a route stands. The name of a virtual host has the host
// and the port, "*:80". In a gateway it is but the first of those with the same
// routes, and the domains are all of them; in a sidecar the domains are other
// names of the same. The port of a gateway's is the one that the Gateway names;
// 8080 and 8443 are what 80 and 443 are within the ingress gateway's pod, and
// istiod takes a Gateway that names either for the same listener. Of servers that
// end TLS each has a route configuration of its own, whose virtual hosts have the
// same kind of name.
//
//differential:elsewhere test proxies/TestCarried
//differential:elsewhere test envoy/TestOlderNames
func placesOf(r envoy.Route, p Proxy) []place {
	host, number, ok := cutPort(r.VirtualHost)
	if !ok {
		return nil
	}
	if !p.Gateway {
		return []place{{strings.ToLower(host), number}}
	}
	if known := map[int]int{8080: 80, 8443: 443}[number]; known != 0 && p.GatewayAPI == "" {
		number = known
	}
	var places []place
	for _, domain := range r.Domains {
		if host, _, ok := cutPort(domain); ok {
			domain = host // An older Istio lists names with and without it.
		}
		if at := (place{strings.ToLower(domain), number}); !slices.Contains(places, at) {
			places = append(places, at)
		}
	}
	return places
}

func cutPort(name string) (host string, port int, ok bool) {
	i := strings.LastIndexByte(name, ':')
	if i < 0 {
		return "", 0, false
	}
	port, err := strconv.Atoi(name[i+1:])
	return name[:i], port, err == nil
}

// resolve returns which of the objects a route is of. A rule of an HTTPRoute
// that has a name of its own is found by that.
func (c *comparison) resolve(r envoy.Route) (manifests.Key, bool) {
	if _, ours := c.object[r.Object]; ours {
		return r.Object, true
	}
	if r.Object.Kind != "HTTPRoute" || r.Object.Name != "" || r.Name == "" {
		return manifests.Key{}, false
	}
	for key, o := range c.object {
		if route, ok := o.Value.(*gatewayv1.HTTPRoute); ok {
			for i := range route.Spec.Rules {
				if name := route.Spec.Rules[i].Name; name != nil && string(*name) == r.Name {
					return key, true
				}
			}
		}
	}
	return manifests.Key{}, false
}

// delegate says whether an object is a VirtualService that others delegate to.
func (c *comparison) delegate(key manifests.Key) bool {
	vs, _ := c.object[key].Value.(*networkingv1.VirtualService)
	return vs != nil && len(vs.Spec.GetHosts()) == 0
}

// of says whether r can be the route that w asks for.
func (c *comparison) of(w wanted, r envoy.Route) bool {
	key, _ := c.resolve(r)
	return key == w.object || w.delegate && key.Kind == w.object.Kind
}
