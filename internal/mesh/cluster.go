package mesh

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/routing"
	"github.com/splitcheck/splitcheck/internal/target"
)

// A cluster is what the API server and the kubelets of a real one would hold.
// Changing one makes another; the old one stays as it is.
type cluster struct {
	// objects stand in the order of their creation: applying one again keeps
	// its place, as its creationTimestamp would.
	objects  []manifests.Object
	replicas map[manifests.Key]int
	pods     map[manifests.Key][]*pod // by Deployment
	gateways []gateway
	defects  []target.Defect
	// tables are what the objects make of each identity among the proxies.
	tables   map[string]*routing.Table
	warnings []string
}

func (c *cluster) clone() *cluster {
	return &cluster{
		objects:  slices.Clone(c.objects),
		replicas: maps.Clone(c.replicas),
		pods:     maps.Clone(c.pods),
		gateways: slices.Clone(c.gateways),
		defects:  c.defects,
	}
}

// with returns the cluster after a change. The error names every mistake.
func (c *cluster) with(change target.Change, m *Mesh) (*cluster, error) {
	next := c.clone()
	var mistakes []string
	for _, o := range change.Apply {
		next.apply(o)
	}
	for _, s := range change.Scale {
		if err := next.scale(s); err != nil {
			mistakes = append(mistakes, err.Error())
		}
	}
	for _, k := range change.Delete {
		if err := next.remove(k); err != nil {
			mistakes = append(mistakes, err.Error())
		}
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

func (c *cluster) apply(o manifests.Object) {
	k := o.Key()
	if i := c.index(k); i >= 0 {
		c.objects[i] = o
	} else {
		c.objects = append(c.objects, o)
	}
	if d, ok := o.Value.(*appsv1.Deployment); ok {
		// As with kubectl apply, a manifest that leaves replicas out leaves
		// the number as it is.
		if d.Spec.Replicas != nil {
			c.replicas[k] = int(*d.Spec.Replicas)
		} else if _, known := c.replicas[k]; !known {
			c.replicas[k] = 1
		}
	}
}

func (c *cluster) scale(s target.Scale) error {
	if err := possible(s.Replicas); err != nil {
		return fmt.Errorf("scale %s/%s: %w", s.Namespace, s.Deployment, err)
	}
	for k := range c.replicas {
		if k.Namespace == s.Namespace && k.Name == s.Deployment {
			c.replicas[k] = s.Replicas
			return nil
		}
	}
	for i, g := range c.gateways {
		if g.namespace == s.Namespace && g.name == s.Deployment {
			c.gateways[i].replicas = s.Replicas
			return nil
		}
	}
	return fmt.Errorf("scale: there is no Deployment %s/%s; there are %s", s.Namespace, s.Deployment, listed(c.deployments()))
}

// maxReplicas bounds the pods of a Deployment, and with them the memory that a
// slip of the pen can take.
const maxReplicas = 1000

func possible(replicas int) error {
	if replicas < 0 || replicas > maxReplicas {
		return fmt.Errorf("%d replicas are not possible; the simulated mesh runs 0 to %d pods of a Deployment", replicas, maxReplicas)
	}
	return nil
}

func (c *cluster) remove(k manifests.Key) error {
	i := c.index(k)
	if i < 0 {
		return fmt.Errorf("delete: there is no %s; of this kind there are %s", k, listed(c.namesOf(k)))
	}
	_, namespace := c.objects[i].Value.(*corev1.Namespace)
	c.objects = slices.Delete(c.objects, i, i+1)
	delete(c.replicas, k)
	if namespace {
		c.objects = slices.DeleteFunc(c.objects, func(o manifests.Object) bool { return o.Namespace == k.Name })
		maps.DeleteFunc(c.replicas, func(d manifests.Key, _ int) bool { return d.Namespace == k.Name })
	}
	return nil
}

func (c *cluster) index(k manifests.Key) int {
	return slices.IndexFunc(c.objects, func(o manifests.Object) bool { return o.Key() == k })
}

func (c *cluster) deployments() []string {
	var names []string
	for k := range c.replicas {
		names = append(names, k.Namespace+"/"+k.Name)
	}
	for _, g := range c.gateways {
		names = append(names, g.namespace+"/"+g.name)
	}
	return names
}

func (c *cluster) namesOf(k manifests.Key) []string {
	var names []string
	for _, o := range c.objects {
		if other := o.Key(); other.Group == k.Group && other.Kind == k.Kind {
			names = append(names, strings.TrimPrefix(other.Namespace+"/"+other.Name, "/"))
		}
	}
	return names
}

// warnNamespaces points out what a real cluster would refuse. It is no error
// here, because it does not bear on how traffic splits.
func (c *cluster) warnNamespaces(applied []manifests.Object) {
	known := map[string]bool{"": true, "default": true, "istio-system": true, "kube-system": true}
	for _, o := range c.objects {
		if n, ok := o.Value.(*corev1.Namespace); ok {
			known[n.Name] = true
		}
	}
	for _, o := range applied {
		if !known[o.Namespace] {
			known[o.Namespace] = true
			c.warnings = append(c.warnings, fmt.Sprintf(
				"namespace %s is not declared: a cluster would refuse %s; add a Namespace object", o.Namespace, o.Key()))
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
