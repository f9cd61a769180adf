package manifests

import (
	"reflect"

	"google.golang.org/protobuf/proto"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	gatewayv1beta1 "sigs.k8s.io/gateway-api/apis/v1beta1"
)

// API groups.
const (
	IstioGroup   = "networking.istio.io"
	GatewayGroup = "gateway.networking.k8s.io"
	AppsGroup    = "apps"
)

// A kind is one that splitcheck interprets.
type kind struct {
	group, name string
	// versions can be read; their content is the same, and the first is what
	// Object.Value says it is.
	versions   []string
	namespaced bool
	// labelName marks a kind whose name is a DNS label, not a DNS subdomain.
	labelName bool
	value     func() any
	shape     shape
}

var kinds = []kind{
	istioKind("VirtualService", func() any { return &networkingv1.VirtualService{} }, &new(networkingv1.VirtualService).Spec),
	istioKind("DestinationRule", func() any { return &networkingv1.DestinationRule{} }, &new(networkingv1.DestinationRule).Spec),
	istioKind("Gateway", func() any { return &networkingv1.Gateway{} }, &new(networkingv1.Gateway).Spec),
	goKind(GatewayGroup, "Gateway", []string{"v1", "v1beta1"}, func() any { return &gatewayv1.Gateway{} }),
	goKind(GatewayGroup, "HTTPRoute", []string{"v1", "v1beta1"}, func() any { return &gatewayv1.HTTPRoute{} }),
	goKind(GatewayGroup, "ReferenceGrant", []string{"v1beta1", "v1"}, func() any { return &gatewayv1beta1.ReferenceGrant{} }),
	goKind("", "Service", []string{"v1"}, func() any { return &corev1.Service{} }),
	goKind("", "Namespace", []string{"v1"}, func() any { return &corev1.Namespace{} }),
	goKind(AppsGroup, "Deployment", []string{"v1"}, func() any { return &appsv1.Deployment{} }),
}

func istioKind(name string, value func() any, spec proto.Message) kind {
	metadata := goShape(reflect.TypeFor[metav1.ObjectMeta]())
	shapes := map[string]shape{
		"apiVersion": text, "kind": text, "metadata": metadata, "status": anything{},
		"spec": messageShape(spec.ProtoReflect().Descriptor()),
	}
	return kind{
		group: IstioGroup, name: name, versions: []string{"v1", "v1beta1", "v1alpha3"}, namespaced: true, value: value,
		shape: fields{
			find:  func(field string) (shape, string) { return shapes[field], "" },
			names: func() []string { return []string{"apiVersion", "kind", "metadata", "spec", "status"} },
		},
	}
}

func goKind(group, name string, versions []string, value func() any) kind {
	s := structShape(reflect.TypeOf(value()).Elem()).(fields)
	find := s.find
	s.find = func(field string) (shape, string) {
		if field == "status" { // A cluster writes it, and ignores what we send.
			return anything{}, ""
		}
		return find(field)
	}
	return kind{
		group: group, name: name, versions: versions, value: value, shape: s,
		namespaced: name != "Namespace", labelName: group == "",
	}
}

func (k kind) apiVersion(i int) string {
	if k.group == "" {
		return k.versions[i]
	}
	return k.group + "/" + k.versions[i]
}

// clusterKinds are common kinds without a namespace that are not interpreted.
var clusterKinds = map[string]bool{
	"ClusterRole": true, "ClusterRoleBinding": true, "CustomResourceDefinition": true, "GatewayClass": true,
	"IngressClass": true, "Node": true, "PersistentVolume": true, "PriorityClass": true, "StorageClass": true,
	"MutatingWebhookConfiguration": true, "ValidatingWebhookConfiguration": true, "APIService": true,
	"ValidatingAdmissionPolicy": true, "ValidatingAdmissionPolicyBinding": true,
}
