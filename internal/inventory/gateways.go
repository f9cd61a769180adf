package inventory

import (
	"maps"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/splitcheck/splitcheck/internal/istio"
	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/routing"
)

// IngressPort is the port by which the ingress gateway that istioctl installs is
// entered.
//
//differential:elsewhere scenario version-test-90-10
const IngressPort = 80

// IngressSelector is how a Gateway of Istio's own kind names that gateway's pods.
//
//differential:elsewhere scenario version-test-90-10
func IngressSelector() map[string]string {
	return map[string]string{istio.IngressLabel: istio.IngressValue}
}

// Ingress is that gateway.
func Ingress() routing.Proxy {
	labels := IngressSelector()
	labels["app"] = istio.IngressGateway
	return routing.Proxy{
		Name: istio.IngressGateway, Namespace: istio.Namespace, Labels: labels,
		Gateway: true, Service: istio.Namespace + "/" + istio.IngressGateway,
	}
}

// GatewayNameLabel is on the pods and the Service that Istio makes for a Gateway of
// the Gateway API, whose name is its value.
//
//differential:elsewhere scenario version-test-httproute
const GatewayNameLabel = gatewayv1.GatewayNameLabelKey

// A Gateway is one of the Gateway API that is of Istio's class.
//
//differential:gateway/both-kinds gateway/handed-elsewhere
//differential:elsewhere scenario version-test-httproute
type Gateway struct {
	Object manifests.Object
	// Handed says that the Gateway is handed by its addresses to gateways that
	// are there already: their Services, "namespace/name", as far as Istio serves
	// it there. For others Istio makes pods.
	Handed   bool
	Services []string

	spec   *gatewayv1.GatewaySpec
	labels map[string]string
}

// GatewayOf reads an object as a Gateway; ok is false for any other, and for one
// of a class that Istio leaves to somebody else.
//
//differential:httproute/listeners
func GatewayOf(o manifests.Object) (g Gateway, ok bool) {
	v, ok := o.Value.(*gatewayv1.Gateway)
	if !ok || v == nil || v.Spec.GatewayClassName != routing.GatewayClass {
		return Gateway{}, false
	}
	g = Gateway{Object: o, spec: &v.Spec, labels: v.Labels}
	g.Services, g.Handed = routing.HandedTo(o.Namespace, g.spec)
	return g, true
}

// Proxy is one of the pods that Istio makes for g, under the name of their
// Deployment and Service, NAME-istio
// (istio pilot/pkg/config/kube/gatewaycommon/deploymentcontroller.go).
//
//differential:elsewhere scenario version-test-httproute
func (g Gateway) Proxy() routing.Proxy {
	o := g.Object
	labels := map[string]string{GatewayNameLabel: o.Name}
	maps.Copy(labels, g.labels)
	return routing.Proxy{
		Name: o.Name + "-" + routing.GatewayClass, Namespace: o.Namespace, Labels: labels,
		Gateway: true, GatewayAPI: o.Namespace + "/" + o.Name,
	}
}

// Port is that of the first HTTP listener, 80 where there is none.
func (g Gateway) Port() int {
	for _, l := range g.spec.Listeners {
		if l.Protocol == gatewayv1.HTTPProtocolType {
			return int(l.Port)
		}
	}
	return IngressPort
}

// Entrance is the Gateway of the Gateway API that load enters by: the first in
// order of creation. ok is false where there is none; load then enters by the
// ingress gateway.
func Entrance(objects []manifests.Object) (g Gateway, ok bool) {
	for _, o := range objects {
		if g, ok = GatewayOf(o); ok {
			return g, true
		}
	}
	return Gateway{}, false
}
