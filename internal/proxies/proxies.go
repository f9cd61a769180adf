// Package proxies finds the Envoys in the pods of a cluster, asks them what they
// carry, and holds that against what package routing says they should. It
// changes nothing and does not wait for anything to become so: it says how
// things stand at one moment.
package proxies

// A Proxy is a gateway, or the sidecar of a pod.
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
