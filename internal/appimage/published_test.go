package appimage

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/splitcheck/splitcheck/internal/apps"
)

// A publication is what the authors' own manifest says of a container, and how
// it is found out that a pod of it serves.
type publication struct {
	image string
	port  int32
	ready string
}

// published is copied from the authors' manifests:
//   - bookinfo: istio/istio at eed52ebb66ad of the 1.31 line (the Go module
//     istio.io/istio v0.0.0-20260827124520-eed52ebb66ad),
//     samples/bookinfo/platform/kube/bookinfo.yaml, lines 75-328; the port is also
//     what EXPOSE says in samples/bookinfo/src/{details,productpage,ratings}/Dockerfile
//     and httpPort in reviews' server.xml. /health is in details.rb, productpage.py,
//     ratings.js and LibertyRestEndpoint.java.
//   - nginx: kubernetes/website, content/en/examples/application/nginx-app.yaml for
//     1.14.2; nginx:1.16.1 is the next version in that site's page on Deployments
//     (`kubectl set image deployment/nginx-deployment nginx=nginx:1.16.1`).
//   - weather: cloudnativebooks/cloud-native-istio, install/weather-v1.yaml (the same
//     in 14_multi-cluster/14.2), 10_canary-release/10.2/recommendation-all.yaml and
//     10_canary-release/10.5/forecast-v2-deployment.yaml.
var published = map[string]publication{
	"apps/bookinfo/bookinfo.yaml details-v1":                  {"registry.istio.io/release/examples-bookinfo-details-v1:1.20.3", 9080, "GET /health"},
	"apps/bookinfo/bookinfo.yaml ratings-v1":                  {"registry.istio.io/release/examples-bookinfo-ratings-v1:1.20.3", 9080, "GET /health"},
	"apps/bookinfo/bookinfo.yaml reviews-v1":                  {"registry.istio.io/release/examples-bookinfo-reviews-v1:1.20.3", 9080, "GET /health"},
	"apps/bookinfo/bookinfo.yaml reviews-v2":                  {"registry.istio.io/release/examples-bookinfo-reviews-v2:1.20.3", 9080, "GET /health"},
	"apps/bookinfo/bookinfo.yaml reviews-v3":                  {"registry.istio.io/release/examples-bookinfo-reviews-v3:1.20.3", 9080, "GET /health"},
	"apps/bookinfo/bookinfo.yaml productpage-v1":              {"registry.istio.io/release/examples-bookinfo-productpage-v1:1.20.3", 9080, "GET /health"},
	"apps/nginx/nginx-app.yaml my-nginx":                      {"nginx:1.14.2", 80, "listens"},
	"apps/nginx/nginx-canary.yaml my-nginx-canary":            {"nginx:1.16.1", 80, "listens"},
	"nginx-replicas/nginx-1.16.1.yaml my-nginx":               {"nginx:1.16.1", 80, "listens"},
	"apps/weather/weather-v1.yaml frontend-v1":                {"istioweather/frontend:v1", 3000, "listens"},
	"apps/weather/weather-v1.yaml advertisement-v1":           {"istioweather/advertisement:v1", 3003, "listens"},
	"apps/weather/weather-v1.yaml forecast-v1":                {"istioweather/forecast:v1", 3002, "listens"},
	"weather-shift/forecast-v2-deployment.yaml forecast-v2":   {"istioweather/forecast:v2", 3002, "listens"},
	"weather-shift/recommendation-all.yaml recommendation-v1": {"istioweather/recommendation:v1", 3005, "listens"},
}

// With the published images a Deployment is what its authors wrote, and a probe;
// what is published nowhere runs from ours.
func TestPublishedImages(t *testing.T) {
	seen := map[string]publication{}
	for where, u := range deployments(t) {
		before := u.DeepCopy()
		missing, err := Unpublished(u)
		require.NoError(t, err)
		require.NoError(t, image.PrepareUnpublished(u))
		c := containerOf(t, u)
		if strings.HasPrefix(library[where], "version-test") || strings.Contains(where, "/gamma/") {
			assert.Len(t, missing, 1, where)
			assert.Equal(t, image.Ref, c.Image, where)
			continue
		}
		assert.Empty(t, missing, where)
		ready := "listens"
		if get := c.ReadinessProbe.HTTPGet; get != nil {
			ready = "GET " + get.Path
			assert.Nil(t, c.ReadinessProbe.TCPSocket, where)
			assert.Equal(t, c.Ports[0].ContainerPort, get.Port.IntVal, where)
		} else {
			assert.Equal(t, c.Ports[0].ContainerPort, c.ReadinessProbe.TCPSocket.Port.IntVal, where)
		}
		require.Len(t, c.Ports, 1, where)
		seen[where] = publication{c.Image, c.Ports[0].ContainerPort, ready}

		was := containerOf(t, before)
		c.ReadinessProbe = nil
		assert.Equal(t, was, c, where)
		dropContainers(before)
		dropContainers(u)
		assert.Equal(t, before.Object, u.Object, where)
	}
	assert.Equal(t, published, seen)
}

// Both sources of applications bring the same names, labels, selectors and ports,
// so that one scenario fits both; and each Service leads to a port of its pods.
func TestBuiltinAndUpstreamAreTheSameToRoutes(t *testing.T) {
	all := objects(t)
	require.NotEmpty(t, all)
	pods := deployments(t)
	for where, u := range all {
		builtin, upstream := u.DeepCopy(), u.DeepCopy()
		require.NoError(t, image.Prepare(builtin))
		require.NoError(t, image.PrepareUnpublished(upstream))
		if u.GetKind() != "Deployment" {
			assert.Equal(t, u, builtin, where)
			assert.Equal(t, u, upstream, where)
			continue
		}
		ours, theirs := containerOf(t, builtin), containerOf(t, upstream)
		assert.Equal(t, ours.Name, theirs.Name, where)
		assert.Equal(t, ours.Ports, theirs.Ports, where)
		assert.Equal(t, fmt.Sprintf(":%d", theirs.Ports[0].ContainerPort), ours.Args[5], where)
		dropContainers(builtin)
		dropContainers(upstream)
		assert.Equal(t, builtin, upstream, where)
	}
	for where, u := range all {
		if u.GetKind() != "Service" {
			continue
		}
		var service corev1.Service
		require.NoError(t, runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, &service))
		behind := 0
		for other, pod := range pods {
			deployment, err := deploymentOf(pod)
			require.NoError(t, err)
			labels := deployment.Spec.Template.Labels
			if deployment.Namespace != service.Namespace || !within(service.Spec.Selector, labels) {
				continue
			}
			behind++
			for _, port := range service.Spec.Ports {
				want := port.TargetPort.IntVal
				if want == 0 {
					want = port.Port
				}
				assert.True(t, slices.ContainsFunc(deployment.Spec.Template.Spec.Containers[0].Ports,
					func(p corev1.ContainerPort) bool { return p.ContainerPort == want }), "%s: %s has no port %d", where, other, want)
			}
		}
		assert.NotZero(t, behind, "no pod is behind %s", where)
	}
}

// Somebody's own manifests keep what they say of readiness, and get a probe only
// where the application is on the port that its image is known for.
func TestProbesOfOwnManifests(t *testing.T) {
	for name, c := range map[string]struct {
		container string
		probed    bool
	}{
		"as published":          {`{image: "docker.io/library/nginx:1.27-alpine", ports: [{containerPort: 80}]}`, true},
		"from a mirror":         {`{image: "mirror.example/istio/examples-bookinfo-reviews-v3:1.16.2", ports: [{containerPort: 9080}]}`, true},
		"on a port of its own":  {`{image: "bitnami/nginx:1.27", ports: [{containerPort: 8080}]}`, false},
		"without a port":        {`{image: "nginx:1.27"}`, false},
		"with a readiness":      {`{image: "nginx:1.27", ports: [{containerPort: 80}], readinessProbe: {exec: {command: ["true"]}}}`, false},
		"with a startup":        {`{image: "nginx:1.27", ports: [{containerPort: 80}], startupProbe: {exec: {command: ["true"]}}}`, false},
		"nobody knows it":       {`{image: "shop.example/cart:7", ports: [{containerPort: 80}]}`, false},
		"no version that is":    {`{image: "examples-bookinfo-reviews-v9:1", ports: [{containerPort: 9080}]}`, false},
		"published nowhere":     {`{image: "splitcheck.dev/apps/version-test:v1", ports: [{containerPort: 80}]}`, false},
		"our image, made ready": {`{image: "splitcheck.dev/apps:0123456789ab", ports: [{containerPort: 80}]}`, false},
	} {
		u := parse(t, "{apiVersion: apps/v1, kind: Deployment, metadata: {name: shop}, spec: {template: {spec: {containers: ["+c.container+"]}}}}")
		before := u.DeepCopy()
		require.NoError(t, ProbePublished(u), name)
		assert.Equal(t, c.probed, !assert.ObjectsAreEqual(before, u), name)
		again := u.DeepCopy()
		require.NoError(t, ProbePublished(u), name)
		assert.Equal(t, again, u, name)
	}
}

// ratings v-unhealthy says at times that it is ill, and is routed to nonetheless.
func TestUnhealthyRatingsAreReady(t *testing.T) {
	profile, _ := apps.Info("ratings")
	for _, version := range profile.Versions {
		probe := publishedReadiness("ratings", version, 9080)
		assert.Equal(t, version == "v-unhealthy", probe.HTTPGet == nil, version)
		assert.Equal(t, version == "v-unhealthy", probe.TCPSocket != nil, version)
	}
}

func containerOf(t *testing.T, u *unstructured.Unstructured) corev1.Container {
	t.Helper()
	deployment, err := deploymentOf(u)
	require.NoError(t, err)
	require.Len(t, deployment.Spec.Template.Spec.Containers, 1)
	return deployment.Spec.Template.Spec.Containers[0]
}

// within reports whether a selector selects labels.
func within(selector, labels map[string]string) bool {
	for name, value := range selector {
		if labels[name] != value {
			return false
		}
	}
	return true
}
