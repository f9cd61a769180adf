// Package proxies finds the Envoys in the pods of a cluster, asks them what they
// carry, and holds that against what package routing says they should. It
// changes nothing and does not wait: it says how things stand at one moment.
package proxies

import (
	"github.com/splitcheck/splitcheck/envoy"
	"github.com/splitcheck/splitcheck/manifests"
	"github.com/splitcheck/splitcheck/routing"
	"github.com/splitcheck/splitcheck/target"
)

// A Proxy is one Envoy: a gateway, or the sidecar of a pod.
type Proxy struct {
	// Name and Namespace are the pod's, Workload is its Deployment's name, or
	// that of whatever else owns it.
	Name, Namespace, Workload string
	IP                        string
	Labels                    map[string]string
	Gateway                   bool
	// GatewayAPI is "namespace/name" of the Gateway of the Gateway API that the
	// proxy was made for, if it was.
	GatewayAPI string
}

// String is the pod's name and its namespace's.
func (p Proxy) String() string { return p.Name + "." + p.Namespace }

func (p Proxy) compiled() routing.Proxy {
	return routing.Proxy{Name: p.Name, Namespace: p.Namespace, Labels: p.Labels, Gateway: p.Gateway, GatewayAPI: p.GatewayAPI}
}

// A Difference is one thing in which a proxy departs from what was applied.
type Difference struct {
	// Proxy is the proxy's String.
	Proxy string
	// Object is whose route it is, and Source the rule's: routing.Rule.Source,
	// empty where the difference is not of one rule.
	Object manifests.Key
	Source string
	// Configured and Programmed say in words what stands on either side: "v1
	// 90, v2 10" and "v1 100". Where Programmed is empty, Configured is all.
	Configured, Programmed string
}

// Compare says in what the routes of p depart from what routing makes of
// objects, which are all that were applied, in order of creation. It is nil
// when the proxy carries exactly what they say. Routes of objects that are not
// among them are none of its business.
func Compare(objects []manifests.Object, p Proxy, routes envoy.Routes) []Difference { return nil }

// Testify returns for each rule of objects that p carries the configured and the
// programmed weights.
func Testify(objects []manifests.Object, p Proxy, routes envoy.Routes) []target.Route { return nil }

// Mentions returns those of keys that routes still name, in the order of keys.
func Mentions(routes envoy.Routes, keys []manifests.Key) []manifests.Key { return nil }
