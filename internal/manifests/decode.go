package manifests

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/splitcheck/splitcheck/internal/problems"
	"github.com/splitcheck/splitcheck/internal/strict"
)

// A reader gathers what is wrong with one file of manifests.
type reader struct{ strict.Reader }

// Decode reads every document of a manifest file; file is the name by which the
// user knows it. Lists are taken apart. An object with a mistake in it is left
// out of the result and its mistakes are all in the list; an object of a kind
// that is not interpreted is in the result with a nil Value, and a warning names
// it. The result depends on nothing but the arguments.
func Decode(file string, data []byte) ([]Object, problems.List) {
	r := &reader{strict.Reader{File: file}}
	var objects []Object
	roots := r.Documents(data)
	for _, root := range roots {
		objects = append(objects, r.document(root, 0)...)
	}
	if len(roots) == 0 && len(r.Found) == 0 {
		r.Add(0, 0, "the file holds no objects", "write at least one Kubernetes object into it, or remove it")
	}
	seen := map[Key]int{}
	objects = slices.DeleteFunc(objects, func(o Object) bool {
		if first := seen[o.Key()]; first != 0 {
			line, column := o.Position("metadata.name")
			r.Add(line, column, fmt.Sprintf("%s is in this file twice; the first begins in line %d", o, first), "keep one of them, or give the other another name")
			return true
		}
		seen[o.Key()] = o.Line
		return false
	})
	return objects, r.Found.Sort()
}

// document reads one document, or the items of a List.
func (r *reader) document(root *yaml.Node, depth int) []Object {
	if root.Kind != yaml.MappingNode {
		r.Wrong(root, "", "a Kubernetes object (apiVersion, kind, metadata, …)", "")
		return nil
	}
	before := len(r.Found)
	apiVersion := r.header(root, "apiVersion")
	kindName := r.header(root, "kind")
	if apiVersion == "" || kindName == "" {
		return nil
	}
	if kindName == "List" && apiVersion == "v1" && depth == 0 {
		return r.items(root, depth)
	}
	known, ok := r.lookUp(root, apiVersion, kindName)
	if !ok {
		return nil
	}
	o := Object{File: r.File, Line: root.Line, Column: root.Column, APIVersion: apiVersion, Kind: kindName, node: root}
	namespaced := !clusterKinds[kindName]
	if known != nil {
		namespaced = known.namespaced
		known.shape.check(r, root, "")
	}
	r.metadata(&o, known, namespaced)
	if r.Full() || slices.ContainsFunc(r.Found[before:], func(p problems.Problem) bool { return !p.Warning }) {
		return nil
	}
	if known != nil {
		o.Value = r.value(&o, known)
		if o.Value == nil {
			return nil
		}
	}
	return []Object{o}
}

func (r *reader) items(root *yaml.Node, depth int) []Object {
	items := field(root, "items")
	if items == nil || items.Kind != yaml.SequenceNode {
		r.At(root, "a List needs items", "write the objects under items, each with a dash, or as documents separated by ---")
		return nil
	}
	var objects []Object
	for _, item := range items.Content {
		objects = append(objects, r.document(item, depth+1)...)
	}
	return objects
}

func (r *reader) header(root *yaml.Node, name string) string {
	n := field(root, name)
	switch {
	case n == nil:
		hint := "every Kubernetes object begins with apiVersion and kind"
		if like := problems.Nearest(name, keys(root)); like != "" {
			hint = fmt.Sprintf("is %q meant for it?", like)
		}
		r.At(root, name+" is missing", hint)
	case n.Kind != yaml.ScalarNode || n.Tag != "!!str" || n.Value == "":
		r.Wrong(n, name, "text", "")
	default:
		return n.Value
	}
	return ""
}

// lookUp finds the kind; it is nil for a kind that is not interpreted. ok is
// false if no cluster could know the kind.
func (r *reader) lookUp(root *yaml.Node, apiVersion, kindName string) (*kind, bool) {
	group, version := groupVersion(apiVersion)
	var inGroup []string
	for i := range kinds {
		k := &kinds[i]
		if k.group == group {
			inGroup = append(inGroup, k.name)
		}
		if k.group != group || k.name != kindName {
			continue
		}
		if slices.Contains(k.versions, version) {
			return k, true
		}
		r.At(field(root, "apiVersion"), fmt.Sprintf("%s %q is not a version that splitcheck reads", kindName, strict.Brief(apiVersion)), "write "+k.apiVersion(0))
		return nil, false
	}
	for i := range kinds {
		if k := &kinds[i]; k.name == kindName && (len(inGroup) > 0 || problems.Nearest(group, []string{k.group}) != "") {
			r.At(field(root, "apiVersion"), fmt.Sprintf("there is no %s in %q", kindName, strict.Brief(apiVersion)), "write apiVersion: "+k.apiVersion(0))
			return nil, false
		}
	}
	if like := problems.Nearest(kindName, inGroup); like != "" && !strings.Contains(kindName, "Route") {
		r.At(field(root, "kind"), fmt.Sprintf("there is no kind %q in %s", strict.Brief(kindName), apiVersion), fmt.Sprintf("did you mean %q?", like))
		return nil, false
	}
	n := field(root, "kind")
	r.Record(problems.Problem{
		Line: n.Line, Column: n.Column, Warning: true,
		Message: fmt.Sprintf("splitcheck does not interpret kind %s of %s", strict.Brief(kindName), strict.Brief(apiVersion)),
		Hint:    "a cluster gets it unchanged; the simulated mesh ignores it",
	})
	return nil, true
}

func groupVersion(apiVersion string) (group, version string) {
	if group, version, found := strings.Cut(apiVersion, "/"); found {
		return group, version
	}
	return "", apiVersion
}

// metadata fills in the name and namespace of o and checks them.
func (r *reader) metadata(o *Object, known *kind, namespaced bool) {
	metadata := field(o.node, "metadata")
	name := r.metaText(metadata, "name")
	switch {
	case name == nil && (known != nil || metadata == nil || field(metadata, "generateName") == nil):
		r.Add(o.line("metadata"), o.column("metadata"), o.Kind+" has no name", "write one under metadata.name")
	case name != nil:
		o.Name = name.Value
		check := validation.IsDNS1123Subdomain
		if known != nil && known.labelName {
			check = validation.IsDNS1123Label
		}
		if known == nil {
			check = func(string) []string { return nil }
		}
		if len(check(o.Name)) > 0 {
			r.At(name, fmt.Sprintf("metadata.name: %q is not a name that Kubernetes takes", strict.Brief(o.Name)), "use lower-case letters, digits and -, at most 63 characters, beginning and ending with a letter or digit")
		}
	}
	namespace := r.metaText(metadata, "namespace")
	if !namespaced {
		return
	}
	o.Namespace = "default"
	if namespace != nil {
		o.Namespace = namespace.Value
		if len(validation.IsDNS1123Label(o.Namespace)) > 0 {
			r.At(namespace, fmt.Sprintf("metadata.namespace: %q is not a namespace that Kubernetes takes", strict.Brief(o.Namespace)), "use lower-case letters, digits and -, at most 63 characters, beginning and ending with a letter or digit")
		}
	}
}

// metaText returns a field of metadata that is text and not empty, or nil. What
// is not text has been reported if the kind is known.
func (r *reader) metaText(metadata *yaml.Node, name string) *yaml.Node {
	if n := field(metadata, name); n != nil && n.Kind == yaml.ScalarNode && n.Tag == "!!str" && n.Value != "" {
		return n
	}
	return nil
}

// value decodes o into its project's own type, or reports why that failed and
// returns nil. By now, the shapes have found every mistake that they know.
func (r *reader) value(o *Object, k *kind) any {
	value := k.value()
	if err := json.Unmarshal(o.JSON(), value); err != nil {
		r.At(o.node, fmt.Sprintf("%s cannot be read: %s", o, err), "compare it with the reference of "+o.Kind)
		return nil
	}
	setNames(value, k.apiVersion(0), o.Namespace)
	return value
}
