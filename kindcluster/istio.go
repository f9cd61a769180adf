package kindcluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/splitcheck/splitcheck/internal/istio"
	"github.com/splitcheck/splitcheck/internal/kube"
)

// base is Istio as it is installed before the user's overlays: istiod alone,
// small enough for a laptop. A pod's sidecar is ready before its application
// starts, so none of the application's calls bypasses it. istiod writes
// problems into an object's status, where we find them if a change does not
// take effect; this takes up to two seconds, and about 0.05 s of processor time
// in a run.
//
//differential:elsewhere test test/e2e/TestFailures
const base = `apiVersion: install.istio.io/v1alpha1
kind: IstioOperator
spec:
  profile: minimal
  meshConfig:
    defaultConfig:
      holdApplicationUntilProxyStarts: true
  values:
    pilot:
      autoscaleEnabled: false
      resources: {requests: {cpu: 10m, memory: 128Mi}}
    global:
      istiod: {enableAnalysis: true}
      proxy:
        resources: {requests: {cpu: 10m, memory: 40Mi}}
`

// ingressGateway comes after the overlays: the NodePort is the one that was
// mapped when the cluster was created, and no overlay can change it.
var ingressGateway = fmt.Sprintf(`apiVersion: install.istio.io/v1alpha1
kind: IstioOperator
spec:
  components:
    ingressGateways:
    - name: %s
      enabled: true
      k8s:
        resources: {requests: {cpu: 10m, memory: 64Mi}}
        hpaSpec: {minReplicas: 1, maxReplicas: 1}
        service:
          type: NodePort
          ports:
          - {name: status-port, port: 15021, targetPort: 15021}
          - {name: http2, port: 80, targetPort: 8080, nodePort: %d}
`, istio.IngressGateway, GatewayNodePort)

// install runs istioctl install.
func (u *up) install(ctx context.Context) error {
	dir, err := os.MkdirTemp(u.CacheDir, "istio-*")
	if err != nil {
		return diskFull(u.CacheDir, err)
	}
	defer os.RemoveAll(dir)
	first, last := filepath.Join(dir, "base.yaml"), filepath.Join(dir, "gateway.yaml")
	for file, text := range map[string]string{first: base, last: ingressGateway} {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			return diskFull(u.CacheDir, err)
		}
	}
	if _, err := run(ctx, installTimeout, u.istioctl, u.installArgs(first, last)...); err != nil {
		return fmt.Errorf("istioctl install did not succeed: %w", err)
	}
	return nil
}

// installArgs are the arguments of istioctl; later files override earlier ones.
func (u *up) installArgs(first, last string) []string {
	args := []string{
		"install", "--skip-confirmation", "--kubeconfig", u.cluster.Kubeconfig, "--context", u.cluster.Context,
		"--readiness-timeout", istioTimeout.String(), "-f", first,
	}
	for _, overlay := range u.Config.Istio.Overlays {
		args = append(args, "-f", overlay)
	}
	return append(args, "-f", last, "--set", "hub="+u.Config.Istio.Hub, "--set", "tag="+u.Config.Istio.Tag)
}

// errHopeless is wrapped by errors that do not go away by waiting.
var errHopeless = errors.New("it does not come back by itself")

// await calls ready until it has nothing more to report. If the time is over,
// await fails with its last report; if the report is hopeless, it fails at
// once.
func await(ctx context.Context, wait Wait, ready func(context.Context) (string, error)) error {
	ctx, cancel := context.WithTimeout(ctx, wait.Longest)
	defer cancel()
	open := "it was not checked yet"
	for {
		look, done := context.WithTimeout(ctx, answerTimeout)
		said, err := ready(look)
		if silent := look.Err() != nil; silent && err != nil && ctx.Err() == nil {
			err = fmt.Errorf("no answer within %s", answerTimeout)
		}
		done()
		switch {
		case err == nil && said == "":
			return nil
		case errors.Is(err, errHopeless):
			return err
		case err != nil && ctx.Err() == nil:
			open = err.Error()
		case err == nil:
			open = said
		}
		if kube.Pause(ctx, pollInterval) != nil {
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return fmt.Errorf("waited %s for %s: %s", wait.Longest, wait.What, open)
			}
			return ctx.Err()
		}
	}
}

// nodesReady waits until pods can be started.
func (u *up) nodesReady(ctx context.Context) error {
	return await(ctx, Wait{"the nodes to be ready", nodesTimeout}, func(ctx context.Context) (string, error) {
		nodes, err := u.kube.Nodes().List(ctx, metav1.ListOptions{})
		if err != nil {
			return "", err
		}
		var open []string
		for _, node := range nodes {
			at := slices.IndexFunc(node.Status.Conditions, func(c corev1.NodeCondition) bool { return c.Type == corev1.NodeReady })
			if at < 0 {
				open = append(open, "node "+node.Name+" says nothing yet")
			} else if c := node.Status.Conditions[at]; c.Status != corev1.ConditionTrue {
				open = append(open, fmt.Sprintf("node %s is not ready: %s", node.Name, c.Message))
			}
			if u.cluster.Versions == nil {
				u.cluster.Versions = map[string]string{}
			}
			u.cluster.Versions["kubernetes"] = strings.TrimPrefix(node.Status.NodeInfo.KubeletVersion, "v")
		}
		dns, err := u.available(ctx, "kube-system", "coredns")
		if err != nil {
			return "", err
		}
		if dns != "" {
			open = append(open, dns)
		}
		return strings.Join(open, "; "), nil
	})
}

// available says what a Deployment lacks, or "".
func (u *up) available(ctx context.Context, namespace, name string) (string, error) {
	d, err := u.kube.Deployments(namespace).Get(ctx, name)
	if apierrors.IsNotFound(err) {
		return fmt.Sprintf("there is no Deployment %s/%s", namespace, name), nil
	}
	if err != nil {
		return "", err
	}
	if d.Spec.Replicas != nil && *d.Spec.Replicas == 0 {
		return "", fmt.Errorf("the Deployment %s/%s is scaled to zero, and %w; `kubectl -n %s scale deployment/%s --replicas=1` does", namespace, name, errHopeless, namespace, name)
	}
	if short := unavailable(d); short != "" {
		return fmt.Sprintf("Deployment %s/%s: %s", namespace, name, short), nil
	}
	return "", nil
}

func unavailable(d *appsv1.Deployment) string {
	want := int32(1)
	if d.Spec.Replicas != nil {
		want = *d.Spec.Replicas
	}
	switch {
	case d.Status.ObservedGeneration < d.Generation:
		return "its change is not in effect yet"
	case d.Status.UpdatedReplicas < want || d.Status.AvailableReplicas < want:
		return fmt.Sprintf("%d of %d pods are available", d.Status.AvailableReplicas, want)
	}
	return ""
}

// istioReady waits for istiod and the gateway, and reads the version of Istio.
//
//differential:elsewhere test test/e2e/TestTargetOnKind
func (u *up) istioReady(ctx context.Context) error {
	err := await(ctx, Wait{"istiod and the ingress gateway to be available", istioTimeout}, func(ctx context.Context) (string, error) {
		var open []string
		for _, name := range []string{istio.Istiod, istio.IngressGateway} {
			short, err := u.available(ctx, istio.Namespace, name)
			if err != nil {
				return "", err
			}
			if short != "" {
				open = append(open, short)
			}
		}
		return strings.Join(open, "; "), nil
	})
	if err != nil {
		return err
	}
	var d *appsv1.Deployment
	err = bounded(ctx, "give Deployment istiod", func(ctx context.Context) (err error) {
		d, err = u.kube.Deployments(istio.Namespace).Get(ctx, istio.Istiod)
		return err
	})
	if err != nil {
		return err
	}
	if u.cluster.Versions == nil {
		u.cluster.Versions = map[string]string{}
	}
	u.cluster.Versions["istio"] = tagOf(d.Spec.Template.Spec.Containers[0].Image)
	return nil
}

func tagOf(image string) string {
	_, name, _ := strings.Cut("/"+image[strings.LastIndex(image, "/")+1:], "/")
	_, tag, found := strings.Cut(name, ":")
	if !found {
		return image
	}
	return tag
}

// trialHost is a name that nobody else requests from the gateway.
const trialHost = "trial.splitcheck.invalid"

var trialObjects = []string{`{
	"apiVersion": "networking.istio.io/v1", "kind": "Gateway",
	"metadata": {"name": "trial", "namespace": "` + ownNamespace + `"},
	"spec": {"selector": {"` + istio.IngressLabel + `": "` + istio.IngressValue + `"}, "servers": [{"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["` + trialHost + `"]}]}
}`, `{
	"apiVersion": "networking.istio.io/v1", "kind": "VirtualService",
	"metadata": {"name": "trial", "namespace": "` + ownNamespace + `"},
	"spec": {"hosts": ["` + trialHost + `"], "gateways": ["trial"], "http": [{"directResponse": {"status": 200, "body": {"string": "splitcheck"}}}]}
}`}

// trial sends a request through the gateway to a route of its own. It is
// answered only if the API, the webhook, istiod, Envoy and the mapped port all
// work.
//
//differential:elsewhere test test/e2e/TestTargetOnKind
func (u *up) trial(ctx context.Context) error {
	if err := u.ownNamespace(ctx); err != nil {
		return err
	}
	for _, text := range trialObjects {
		// The webhook that checks Istio's objects may not answer at once.
		err := await(ctx, Wait{"Istio to accept a route", trialTimeout}, func(ctx context.Context) (string, error) {
			return "", u.apply(ctx, []byte(text))
		})
		if err != nil {
			return err
		}
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), answerTimeout)
		defer cancel()
		for _, resource := range []string{"virtualservices", "gateways"} {
			// The route is for a name that nobody uses, so it does no harm if
			// it stays.
			_ = u.kube.Dynamic.Resource(schema.GroupVersionResource{Group: "networking.istio.io", Version: "v1", Resource: resource}).
				Namespace(ownNamespace).Delete(ctx, "trial", metav1.DeleteOptions{})
		}
	}()
	url := fmt.Sprintf("http://127.0.0.1:%d/", u.cluster.Ports.Gateway)
	return await(ctx, Wait{"an answer from the ingress gateway at " + url, trialTimeout}, func(ctx context.Context) (string, error) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return "", err
		}
		request.Host, request.Close = trialHost, true
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return "", err
		}
		defer response.Body.Close()
		body, err := io.ReadAll(io.LimitReader(response.Body, 1<<16))
		if err != nil || response.StatusCode != http.StatusOK || string(body) != "splitcheck" {
			return fmt.Sprintf("it answered %s, not with the route that was applied", response.Status), err
		}
		return "", nil
	})
}

// apply applies one object of any kind that the cluster knows.
func (u *up) apply(ctx context.Context, text []byte) error {
	var object unstructured.Unstructured
	if err := object.UnmarshalJSON(text); err != nil {
		return err
	}
	kind := object.GroupVersionKind()
	var found kube.Resource
	err := bounded(ctx, "say what there is of "+kind.GroupVersion().String(), func(ctx context.Context) (err error) {
		found, err = u.kube.Find(ctx, kind.GroupKind(), kind.Version)
		return err
	})
	if meta.IsNoMatchError(err) {
		return fmt.Errorf("the API server knows no %s of %s", kind.Kind, kind.GroupVersion())
	}
	if err != nil {
		return err
	}
	resource := u.kube.In(found, object.GetNamespace())
	return bounded(ctx, fmt.Sprintf("take %s %s", kind.Kind, object.GetName()), func(ctx context.Context) error {
		force := true
		_, err := resource.Patch(ctx, object.GetName(), types.ApplyPatchType, text, metav1.PatchOptions{FieldManager: "splitcheck", Force: &force})
		return err
	})
}
