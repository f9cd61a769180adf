package mesh

import (
	"fmt"
	"slices"

	"github.com/splitcheck/splitcheck/internal/inventory"
	"github.com/splitcheck/splitcheck/internal/routing"
	"github.com/splitcheck/splitcheck/split"
)

// A gateway is a Deployment of gateway pods and the Service in front of it.
type gateway struct {
	routing.Proxy // what its pods have in common, under the name of the Deployment
	port          int
	replicas      int
	proxies       []*proxy
}

// reconcileGateways makes the gateways what the objects ask for: the ingress
// gateway is always there, and there is one more for each Gateway of the Gateway
// API for which Istio makes pods.
//
//differential:elsewhere scenario version-test-httproute
func (c *cluster) reconcileGateways(m *Mesh, replicas int) {
	wanted := []gateway{{Proxy: inventory.Ingress(), port: inventory.IngressPort}}
	for _, o := range c.Objects() {
		g, ok := inventory.GatewayOf(o)
		if !ok {
			continue
		}
		if !g.Handed {
			wanted = append(wanted, gateway{Proxy: g.Proxy(), port: g.Port()})
		} else if front := wanted[0].Service; !slices.Contains(g.Services, front) {
			c.warnings = append(c.warnings, split.Found("gateway-served-elsewhere", split.Values{
				"object": o.Key().String(), "service": front,
			}))
		}
	}
	for i := range wanted {
		w := &wanted[i]
		w.replicas = replicas
		if old := c.gateway(w.Namespace, w.Name); old != nil {
			w.replicas = old.replicas
			w.proxies = old.proxies[:min(len(old.proxies), w.replicas)]
		}
		for n := len(w.proxies); n < w.replicas; n++ {
			node := m.graph.node(w.Namespace, w.Name, "")
			// The Service of a gateway has its name, on a cluster too.
			service := routing.ServiceHost(w.Name, w.Namespace)
			pod := w.Proxy
			pod.Name = fmt.Sprintf("%s-%d", w.Name, n)
			w.proxies = append(w.proxies[:n:n], &proxy{
				Proxy: pod, mesh: m, port: w.port, node: node, entered: m.graph.edge(m.client, node, service),
			})
		}
	}
	c.gateways = wanted
}

func (c *cluster) gateway(namespace, name string) *gateway {
	for i := range c.gateways {
		if g := &c.gateways[i]; g.Namespace == namespace && g.Name == name {
			return g
		}
	}
	return nil
}

// entrance is the gateway at which load enters.
func (c *cluster) entrance() *gateway {
	if g, ok := inventory.Entrance(c.Objects()); ok && !g.Handed {
		return c.gateway(g.Proxy().Namespace, g.Proxy().Name)
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
		names = append(names, p.Name)
	}
	return names
}

// proxies returns all gateways and sidecars.
func (c *cluster) proxies() []*proxy {
	var all []*proxy
	for _, g := range c.gateways {
		all = append(all, g.proxies...)
	}
	for _, o := range c.Objects() {
		for _, p := range c.pods[o.Key()] {
			if p.sidecar != nil {
				all = append(all, p.sidecar)
			}
		}
	}
	return all
}
