package mesh

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/splitcheck/splitcheck/internal/apps"
	"github.com/splitcheck/splitcheck/internal/inventory"
	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/routing"
	"github.com/splitcheck/splitcheck/split"
)

// A pod is one instance of an application. It is there from the change that
// makes it until no proxy routes to it any more.
type pod struct {
	name, namespace, workload string
	labels                    map[string]string
	ports                     []corev1.ContainerPort
	// version is the pod's label of that name, or else what its image says.
	version    string
	appVersion string // of the image, if that is built in
	address    string
	template   uint64
	handler    http.Handler
	sidecar    *proxy // nil where none was injected
	mirrored   *atomic.Int64
	node       *node
	gone       atomic.Bool
	warning    *split.Finding
}

// reconcilePods makes the pods what the Deployments ask for. Pods of an
// unchanged template stay; those of another are replaced, as by a rolling
// update that has come to its end.
func (c *cluster) reconcilePods(m *Mesh) error {
	pods := map[manifests.Key][]*pod{}
	var mistakes []string
	for o, d := range inventory.Values[*appsv1.Deployment](c.Inventory) {
		key := o.Key()
		hash, err := templateHash(d)
		if err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		if err := possible(c.Replicas(key)); err != nil {
			mistakes = append(mistakes, fmt.Sprintf("%s: %v", key, err))
			continue
		}
		injected := c.Injects(o.Namespace, &d.Spec.Template)
		for i := range c.Replicas(key) {
			if old := c.pods[key]; i < len(old) && old[i].template == hash {
				pods[key] = append(pods[key], old[i])
				continue
			}
			p, err := m.startPod(d, key, hash, i, injected)
			if err != nil {
				mistakes = append(mistakes, fmt.Sprintf("%s: %v", key, err))
				break
			}
			if p.warning != nil {
				c.warnings = append(c.warnings, *p.warning)
			}
			pods[key] = append(pods[key], p)
		}
	}
	if len(mistakes) > 0 {
		return fmt.Errorf("%s", strings.Join(mistakes, "; "))
	}
	c.pods = pods
	return nil
}

func (m *Mesh) startPod(d *appsv1.Deployment, key manifests.Key, hash uint64, ordinal int, injected bool) (*pod, error) {
	template := d.Spec.Template
	p := &pod{
		name:      podName(key, hash, ordinal),
		namespace: key.Namespace,
		workload:  key.Name,
		labels:    template.Labels,
		template:  hash,
		mirrored:  m.mirroredCount(key.Namespace, key.Name),
	}
	at := hashed(key.Namespace + "/" + p.name)
	p.address = fmt.Sprintf("10.244.%d.%d:%d", at>>8%250, at%250+2, 32768+at>>16%28000)
	for _, container := range template.Spec.Containers {
		p.ports = append(p.ports, container.Ports...)
	}
	instance := apps.Instance{
		Pod:       p.name,
		Namespace: p.namespace,
		Client:    &http.Client{Transport: &outbound{mesh: m, pod: p}},
	}
	image, known := m.application(template.Spec.Containers, &instance)
	p.appVersion = instance.Version
	p.version = cmp.Or(p.labels["version"], p.appVersion)
	p.node = m.graph.node(p.namespace, p.workload, p.version)
	if !known {
		instance.App, instance.Version = apps.StandIn, cmp.Or(p.labels["version"], "unlabelled")
		standIn := split.Found("image-not-built-in", split.Values{"image": image, "object": key.String()})
		p.warning = &standIn
	}
	handler, err := apps.New(instance)
	if err != nil {
		return nil, err
	}
	p.handler = handler
	if injected {
		p.sidecar = &proxy{Proxy: routing.Proxy{Name: p.name, Namespace: p.namespace, Labels: p.labels}, mesh: m, node: p.node}
	}
	return p, nil
}

// application finds the container that runs a built-in application. It returns
// the image of the first container if there is none.
func (m *Mesh) application(containers []corev1.Container, i *apps.Instance) (image string, known bool) {
	for n, container := range containers {
		if n == 0 {
			image = container.Image
		}
		app, version, ok := apps.ForImage(container.Image)
		if !ok {
			continue
		}
		i.App, i.Version, i.Env = app, version, map[string]string{}
		for _, variable := range container.Env {
			i.Env[variable.Name] = variable.Value
		}
		return container.Image, true
	}
	return image, false
}

func templateHash(d *appsv1.Deployment) (uint64, error) {
	data, err := json.Marshal(d.Spec.Template)
	if err != nil {
		return 0, err
	}
	return hashed(string(data)), nil
}

// podName is DEPLOYMENT-HASH-SUFFIX in the alphabet that Kubernetes uses for
// both, which has no vowels (k8s.io/apimachinery/pkg/util/rand).
func podName(d manifests.Key, template uint64, ordinal int) string {
	suffix := hashed(fmt.Sprintf("%s/%s/%d/%d", d.Namespace, d.Name, template, ordinal))
	return d.Name + "-" + consonants(template, 10) + "-" + consonants(suffix, 5)
}

func consonants(x uint64, n int) string {
	const alphabet = "bcdfghjklmnpqrstvwxz2456789"
	name := make([]byte, n)
	for i := range name {
		name[i] = alphabet[x%uint64(len(alphabet))]
		x /= uint64(len(alphabet))
	}
	return string(name)
}

// runs reports whether p is what a user means by a version: its label, the
// version of its image, or its Deployment.
func (p *pod) runs(version string) bool {
	return version == p.labels["version"] || version == p.appVersion || version == p.workload
}

// port finds the port that a Service's target names. A pod that declares ports
// listens on no others; a pod that declares none is assumed to listen.
func (p *pod) port(name string, number int32) (found, listens bool) {
	if name != "" {
		return slices.ContainsFunc(p.ports, func(c corev1.ContainerPort) bool { return c.Name == name }), true
	}
	listens = len(p.ports) == 0 || slices.ContainsFunc(p.ports, func(c corev1.ContainerPort) bool { return c.ContainerPort == number })
	return true, listens
}
