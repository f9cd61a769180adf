package cluster

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"github.com/splitcheck/splitcheck/internal/manifests"
)

// A phase is when in a change an object has its turn. What is used comes before
// what uses it; deletions go the other way.
type phase int

const (
	namespaces   phase = iota // where others are, and what kinds there are
	supplies                  // what pods need, and Services
	workloads                 // what makes pods
	destinations              // subsets, and what else proxies know of destinations
	gateways                  // listeners
	routes                    // what makes the choice
)

// routing says whether objects of a phase are what proxies are programmed with.
func (p phase) routing() bool { return p >= destinations }

func phaseOf(key manifests.Key) phase {
	switch key.Group {
	case "":
		if key.Kind == "Namespace" {
			return namespaces
		}
		if key.Kind == "Pod" || key.Kind == "ReplicationController" {
			return workloads
		}
	case "apiextensions.k8s.io":
		return namespaces
	case manifests.AppsGroup, "batch":
		return workloads
	case manifests.IstioGroup:
		switch key.Kind {
		case "VirtualService":
			return routes
		case "Gateway":
			return gateways
		}
		return destinations
	case "security.istio.io", "telemetry.istio.io", "extensions.istio.io":
		return destinations
	case manifests.GatewayGroup:
		switch {
		case key.Kind == "Gateway":
			return gateways
		case strings.HasSuffix(key.Kind, "Route"):
			return routes
		}
		return destinations
	}
	return supplies
}

// An item is one object on its way into the cluster.
type item struct {
	object manifests.Object
	key    manifests.Key
	phase  phase
	// want is what is sent, in the scenario's words with our marks.
	want     *unstructured.Unstructured
	resource dynamic.ResourceInterface
	// existing is what is there, nil for nothing.
	existing *unstructured.Unstructured
	// foreign marks an object that is there and not ours.
	foreign bool
	// changed is set when applying it has changed what it asks for.
	changed bool
}

// plan makes items of objects, in the order of their phases, and within those
// as they stand in the scenario.
func (c *Cluster) plan(ctx context.Context, objects []manifests.Object) ([]*item, error) {
	var items []*item
	for _, o := range objects {
		u := &unstructured.Unstructured{}
		if err := u.UnmarshalJSON(o.JSON()); err != nil {
			return nil, fmt.Errorf("%s (%s:%d) cannot be sent to a cluster: %w", o, o.File, o.Line, err)
		}
		if c.options.Prepare != nil {
			if err := c.options.Prepare(u); err != nil {
				return nil, fmt.Errorf("%s (%s:%d): %w", o, o.File, o.Line, err)
			}
		}
		key := o.Key()
		resource, namespaced, err := c.resource(ctx, key, o.APIVersion)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", o.File, o.Line, err)
		}
		if namespaced {
			u.SetNamespace(o.Namespace)
		}
		unstructured.RemoveNestedField(u.Object, "status")
		labels := u.GetLabels()
		if labels == nil {
			labels = map[string]string{}
		}
		labels[ScenarioLabel] = c.labelValue()
		u.SetLabels(labels)
		items = append(items, &item{object: o, key: key, phase: phaseOf(key), want: u, resource: resource})
	}
	slices.SortStableFunc(items, func(a, b *item) int { return int(a.phase - b.phase) })
	return items, nil
}

// labelValue is the scenario's name as the value of a label may be.
func (c *Cluster) labelValue() string {
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '.' || r == '_' {
			return r
		}
		return '-'
	}, c.options.Scenario)
	name = strings.Trim(name[:min(len(name), 63)], "-._")
	if name == "" {
		return "scenario"
	}
	return name
}

// resource returns where objects like key live.
func (c *Cluster) resource(ctx context.Context, key manifests.Key, apiVersion string) (dynamic.ResourceInterface, bool, error) {
	version, err := schema.ParseGroupVersion(apiVersion)
	if err != nil {
		return nil, false, err
	}
	kind := schema.GroupKind{Group: key.Group, Kind: key.Kind}
	found, err := c.kube.Find(ctx, kind, version.Version)
	if meta.IsNoMatchError(err) {
		other, failed := c.kube.Find(ctx, kind, "")
		if failed == nil {
			return nil, false, fmt.Errorf("%s: the cluster knows %s in version %s, not as %s; write apiVersion: %s",
				key, key.Kind, other.Version, apiVersion, other.GroupVersion())
		}
		return nil, false, unknownKind(key, apiVersion)
	}
	if err != nil {
		return nil, false, fmt.Errorf("the cluster does not say what a %s is: %w", key.Kind, err)
	}
	return c.kube.In(found, key.Namespace), found.Namespaced, nil
}

func unknownKind(key manifests.Key, apiVersion string) error {
	hint := "install its CustomResourceDefinition"
	if key.Group == "" {
		return fmt.Errorf("%s: the cluster knows no %s", key, key.Kind)
	}
	switch key.Group {
	case manifests.GatewayGroup:
		hint = "install the Gateway API's definitions (https://gateway-api.sigs.k8s.io/guides/getting-started/)"
	case manifests.IstioGroup:
		hint = "install Istio (istioctl install)"
	}
	if apiVersion == "" {
		apiVersion = key.Group
	}
	return fmt.Errorf("%s: the cluster knows no %s of %s; %s", key, key.Kind, apiVersion, hint)
}

// namespacesOf are the namespaces of objects, in order.
func namespacesOf(objects []manifests.Object) []string {
	found := map[string]bool{}
	for _, o := range objects {
		switch {
		case o.Namespace != "":
			found[o.Namespace] = true
		case o.Kind == "Namespace":
			found[o.Name] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}
