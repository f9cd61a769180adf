package routing

import (
	"slices"
	"strings"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/splitcheck/splitcheck/internal/istio"
)

// HandedTo says whether a Gateway of the Gateway API that stands in namespace is
// handed by its addresses to gateways that are there already, so that istiod makes
// none for it, and returns their Services, "namespace/name": it serves those of
// the Gateway's own namespace alone. A single address of the default type is
// the wish of a gateway of its own for that address
// (istio pilot/pkg/config/kube/gateway/conversion.go, extractGatewayServices).
//
//differential:gateway/both-kinds gateway/handed-elsewhere
func HandedTo(namespace string, spec *gatewayv1.GatewaySpec) (services []string, handed bool) {
	byName := func(a gatewayv1.GatewaySpecAddress) bool {
		return a.Type != nil && *a.Type == gatewayv1.HostnameAddressType
	}
	if len(spec.Addresses) == 0 || len(spec.Addresses) == 1 && !byName(spec.Addresses[0]) {
		return nil, false
	}
	for _, a := range spec.Addresses {
		name, ok := strings.CutSuffix(FullHost(a.Value, namespace), "."+namespace+"."+istio.ServiceDomain)
		if byName(a) && ok && !strings.Contains(name, ".") {
			services = append(services, namespace+"/"+name)
		}
	}
	return services, true
}

// Serves says whether the proxy serves a Gateway of the Gateway API: the one that
// brought it into being, or one that was handed to it.
func (p Proxy) Serves(namespace, name string, spec *gatewayv1.GatewaySpec) bool {
	services, handed := HandedTo(namespace, spec)
	if handed {
		return p.Service != "" && slices.Contains(services, p.Service)
	}
	return p.GatewayAPI != "" && namespace+"/"+name == p.GatewayAPI
}

func (c *compiler) servesNamed(gateway string) bool {
	return slices.ContainsFunc(c.apiGateways, func(o object[*gatewayv1.Gateway]) bool {
		return o.Namespace+"/"+o.Name == gateway && c.proxy.Serves(o.Namespace, o.Name, &o.value.Spec)
	})
}
