// Package manifests reads Kubernetes YAML into the projects' own Go types and
// remembers where each field stood. It knows which kinds splitcheck interprets
// and declines to say what they mean: that is routing's and scenarios' part.
package manifests

import (
	"go.yaml.in/yaml/v3"
)

// An Object is one document of a manifest file.
type Object struct {
	// File is the name by which the user knows the file; Line and Column are
	// where the document begins.
	File         string
	Line, Column int

	APIVersion, Kind string
	// Namespace is "default" where the document names none, and empty for a
	// kind without namespaces.
	Namespace, Name string

	// Value is the document in its project's own type, normalised to one
	// version per kind:
	//
	//	*networkingv1.VirtualService, *networkingv1.DestinationRule,
	//	*networkingv1.Gateway         istio.io/client-go/pkg/apis/networking/v1
	//	*gatewayv1.Gateway, *gatewayv1.HTTPRoute   sigs.k8s.io/gateway-api/apis/v1
	//	*corev1.Service, *corev1.Namespace, *appsv1.Deployment
	//
	// and nil for a kind that splitcheck does not interpret.
	Value any

	node *yaml.Node
}

// A Key identifies an object in a cluster: its group and kind, not its version.
type Key struct {
	Group, Kind, Namespace, Name string
}
