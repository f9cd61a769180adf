package mesh

import (
	"fmt"
	"maps"
	"slices"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/splitcheck/splitcheck/internal/routing"
)

// The ingress gateway that istioctl installs.
const (
	ingressNamespace = "istio-system"
	ingressName      = "istio-ingressgateway"
	ingressService   = ingressNamespace + "/" + ingressName
)

// A gateway is a Deployment of gateway pods and the Service in front of it.
type gateway struct {
	namespace, name string
	labels          map[string]string
	api             string // "namespace/name" of a Gateway API object, or empty
	port            int
	replicas        int
	proxies         []*proxy
}

// reconcileGateways makes the gateways what the objects ask for: the ingress
// gateway is always there, and istiod deploys one more for each Gateway of its
// class, named NAME-istio, unless it is handed to one that is there
// (Istio's pilot/pkg/config/kube/gatewaycommon/deploymentcontroller.go).
//
//differential:elsewhere scenario version-test-httproute
func (c *cluster) reconcileGateways(m *Mesh, replicas int) {
	wanted := []gateway{{
		namespace: ingressNamespace, name: ingressName, port: 80,
		labels: map[string]string{"istio": "ingressgateway", "app": ingressName},
	}}
	for _, o := range c.objects {
		g, ok := o.Value.(*gatewayv1.Gateway)
		if !ok || g.Spec.GatewayClassName != "istio" {
			continue
		}
		if services, handed := routing.HandedTo(o.Namespace, &g.Spec); handed {
			if !slices.Contains(services, ingressService) {
				c.warnings = append(c.warnings, fmt.Sprintf("%s is handed to gateways by its addresses, and %s is not among them: nobody serves it here", o.Key(), ingressService))
			}
			continue
		}
		labels := map[string]string{"gateway.networking.k8s.io/gateway-name": o.Name}
		maps.Copy(labels, g.Labels)
		wanted = append(wanted, gateway{
			namespace: o.Namespace, name: o.Name + "-istio", labels: labels,
			api: o.Namespace + "/" + o.Name, port: httpPort(g),
		})
	}
	for i := range wanted {
		w := &wanted[i]
		w.replicas = replicas
		if old := c.gateway(w.namespace, w.name); old != nil {
			w.replicas = old.replicas
			w.proxies = old.proxies[:min(len(old.proxies), w.replicas)]
		}
		for n := len(w.proxies); n < w.replicas; n++ {
			node := m.graph.node(w.namespace, w.name, "")
			w.proxies = append(w.proxies[:n:n], &proxy{
				mesh: m, name: fmt.Sprintf("%s-%d", w.name, n), namespace: w.namespace, labels: w.labels,
				gateway: true, gatewayAPI: w.api, port: w.port, node: node, entered: m.graph.edge(m.client, node),
			})
			if w.api == "" {
				w.proxies[n].service = w.namespace + "/" + w.name
			}
		}
	}
	c.gateways = wanted
}

// httpPort is the port of the first HTTP listener, 80 if there is none.
func httpPort(g *gatewayv1.Gateway) int {
	for _, l := range g.Spec.Listeners {
		if l.Protocol == gatewayv1.HTTPProtocolType {
			return int(l.Port)
		}
	}
	return 80
}

func (c *cluster) gateway(namespace, name string) *gateway {
	for i := range c.gateways {
		if g := &c.gateways[i]; g.namespace == namespace && g.name == name {
			return g
		}
	}
	return nil
}

// entrance is the gateway that load enters: the first that the Gateway API has
// brought into being, else the ingress gateway.
func (c *cluster) entrance() *gateway {
	if len(c.gateways) > 1 {
		return &c.gateways[1]
	}
	return &c.gateways[0]
}

// stuck returns the gateway pods that defects keep from updating.
func (c *cluster) stuck() map[*proxy]bool {
	stuck := map[*proxy]bool{}
	for _, d := range c.defects {
		if g := c.entrance(); d.Kind == "stuck-proxy" && d.Proxy < len(g.proxies) {
			stuck[g.proxies[d.Proxy]] = true
		}
	}
	return stuck
}

func (c *cluster) gatewayPods() []string {
	var names []string
	for _, p := range c.entrance().proxies {
		names = append(names, p.name)
	}
	return names
}

// proxies returns all gateways and sidecars.
func (c *cluster) proxies() []*proxy {
	var all []*proxy
	for _, g := range c.gateways {
		all = append(all, g.proxies...)
	}
	for _, o := range c.objects {
		for _, p := range c.pods[o.Key()] {
			if p.sidecar != nil {
				all = append(all, p.sidecar)
			}
		}
	}
	return all
}
