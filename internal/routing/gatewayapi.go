package routing

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	klabels "k8s.io/apimachinery/pkg/labels"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/splitcheck/splitcheck/internal/manifests"
)

// apiServers returns the listeners of the Gateways that the proxy serves. Their
// port is that of the gateway's Service, as it stands.
func (c *compiler) apiServers() []server {
	var servers []server
	for _, o := range c.apiGateways {
		if !c.proxy.Serves(o.Namespace, o.Name, &o.value.Spec) {
			continue
		}
		name := o.Namespace + "/" + o.Name
		spec := &o.value.Spec
		if spec.GatewayClassName != GatewayClass {
			c.uninterpreted(o.Object, "spec.gatewayClassName", "class "+quote(string(spec.GatewayClassName)))
			continue
		}
		for i := range spec.Listeners {
			l := &spec.Listeners[i]
			path := at("spec.listeners", i)
			if l.Protocol != gatewayv1.HTTPProtocolType {
				c.uninterpreted(o.Object, path+".protocol", "protocol "+quote(string(l.Protocol)))
			}
			// Of HTTPS the definition allows no mode but Terminate.
			secure := l.Protocol == gatewayv1.HTTPSProtocolType
			if l.Protocol != gatewayv1.HTTPProtocolType && !secure {
				continue
			}
			hostname := "*"
			if l.Hostname != nil && *l.Hostname != "" {
				hostname = strings.ToLower(string(*l.Hostname))
			}
			s := server{gateway: name + "/" + string(l.Name), port: int(l.Port), number: int(l.Port), order: o.order, secure: secure, tls: secure}
			for _, namespace := range c.allowedNamespaces(o.Object, l, path) {
				s.hosts = append(s.hosts, namespace+"/"+hostname)
			}
			servers = append(servers, s)
		}
	}
	return servers
}

// allowedNamespaces returns the namespaces whose HTTPRoutes a listener takes:
// by default the Gateway's own, "*" for all.
func (c *compiler) allowedNamespaces(o manifests.Object, l *gatewayv1.Listener, path string) []string {
	allowed := l.AllowedRoutes
	if allowed == nil {
		return []string{o.Namespace}
	}
	if len(allowed.Kinds) > 0 && !slices.ContainsFunc(allowed.Kinds, func(k gatewayv1.RouteGroupKind) bool {
		return k.Kind == "HTTPRoute" && (k.Group == nil || *k.Group == gatewayv1.GroupName)
	}) {
		return nil
	}
	if allowed.Namespaces == nil || allowed.Namespaces.From == nil {
		return []string{o.Namespace}
	}
	switch *allowed.Namespaces.From {
	case gatewayv1.NamespacesFromAll:
		return []string{"*"}
	case gatewayv1.NamespacesFromNone:
		return nil
	case gatewayv1.NamespacesFromSelector:
		selector, err := metav1.LabelSelectorAsSelector(allowed.Namespaces.Selector)
		if err != nil {
			c.refuse(o, path+".allowedRoutes.namespaces.selector", "the selector cannot be read: "+err.Error(), "")
			return nil
		}
		var names []string
		for _, name := range sortedKeys(c.namespaceLabels) {
			// Kubernetes labels every namespace with its name.
			labels := klabels.Merge(c.namespaceLabels[name], klabels.Set{corev1.LabelMetadataName: name})
			if selector.Matches(labels) {
				names = append(names, name)
			}
		}
		return names
	}
	return []string{o.Namespace}
}

// A bucket is what istiod merges into one ordered list: the HTTPRoutes of one
// parent and host, oldest first
// (istio pilot/pkg/config/kube/gateway/route_collections.go, mergeHTTPRoutes).
//
//differential:httproute/several-routes
type bucket struct {
	gateway, host, namespace string
	port                     int // 0 for any
	members                  []object[*gatewayv1.HTTPRoute]
}

type buckets []*bucket

func (bs *buckets) add(b bucket, o object[*gatewayv1.HTTPRoute]) {
	for _, known := range *bs {
		if known.gateway == b.gateway && known.host == b.host && known.namespace == b.namespace && known.port == b.port {
			if last := known.members[len(known.members)-1]; last.order != o.order {
				known.members = append(known.members, o)
			}
			return
		}
	}
	b.members = []object[*gatewayv1.HTTPRoute]{o}
	*bs = append(*bs, &b)
}

// gatewayRoutes binds HTTPRoutes to the listeners of the Gateways that the proxy
// serves.
func (c *compiler) gatewayRoutes(all []server) []*routing {
	byGateway := map[string][]server{}
	for _, s := range all {
		gateway := s.gateway[:strings.LastIndexByte(s.gateway, '/')]
		byGateway[gateway] = append(byGateway[gateway], s)
	}
	var found buckets
	for _, o := range c.httpRoutes {
		for i, ref := range o.value.Spec.ParentRefs {
			gateway := namespaceOf(ref.Namespace, o.Namespace) + "/" + string(ref.Name)
			if !isGateway(ref) || !c.servesNamed(gateway) {
				continue
			}
			listeners := byGateway[gateway]
			attached := false
			for _, s := range listeners {
				if ref.SectionName != nil && !strings.HasSuffix(s.gateway, "/"+string(*ref.SectionName)) || ref.Port != nil && int(*ref.Port) != s.number {
					continue
				}
				for _, h := range hostnames(o.value) {
					if len(intersection(hostsFor(s.hosts, o.Namespace), []string{h})) == 0 || isolated(s, listeners, h) {
						continue
					}
					attached = true
					found.add(bucket{gateway: s.gateway, host: h, namespace: "*"}, o)
				}
			}
			if !attached {
				c.warn(o.Object, at("spec.parentRefs", i), "no listener of Gateway "+gateway+" takes this route",
					"check the listener's name, port and hostname, and allowedRoutes, which leaves out other namespaces by default")
			}
		}
	}
	// The specification prefers the route of the most specific host name.
	slices.SortStableFunc(found, func(a, b *bucket) int { return moreSpecific(a.host, b.host) })
	var routings []*routing
	for i, b := range found {
		r := c.httpRouting(b)
		r.order = i
		routings = append(routings, r)
	}
	return routings
}

// isolated says whether a host of a route on listener s belongs to another, more
// specific listener of the same port.
func isolated(s server, listeners []server, host string) bool {
	ours := s.hostname()
	for _, other := range listeners {
		theirs := other.hostname()
		if other.port == s.port && theirs != ours && len(theirs) >= len(ours) && Covers(theirs, host) {
			return true
		}
	}
	return false
}

// hostname is the one host name of a Gateway API listener.
func (s server) hostname() string {
	if len(s.hosts) == 0 {
		return "*"
	}
	_, host, _ := strings.Cut(s.hosts[0], "/")
	return host
}

// meshRoutes binds HTTPRoutes to Services, in the sidecars of their clients
// (GAMMA).
func (c *compiler) meshRoutes() []*routing {
	var found buckets
	for _, o := range c.httpRoutes {
		for _, ref := range o.value.Spec.ParentRefs {
			s := c.parentService(ref, o.Namespace)
			if s == nil {
				continue
			}
			b := bucket{gateway: MeshGateway, host: s.host, namespace: o.Namespace}
			if ref.Port != nil {
				b.port = int(*ref.Port)
			}
			found.add(b, o)
		}
	}
	var routings []*routing
	for _, b := range found {
		routings = append(routings, c.httpRouting(b))
	}
	return routings
}

// httpRouting makes one ordered list of routes of the HTTPRoutes of a bucket.
func (c *compiler) httpRouting(b *bucket) *routing {
	oldest := b.members[0]
	var entries []apiEntry
	for _, o := range b.members {
		entries = append(entries, c.apiEntries(o, b.gateway == MeshGateway)...)
	}
	slices.SortStableFunc(entries, byPrecedence)
	return &routing{
		object:     oldest.Object,
		namespace:  oldest.Namespace,
		hosts:      []string{b.host},
		gateways:   map[string]bool{b.gateway: true},
		order:      oldest.order,
		gatewayAPI: true,
		routes: func(on binding) []route {
			if b.port != 0 && b.port != on.port {
				return nil
			}
			var out []route
			for _, e := range entries {
				out = append(out, route{match: e.match, rule: c.apiRule(e, on)})
				if e.match.catchAll() {
					break
				}
			}
			return out
		},
	}
}

// parentService returns the Service that a reference names. It must name the core
// group: an absent group means the Gateway API's own, and istiod passes over a
// Service of that without a word.
//
//differential:sidecar/no-group sidecar/producer
func (c *compiler) parentService(ref gatewayv1.ParentReference, namespace string) *service {
	key := Parent(ref, namespace)
	if key.Group != "" || key.Kind != "Service" {
		return nil
	}
	return c.serviceOf[ServiceHost(key.Name, key.Namespace)]
}

// checkParents says which parents of an HTTPRoute are none.
func (c *compiler) checkParents(o object[*gatewayv1.HTTPRoute]) {
	for i, ref := range o.value.Spec.ParentRefs {
		path := at("spec.parentRefs", i)
		name := namespaceOf(ref.Namespace, o.Namespace) + "/" + string(ref.Name)
		service := ref.Kind != nil && *ref.Kind == "Service"
		switch {
		case isGateway(ref):
			if !slices.ContainsFunc(c.apiGateways, func(g object[*gatewayv1.Gateway]) bool { return g.Namespace+"/"+g.Name == name }) {
				c.warn(o.Object, path+".name", "there is no Gateway "+name+" of the Gateway API: the route has no effect there", "apply the Gateway, or correct the name and namespace")
			}
		case service && (ref.Group == nil || *ref.Group != ""):
			c.warn(o.Object, path, "the parent Service "+quote(string(ref.Name))+` has no group: "", so that Istio ignores it and nothing is split`,
				`add group: "" beside kind: Service`)
		case service:
			s := c.parentService(ref, o.Namespace)
			if s == nil {
				c.warn(o.Object, path+".name", "the parent Service "+name+" does not exist: the route has no effect", "deploy the Service, or correct the name")
			} else if _, ok := s.port(int(orDefault(ref.Port, 0))); !ok && ref.Port != nil {
				c.warn(o.Object, path+".port", fmt.Sprintf("%s has no port %d: the route has no effect", s.object, *ref.Port), "name a port of the Service")
			}
			if len(o.value.Spec.Hostnames) > 0 {
				c.warn(o.Object, "spec.hostnames", "hostnames count for nothing where the parent is a Service", "remove them, or match on the header Host")
			}
		default:
			c.warn(o.Object, path, fmt.Sprintf("a parent of group %s and kind %s is not one that Istio knows here: it is ignored",
				quote(string(orDefault(ref.Group, gatewayv1.GroupName))), quote(string(orDefault(ref.Kind, "Gateway")))), "name a Gateway, or a Service with group: \"\"")
		}
	}
}

func isGateway(ref gatewayv1.ParentReference) bool {
	return (ref.Group == nil || *ref.Group == gatewayv1.GroupName) && (ref.Kind == nil || *ref.Kind == "Gateway")
}

func hostnames(v *gatewayv1.HTTPRoute) []string {
	if len(v.Spec.Hostnames) == 0 {
		return []string{"*"}
	}
	var names []string
	for _, h := range v.Spec.Hostnames {
		names = append(names, strings.ToLower(string(h)))
	}
	return names
}
