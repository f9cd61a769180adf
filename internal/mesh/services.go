package mesh

import (
	"maps"
	"slices"

	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/splitcheck/splitcheck/internal/inventory"
	"github.com/splitcheck/splitcheck/internal/routing"
	"github.com/splitcheck/splitcheck/internal/target"
)

// A snapshot is what proxies and kube-proxy know of pods and services after one
// change. It does not change.
type snapshot struct {
	services map[string]*service // by "namespace/name"
	pods     []*pod
	subsets  []subset
	dead     map[*pod]bool
	failing  map[*pod]float64
	defects  []target.Defect
	stale    []*staleness
}

// A service is a Kubernetes Service and the pods that its selector chooses.
type service struct {
	namespace, name string
	host            string // the full name
	ports           []corev1.ServicePort
	pods            []*pod
	clientIP        bool
}

// A subset is one of a DestinationRule's: a name that users know pods by.
type subset struct {
	host, name string
	labels     map[string]string
}

func (c *cluster) snapshot() *snapshot {
	s := &snapshot{services: map[string]*service{}, defects: c.defects}
	for _, o := range c.Objects() {
		switch v := o.Value.(type) {
		case *appsv1.Deployment:
			s.pods = append(s.pods, c.pods[o.Key()]...)
		case *networkingv1.DestinationRule:
			host := routing.FullHost(v.Spec.Host, o.Namespace)
			for _, each := range v.Spec.Subsets {
				s.subsets = append(s.subsets, subset{host, each.Name, each.Labels})
			}
		}
	}
	for o, v := range inventory.Values[*corev1.Service](c.Inventory) {
		s.services[o.Namespace+"/"+o.Name] = &service{
			namespace: o.Namespace,
			name:      o.Name,
			host:      routing.ServiceHost(o.Name, o.Namespace),
			ports:     v.Spec.Ports,
			pods:      s.selected(o.Namespace, v.Spec.Selector),
			clientIP:  v.Spec.SessionAffinity == corev1.ServiceAffinityClientIP,
		}
	}
	s.resolveDefects()
	return s
}

// selected returns the pods that a selector chooses; an empty one chooses none.
func (s *snapshot) selected(namespace string, selector map[string]string) []*pod {
	if len(selector) == 0 {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(s.pods), func(p *pod) bool {
		return p.namespace != namespace || !routing.Selects(selector, p.labels)
	})
}

// serves says which port of the pods a port of the service leads to.
func (s *service) serves(port int) (corev1.ServicePort, bool) {
	for _, p := range s.ports {
		if int(p.Port) == port {
			return p, true
		}
	}
	return corev1.ServicePort{}, false
}

// A door is a pod as one port of a service leads to it.
type door struct {
	pod     *pod
	listens bool
}

// doors returns the ready pods behind a port. A pod that does not know a port
// by the name that the service uses is no endpoint.
func (s *service) doors(port int) []door {
	p, ok := s.serves(port)
	if !ok {
		return nil
	}
	name, number := "", p.Port
	switch {
	case p.TargetPort.Type == intstr.String && p.TargetPort.StrVal != "":
		name = p.TargetPort.StrVal
	case p.TargetPort.IntVal != 0:
		number = p.TargetPort.IntVal
	}
	var doors []door
	for _, each := range s.pods {
		if found, listens := each.port(name, number); found {
			doors = append(doors, door{each, listens})
		}
	}
	return doors
}

func (s *snapshot) serviceNames() []string {
	return slices.Collect(maps.Keys(s.services))
}
