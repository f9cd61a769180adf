package clusterdump

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"

	"github.com/splitcheck/splitcheck/internal/istio"
	"github.com/splitcheck/splitcheck/internal/proxies"
)

// logLines and logBytes bound what is taken of one container's log.
var (
	logLines int64 = 1000
	logBytes int64 = 1 << 20
)

// perNamespace and routing are the kinds of objects that are included. Secrets
// and ConfigMaps are not among them.
var (
	perNamespace = []schema.GroupVersionResource{
		{Version: "v1", Resource: "pods"}, {Version: "v1", Resource: "services"}, {Version: "v1", Resource: "events"},
		{Group: "apps", Version: "v1", Resource: "deployments"},
		{Group: "discovery.k8s.io", Version: "v1", Resource: "endpointslices"},
	}
	routing = append(
		resources("networking.istio.io", "v1", "virtualservices", "destinationrules", "gateways", "serviceentries", "sidecars", "workloadentries", "workloadgroups"),
		append(resources("networking.istio.io", "v1alpha3", "envoyfilters"),
			append(resources("networking.istio.io", "v1beta1", "proxyconfigs"),
				append(resources("gateway.networking.k8s.io", "v1", "gatewayclasses", "gateways", "httproutes", "grpcroutes"),
					resources("gateway.networking.k8s.io", "v1beta1", "referencegrants")...)...)...)...)
	webhooks = resources("admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations", "validatingwebhookconfigurations")
)

func resources(group, version string, names ...string) []schema.GroupVersionResource {
	var all []schema.GroupVersionResource
	for _, name := range names {
		all = append(all, schema.GroupVersionResource{Group: group, Version: version, Resource: name})
	}
	return all
}

func (d *dump) versions(ctx context.Context) {
	d.text(ctx, "versions.txt", func(context.Context) ([]byte, error) {
		var b bytes.Buffer
		for _, name := range slices.Sorted(maps.Keys(d.Versions)) {
			fmt.Fprintf(&b, "%s %s\n", name, d.Versions[name])
		}
		return b.Bytes(), nil
	})
	d.text(ctx, "version-kubernetes.txt", func(ctx context.Context) ([]byte, error) {
		version, err := d.Client.Version(ctx)
		return []byte("v" + version + "\n"), err
	})
}

func (d *dump) objects(ctx context.Context) {
	d.list(ctx, schema.GroupVersionResource{Version: "v1", Resource: "nodes"}, func(string) string { return "nodes.yaml" })
	for _, resource := range perNamespace {
		d.list(ctx, resource, func(namespace string) string { return path.Join("namespaces", namespace, resource.Resource+".yaml") })
	}
	for _, resource := range routing {
		d.list(ctx, resource, func(string) string { return path.Join("objects", resource.Group, resource.Resource+".yaml") })
	}
	d.text(ctx, "webhooks.txt", func(ctx context.Context) ([]byte, error) {
		var b bytes.Buffer
		for _, resource := range webhooks {
			found, err := d.Client.Dynamic.Resource(resource).List(ctx, metav1.ListOptions{})
			if err != nil {
				return nil, err
			}
			for _, each := range found.Items {
				fmt.Fprintf(&b, "%s/%s\n", resource.Resource, each.GetName())
			}
		}
		return b.Bytes(), nil
	})
}

// list takes all objects of a kind; place names the part that a namespace's
// objects go to.
func (d *dump) list(ctx context.Context, resource schema.GroupVersionResource, place func(namespace string) string) {
	ctx, cancel := context.WithTimeoutCause(ctx, partTimeout, fmt.Errorf("no answer within %v", partTimeout))
	defer cancel()
	found, err := d.Client.Dynamic.Resource(resource).List(ctx, metav1.ListOptions{})
	if err != nil {
		d.failed[resource.Resource+"."+resource.Group] = err
		return
	}
	slices.SortFunc(found.Items, func(a, b unstructured.Unstructured) int {
		return strings.Compare(a.GetNamespace()+"/"+a.GetName(), b.GetNamespace()+"/"+b.GetName())
	})
	for _, object := range found.Items {
		object.SetManagedFields(nil)
		text, err := yaml.Marshal(redact(object.Object))
		if err != nil {
			d.failed[place(object.GetNamespace())] = err
			continue
		}
		name := place(object.GetNamespace())
		d.parts[name] = append(append(d.parts[name], "---\n"...), text...)
	}
}

// logs takes the last lines of every container, and of its previous run if it
// was restarted.
func (d *dump) logs(ctx context.Context) {
	bounded, cancel := context.WithTimeout(ctx, partTimeout)
	defer cancel()
	pods, err := d.Client.Pods("").List(bounded, metav1.ListOptions{})
	if err != nil {
		d.failed["logs"] = err
		return
	}
	for _, pod := range pods {
		for _, status := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
			d.log(ctx, pod, status.Name, false)
			if status.RestartCount > 0 {
				d.log(ctx, pod, status.Name, true)
			}
		}
	}
}

func (d *dump) log(ctx context.Context, pod corev1.Pod, container string, previous bool) {
	name := container + ".log"
	if previous {
		name = container + ".previous.log"
	}
	d.text(ctx, path.Join("namespaces", pod.Namespace, "logs", pod.Name, name), func(ctx context.Context) ([]byte, error) {
		log, err := d.Client.Log(ctx, pod.Namespace, pod.Name, corev1.PodLogOptions{
			Container: container, Previous: previous, TailLines: &logLines, LimitBytes: &logBytes,
		})
		if err != nil {
			return nil, err
		}
		defer log.Close()
		return io.ReadAll(log)
	})
}

// tables are what an Envoy is asked for. Its secrets are a table of their own,
// which is not among them.
//
//differential:elsewhere test test/e2e/TestDiagnose
var tables = map[string]string{
	"routes.json":    "/config_dump?resource=dynamic_route_configs",
	"clusters.json":  "/config_dump?resource=dynamic_active_clusters",
	"listeners.json": "/config_dump?resource=dynamic_listeners",
	"endpoints.json": "/clusters?format=json",
}

func (d *dump) proxies(ctx context.Context) {
	if d.Proxies == nil {
		return
	}
	bounded, cancel := context.WithTimeout(ctx, partTimeout)
	defer cancel()
	found, err := d.Proxies.List(bounded)
	if err != nil {
		d.failed["proxies"] = err
		return
	}
	for _, p := range found {
		for name, query := range tables {
			d.json(ctx, path.Join("proxies", p.Namespace, p.Name, name), func(ctx context.Context) ([]byte, error) {
				return d.Proxies.Admin(ctx, p, query)
			})
		}
	}
}

// istiod asks each control plane which proxies it serves and what it could not push.
func (d *dump) istiod(ctx context.Context) {
	bounded, cancel := context.WithTimeout(ctx, partTimeout)
	defer cancel()
	pods, err := d.Client.Pods("").List(bounded, metav1.ListOptions{LabelSelector: istio.IstiodSelector})
	if err != nil {
		d.failed[istio.Istiod] = err
		return
	}
	if len(pods) == 0 {
		d.failed[istio.Istiod] = fmt.Errorf("no pod has the label %s", istio.IstiodSelector)
	}
	for _, pod := range pods {
		if d.Proxies == nil {
			break
		}
		for name, query := range map[string]string{"syncz.json": "/debug/syncz", "push_status.json": "/debug/push_status"} {
			d.json(ctx, path.Join(istio.Istiod, pod.Name, name), func(ctx context.Context) ([]byte, error) {
				return d.Proxies.Debug(ctx, proxies.Proxy{Namespace: pod.Namespace, Name: pod.Name}, query)
			})
		}
	}
}

// json is a part that is read as JSON, so secrets can be recognised by their
// fields; if it is not JSON, it is searched as text.
func (d *dump) json(ctx context.Context, name string, get func(context.Context) ([]byte, error)) {
	d.part(ctx, name, func(ctx context.Context) ([]byte, error) {
		content, err := get(ctx)
		if err != nil {
			return nil, err
		}
		var value any
		if json.Unmarshal(content, &value) != nil {
			return []byte(redactText(string(content))), nil
		}
		return json.MarshalIndent(redact(value), "", " ")
	})
}
