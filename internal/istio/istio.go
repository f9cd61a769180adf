// Package istio holds the names that Istio has in a cluster where nobody chose
// others. It reads no objects and asks nobody: what follows from these names is in
// routing and inventory.
package istio

//differential:virtualservice/root-namespace sidecar/dotted-host
//differential:elsewhere scenario version-test-90-10
const (
	// ServiceDomain ends the full name of every Service.
	ServiceDomain = "svc.cluster.local"
	// Namespace is where Istio runs, and where it looks for configuration of the
	// whole mesh.
	Namespace = "istio-system"
	// Istiod is the Deployment of the control plane. Others of its revisions have
	// other names and the same label.
	Istiod         = "istiod"
	IstiodSelector = "app=istiod"
	// IngressGateway is the Deployment and the Service of the ingress gateway that
	// istioctl installs.
	IngressGateway = "istio-ingressgateway"
	// IngressLabel and IngressValue are the label by which a Gateway of Istio's own
	// kind names that gateway's pods.
	IngressLabel, IngressValue = "istio", "ingressgateway"
)
