// Package manifests reads Kubernetes YAML into the projects' own Go types and
// remembers where each field was. It knows which kinds splitcheck interprets,
// but not what they mean: that is the task of routing and scenarios.
package manifests

import (
	"encoding/json"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/splitcheck/splitcheck/internal/strict"
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
	// and nil for a kind that splitcheck does not interpret. Its namespace is
	// filled in as Namespace is.
	Value any

	node *yaml.Node
}

// A Key identifies an object in a cluster: its group and kind, not its version.
type Key struct {
	Group, Kind, Namespace, Name string
}

// Key returns what identifies o in a cluster.
func (o Object) Key() Key {
	group, _ := groupVersion(o.APIVersion)
	return Key{Group: group, Kind: o.Kind, Namespace: o.Namespace, Name: o.Name}
}

// String names k for people: "VirtualService default/reviews".
func (k Key) String() string {
	if k.Namespace == "" {
		return k.Kind + " " + k.Name
	}
	return k.Kind + " " + k.Namespace + "/" + k.Name
}

// String names o for people: "VirtualService default/reviews".
func (o Object) String() string { return o.Key().String() }

// JSON returns the document as the user wrote it, without any defaults, for a
// cluster to apply. Fields keep their order.
func (o Object) JSON() []byte {
	if o.node == nil {
		return []byte("null")
	}
	return appendJSON(nil, o.node)
}

// Position returns where the field at path is: "metadata.name",
// "spec.http[0].route[1].weight", or with keys that contain dots in quotes,
// `metadata.labels["app.kubernetes.io/name"]`. For a field this is the place of
// its name, for an entry of a list that of its content. For a field that is
// missing it is the place of its nearest ancestor. (Decode's own problems point
// at the value if the value is wrong.)
func (o Object) Position(path string) (line, column int) {
	line, column, _ = o.find(path)
	return line, column
}

// Has reports whether the user wrote the field at path, with any value.
func (o Object) Has(path string) bool {
	_, _, there := o.find(path)
	return there
}

func (o Object) find(path string) (line, column int, there bool) {
	line, column = o.Line, o.Column
	n := o.node
	for path != "" {
		if n == nil {
			return line, column, false
		}
		var step string
		step, path = cutPath(path)
		if i, err := strconv.Atoi(step); err == nil && n.Kind == yaml.SequenceNode {
			if i < 0 || i >= len(n.Content) {
				return line, column, false
			}
			n = n.Content[i]
			line, column = n.Line, n.Column
			continue
		}
		key, value := strict.Entry(n, step)
		if key == nil {
			return line, column, false
		}
		n, line, column = value, key.Line, key.Column
	}
	return line, column, n != nil
}

func (o Object) line(path string) int {
	line, _ := o.Position(path)
	return line
}

func (o Object) column(path string) int {
	_, column := o.Position(path)
	return column
}

// cutPath takes the first step off a path.
func cutPath(path string) (step, rest string) {
	path = strings.TrimPrefix(path, ".")
	if strings.HasPrefix(path, "[") {
		if quoted, err := strconv.QuotedPrefix(path[1:]); err == nil {
			step, _ = strconv.Unquote(quoted)
			return step, strings.TrimPrefix(path[1+len(quoted):], "]")
		}
		step, rest, _ = strings.Cut(path[1:], "]")
		return step, rest
	}
	end := strings.IndexAny(path, ".[")
	if end < 0 {
		return path, ""
	}
	return path[:end], path[end:]
}

func field(n *yaml.Node, name string) *yaml.Node {
	_, value := strict.Entry(n, name)
	return value
}

func keys(n *yaml.Node) []string {
	var names []string
	for i := 0; i+1 < len(n.Content); i += 2 {
		names = append(names, n.Content[i].Value)
	}
	return names
}

// setNames gives a decoded value the version that Object.Value promises and the
// namespace that the cluster would fill in.
func setNames(value any, apiVersion, namespace string) {
	if o, ok := value.(runtime.Object); ok {
		o.GetObjectKind().SetGroupVersionKind(schema.FromAPIVersionAndKind(apiVersion, o.GetObjectKind().GroupVersionKind().Kind))
	}
	if m, ok := value.(metav1.Object); ok {
		m.SetNamespace(namespace)
	}
}

func appendJSON(b []byte, n *yaml.Node) []byte {
	switch n.Kind {
	case yaml.MappingNode:
		b = append(b, '{')
		for i := 0; i+1 < len(n.Content); i += 2 {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendText(b, n.Content[i].Value)
			b = append(b, ':')
			b = appendJSON(b, n.Content[i+1])
		}
		return append(b, '}')
	case yaml.SequenceNode:
		b = append(b, '[')
		for i, item := range n.Content {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendJSON(b, item)
		}
		return append(b, ']')
	}
	return appendScalar(b, n)
}

func appendScalar(b []byte, n *yaml.Node) []byte {
	switch n.Tag {
	case "!!null":
		return append(b, "null"...)
	case "!!bool":
		switch strings.ToLower(n.Value) {
		case "true", "yes", "on", "y":
			return append(b, "true"...)
		}
		return append(b, "false"...)
	case "!!int", "!!float":
		var v any
		if n.Decode(&v) == nil {
			if number, err := json.Marshal(v); err == nil {
				return append(b, number...)
			}
		}
	}
	return appendText(b, n.Value)
}

func appendText(b []byte, s string) []byte {
	quoted, _ := json.Marshal(s) // Marshalling a string cannot fail.
	return append(b, quoted...)
}
