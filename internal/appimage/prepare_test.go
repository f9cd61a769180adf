package appimage

import (
	"bytes"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/splitcheck/splitcheck/internal/apps"
)

var image = &Image{Ref: "splitcheck.dev/apps:0123456789ab", sessionKey: "a key"}

// library says what each Deployment of the library has to become: application,
// version and port, as the scenarios expect them.
var library = map[string]string{
	"apps/bookinfo/bookinfo.yaml details-v1":                  "details v1 :9080",
	"apps/bookinfo/bookinfo.yaml ratings-v1":                  "ratings v1 :9080",
	"apps/bookinfo/bookinfo.yaml reviews-v1":                  "reviews v1 :9080",
	"apps/bookinfo/bookinfo.yaml reviews-v2":                  "reviews v2 :9080",
	"apps/bookinfo/bookinfo.yaml reviews-v3":                  "reviews v3 :9080",
	"apps/bookinfo/bookinfo.yaml productpage-v1":              "productpage v1 :9080",
	"apps/version-test/version-test.yaml appv1":               "version-test v1 :80",
	"apps/version-test/version-test.yaml appv2":               "version-test v2 :80",
	"apps/nginx/nginx-app.yaml my-nginx":                      "nginx 1.14.2 :80",
	"apps/nginx/nginx-canary.yaml my-nginx-canary":            "nginx 1.16.1 :80",
	"nginx-replicas/nginx-1.16.1.yaml my-nginx":               "nginx 1.16.1 :80",
	"apps/weather/weather-v1.yaml frontend-v1":                "weather-frontend v1 :3000",
	"apps/weather/weather-v1.yaml advertisement-v1":           "advertisement v1 :3003",
	"apps/weather/weather-v1.yaml forecast-v1":                "forecast v1 :3002",
	"weather-shift/forecast-v2-deployment.yaml forecast-v2":   "forecast v2 :3002",
	"weather-shift/recommendation-all.yaml recommendation-v1": "recommendation v1 :3005",
	"apps/gamma/gamma.yaml frontend":                          "frontend v1 :8080",
	"apps/gamma/gamma.yaml backend-v1":                        "backend v1 :8080",
	"apps/gamma/gamma.yaml backend-v2":                        "backend v2 :8080",
}

// TestLibrary prepares every Deployment of the library, and finds in each an
// application that exists and answers at the path it is probed by.
func TestLibrary(t *testing.T) {
	seen := map[string]string{}
	for where, u := range deployments(t) {
		before := u.DeepCopy()
		require.NoError(t, image.Prepare(u), where)
		deployment, err := deploymentOf(u)
		require.NoError(t, err)
		c := deployment.Spec.Template.Spec.Containers[0]
		require.Len(t, c.Args, 8, where)
		assert.Equal(t, []string{"app", "--version", "--listen", "--drain"}, []string{c.Args[0], c.Args[2], c.Args[4], c.Args[6]})
		seen[where] = strings.Join([]string{c.Args[1], c.Args[3], c.Args[5]}, " ")

		assert.Equal(t, image.Ref, c.Image, where)
		assert.Equal(t, corev1.PullIfNotPresent, c.ImagePullPolicy, where)
		require.NotNil(t, c.ReadinessProbe, where)
		assert.Equal(t, c.Args[5], ":"+c.ReadinessProbe.HTTPGet.Port.String(), where)
		sessionKey := ""
		for _, variable := range c.Env {
			if variable.Name == "SESSION_KEY" {
				sessionKey = variable.Value
			}
		}
		assert.Equal(t, c.Args[1] == "productpage", sessionKey == image.sessionKey, where)

		handler, err := apps.New(apps.Instance{App: c.Args[1], Version: c.Args[3]})
		require.NoError(t, err, where)
		assert.Equal(t, http.StatusOK, status(handler, c.ReadinessProbe.HTTPGet.Path), where)

		// Beside the containers nothing of the object is another.
		dropContainers(before)
		dropContainers(u)
		assert.Equal(t, before.Object, u.Object, where)
	}
	assert.Equal(t, library, seen)
}

// TestEveryApplicationHasAProbe asks each version that is known of each.
func TestEveryApplicationHasAProbe(t *testing.T) {
	for _, name := range apps.Names() {
		info, _ := apps.Info(name)
		for _, version := range info.Versions {
			path, ok := probePath(name, version)
			if !ok {
				assert.Equal(t, "ratings v-unhealthy", name+" "+version)
				continue
			}
			handler, err := apps.New(apps.Instance{App: name, Version: version})
			require.NoError(t, err)
			assert.Equal(t, http.StatusOK, status(handler, path), "%s %s", name, version)
		}
	}
}

// TestOwnManifests is about what bundles do not have: images nobody knows,
// commands, hooks and probes of the original image.
func TestOwnManifests(t *testing.T) {
	u := parse(t, `
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  template:
    spec:
      containers:
      - {name: cart, image: "shop.example/cart:7", command: [cart]}
      - name: page
        image: docker.io/library/nginx:1.16.1-alpine
        command: [nginx]
        workingDir: /usr/share/nginx
        ports: [{containerPort: 5353, protocol: UDP}, {containerPort: 8000}]
        env: [{name: POD_NAMESPACE, value: mine}]
        lifecycle: {preStop: {exec: {command: [sleep, "5"]}}}
        livenessProbe: {exec: {command: [cat, /tmp/healthy]}}
        readinessProbe: {httpGet: {path: /index.html, port: 8000}}
        securityContext: {runAsUser: 1000}
`)
	require.NoError(t, image.Prepare(u))
	deployment, err := deploymentOf(u)
	require.NoError(t, err)
	cart, page := deployment.Spec.Template.Spec.Containers[0], deployment.Spec.Template.Spec.Containers[1]
	assert.Equal(t, corev1.Container{Name: "cart", Image: "shop.example/cart:7", Command: []string{"cart"}}, cart)

	assert.Equal(t, []string{"app", "nginx", "--version", "1.16.1", "--listen", ":8000", "--drain", "5s"}, page.Args)
	assert.Empty(t, page.Command)
	assert.Empty(t, page.WorkingDir)
	assert.Nil(t, page.Lifecycle)
	assert.Nil(t, page.LivenessProbe)
	assert.Equal(t, "/index.html", page.ReadinessProbe.HTTPGet.Path)
	assert.Equal(t, []corev1.EnvVar{{Name: "POD_NAMESPACE", Value: "mine"}}, page.Env)
	assert.Equal(t, int64(1000), *page.SecurityContext.RunAsUser)

	prepared := u.DeepCopy()
	require.NoError(t, image.Prepare(u))
	assert.Equal(t, prepared, u, "what is prepared stays as it is")

	service := parse(t, "{apiVersion: v1, kind: Service, metadata: {name: shop}}")
	before := service.DeepCopy()
	require.NoError(t, image.Prepare(service))
	assert.Equal(t, before, service)

	broken := parse(t, "{apiVersion: apps/v1, kind: Deployment, metadata: {name: shop}, spec: {replicas: many}}")
	assert.ErrorContains(t, image.Prepare(broken), "Deployment shop")
}

// deployments reads those of the library, by file and name.
func deployments(t *testing.T) map[string]*unstructured.Unstructured {
	t.Helper()
	found := objects(t)
	maps.DeleteFunc(found, func(_ string, u *unstructured.Unstructured) bool { return u.GetKind() != "Deployment" })
	names := map[string]*unstructured.Unstructured{}
	for where, u := range found {
		names[strings.TrimSuffix(where, " Deployment "+u.GetName())+" "+u.GetName()] = u
	}
	return names
}

// objects reads what the library applies, by file, kind and name.
func objects(t *testing.T) map[string]*unstructured.Unstructured {
	t.Helper()
	root := os.DirFS("../../scenarios/library")
	found := map[string]*unstructured.Unstructured{}
	require.NoError(t, fs.WalkDir(root, ".", func(name string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(name) != ".yaml" {
			return err
		}
		data, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		for _, document := range bytes.Split(data, []byte("\n---\n")) {
			if u := parse(t, string(document)); u.GetKind() != "" {
				found[name+" "+u.GetKind()+" "+u.GetName()] = u
			}
		}
		return nil
	}))
	return found
}

func parse(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	var u unstructured.Unstructured
	require.NoError(t, yaml.Unmarshal([]byte(text), &u.Object))
	return &u
}

func status(handler http.Handler, path string) int {
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, nil))
	return answer.Code
}

func dropContainers(u *unstructured.Unstructured) {
	unstructured.RemoveNestedField(u.Object, "spec", "template", "spec", "containers")
}
