package routing

import (
	"strings"

	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	corev1 "k8s.io/api/core/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	gatewayv1beta1 "sigs.k8s.io/gateway-api/apis/v1beta1"

	"github.com/splitcheck/splitcheck/internal/manifests"
)

// A world is the objects of a cluster by kind, each list in order of creation.
type world struct {
	services         []*service
	serviceOf        map[string]*service          // by full name
	namespaceLabels  map[string]map[string]string // by name
	vss              []object[*networkingv1.VirtualService]
	destinationRules []object[*networkingv1.DestinationRule]
	gateways         []object[*networkingv1.Gateway]
	apiGateways      []object[*gatewayv1.Gateway]
	httpRoutes       []object[*gatewayv1.HTTPRoute]
	grants           []manifests.Object
}

// An object is a manifest with its value in its own type.
type object[T any] struct {
	manifests.Object
	value T
	order int // its place in time
}

// A service is a Kubernetes Service.
type service struct {
	object          manifests.Object
	namespace, name string
	host            string // the full name
	ports           []servicePort
}

type servicePort struct {
	number   int
	protocol Protocol
}

// http says that a sidecar reads requests on this port.
func (p servicePort) http() bool { return p.protocol != TCP }

func collect(objects []manifests.Object) world {
	w := world{
		serviceOf:       map[string]*service{},
		namespaceLabels: map[string]map[string]string{},
	}
	for i, o := range objects {
		if o.Namespace == "" && o.Kind != "Namespace" {
			o.Namespace = "default"
		}
		switch v := o.Value.(type) {
		case *networkingv1.VirtualService:
			keep(&w.vss, o, v, i)
		case *networkingv1.DestinationRule:
			keep(&w.destinationRules, o, v, i)
		case *networkingv1.Gateway:
			keep(&w.gateways, o, v, i)
		case *gatewayv1.Gateway:
			keep(&w.apiGateways, o, v, i)
		case *gatewayv1.HTTPRoute:
			keep(&w.httpRoutes, o, v, i)
		case *corev1.Service:
			if v != nil {
				w.addService(o, v)
			}
		case *corev1.Namespace:
			if v != nil {
				w.namespaceLabels[o.Name] = v.Labels
			}
		case *gatewayv1beta1.ReferenceGrant:
			w.grants = append(w.grants, o)
		}
	}
	return w
}

func keep[T any](list *[]object[*T], o manifests.Object, value *T, order int) {
	if value != nil {
		*list = append(*list, object[*T]{o, value, order})
	}
}

func (w *world) addService(o manifests.Object, v *corev1.Service) {
	s := &service{object: o, namespace: o.Namespace, name: o.Name, host: ServiceHost(o.Name, o.Namespace)}
	for _, p := range v.Spec.Ports {
		s.ports = append(s.ports, servicePort{number: int(p.Port), protocol: protocolOf(p)})
	}
	w.services = append(w.services, s)
	w.serviceOf[s.host] = s
}

// port returns the port of a number.
func (s *service) port(number int) (servicePort, bool) {
	for _, p := range s.ports {
		if p.number == number {
			return p, true
		}
	}
	return servicePort{}, false
}

// names returns what clients of a namespace may call s, in full with and without
// the dot of an absolute name
// (istio pilot/pkg/networking/core/httproute.go, GenerateAltVirtualHosts).
//
//differential:sidecar/dotted-host sidecar/absolute-name sidecar/plain
func (s *service) names(namespace string) []string {
	short := s.name + "." + s.namespace
	names := []string{s.host, s.host + ".", short, short + ".svc"}
	if s.namespace == namespace {
		names = append(names, s.name)
	}
	return names
}

// serverFirst are ports on which istiod takes an unnamed port for TCP, because
// there the server speaks first: SMTP, DNS, MySQL, MongoDB.
//
//differential:sidecar/port-names
var serverFirst = map[int32]bool{25: true, 53: true, 3306: true, 27017: true}

// protocolOf says what istiod takes a port for: by appProtocol, else the name up
// to its first dash
// (istio pkg/config/kube/conversion.go, ConvertProtocol).
//
//differential:sidecar/port-names
func protocolOf(p corev1.ServicePort) Protocol {
	if p.Protocol == corev1.ProtocolUDP || p.Protocol == corev1.ProtocolSCTP {
		return TCP
	}
	name := p.Name
	if p.AppProtocol != nil {
		name = *p.AppProtocol
	}
	name = strings.ToLower(name)
	if strings.HasPrefix(name, "grpc-web") {
		return HTTP
	}
	name, _, _ = strings.Cut(name, "-")
	switch name {
	case "tcp", "udp", "tls", "https", "mongo", "redis", "mysql", "hbone":
		return TCP
	case "http", "http2", "grpc", "http_proxy":
		return HTTP
	}
	if serverFirst[p.Port] {
		return TCP
	}
	return Detected
}
