package mesh

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/splitcheck/splitcheck/internal/inventory"
	"github.com/splitcheck/splitcheck/internal/istio"
	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/routing"
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/split"
)

// A cluster is what the API server and the kubelets of a real one would hold. A
// change makes a new cluster; the old one does not change.
type cluster struct {
	*inventory.Inventory
	pods     map[manifests.Key][]*pod // by Deployment
	gateways []gateway
	defects  []target.Defect
	// tables are what the objects make of each identity among the proxies.
	tables   map[string]*routing.Table
	warnings []split.Finding
}

func (c *cluster) clone() *cluster {
	return &cluster{
		Inventory: c.Inventory.Clone(),
		pods:      maps.Clone(c.pods),
		gateways:  slices.Clone(c.gateways),
		defects:   c.defects,
	}
}

// with returns the cluster after a change. The error names every mistake.
func (c *cluster) with(change target.Change, m *Mesh) (*cluster, error) {
	next := c.clone()
	var mistakes []string
	next.Apply(change.Apply...)
	for _, s := range change.Scale {
		if err := next.scale(s); err != nil {
			mistakes = append(mistakes, err.Error())
		}
	}
	for _, k := range change.Delete {
		if _, there := next.Object(k); !there {
			mistakes = append(mistakes, fmt.Sprintf("delete: there is no %s; of this kind there are %s", k, listed(next.namesOf(k))))
		}
		next.Delete(k)
	}
	if change.SetsDefects {
		next.defects = change.Defects
	}
	next.reconcileGateways(m, m.options.GatewayReplicas)
	if err := next.reconcilePods(m); err != nil {
		mistakes = append(mistakes, err.Error())
	}
	if len(mistakes) > 0 {
		return nil, fmt.Errorf("simulated mesh: %s", strings.Join(mistakes, "; "))
	}
	next.warnNamespaces(change.Apply)
	return next, nil
}

func (c *cluster) scale(s target.Scale) error {
	if err := possible(s.Replicas); err != nil {
		return fmt.Errorf("scale %s/%s: %w", s.Namespace, s.Deployment, err)
	}
	if c.Scale(s.Namespace, s.Deployment, s.Replicas) {
		return nil
	}
	for i, g := range c.gateways {
		if g.Namespace == s.Namespace && g.Name == s.Deployment {
			c.gateways[i].replicas = s.Replicas
			return nil
		}
	}
	return fmt.Errorf("scale: there is no Deployment %s/%s; there are %s", s.Namespace, s.Deployment, listed(c.deployments()))
}

// maxReplicas limits the pods of a Deployment, and so the memory that a typing
// mistake can take.
const maxReplicas = 1000

func possible(replicas int) error {
	if replicas < 0 || replicas > maxReplicas {
		return fmt.Errorf("%d replicas are not possible; the simulated mesh runs 0 to %d pods of a Deployment", replicas, maxReplicas)
	}
	return nil
}

func (c *cluster) deployments() []string {
	var names []string
	for o := range inventory.Values[*appsv1.Deployment](c.Inventory) {
		names = append(names, o.Namespace+"/"+o.Name)
	}
	for _, g := range c.gateways {
		names = append(names, g.Namespace+"/"+g.Name)
	}
	return names
}

func (c *cluster) namesOf(k manifests.Key) []string {
	var names []string
	for _, o := range c.Objects() {
		if other := o.Key(); other.Group == k.Group && other.Kind == k.Kind {
			names = append(names, strings.TrimPrefix(other.Namespace+"/"+other.Name, "/"))
		}
	}
	return names
}

// warnNamespaces warns about what a real cluster would refuse. It is not an
// error here, because it does not affect how traffic splits.
func (c *cluster) warnNamespaces(applied []manifests.Object) {
	known := map[string]bool{"": true, "default": true, istio.Namespace: true, "kube-system": true}
	for o := range inventory.Values[*corev1.Namespace](c.Inventory) {
		known[o.Name] = true
	}
	for _, o := range applied {
		if !known[o.Namespace] {
			known[o.Namespace] = true
			c.warnings = append(c.warnings, split.Found("namespace-not-declared", split.Values{
				"namespace": o.Namespace, "object": o.Key().String(),
			}))
		}
	}
}

// listed writes names for a message: sorted, or the word none.
func listed(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	names = slices.Clone(names)
	slices.Sort(names)
	return strings.Join(slices.Compact(names), ", ")
}
