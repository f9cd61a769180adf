package manifests_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/splitcheck/splitcheck/internal/manifests"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Each testdata/NAME.yaml is decoded and its problems compared with NAME.golden.
func TestProblemsAreAllReportedWithTheirPlaces(t *testing.T) {
	files, err := filepath.Glob("testdata/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			require.NoError(t, err)
			_, found := manifests.Decode(filepath.Base(file), data)
			got := found.Error() + "\n"
			golden := strings.TrimSuffix(file, ".yaml") + ".golden"
			if *update {
				require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			assert.Equal(t, string(want), got)
			_, again := manifests.Decode(filepath.Base(file), data)
			assert.Equal(t, found, again, "the same file has the same problems")
		})
	}
}

func TestEachKindHasItsProjectsType(t *testing.T) {
	const head = "metadata: {name: x}\n"
	for _, test := range []struct {
		text  string
		value any
	}{
		{"apiVersion: networking.istio.io/v1\nkind: VirtualService\n", &networkingv1.VirtualService{}},
		{"apiVersion: networking.istio.io/v1beta1\nkind: VirtualService\n", &networkingv1.VirtualService{}},
		{"apiVersion: networking.istio.io/v1alpha3\nkind: VirtualService\n", &networkingv1.VirtualService{}},
		{"apiVersion: networking.istio.io/v1\nkind: DestinationRule\n", &networkingv1.DestinationRule{}},
		{"apiVersion: networking.istio.io/v1\nkind: Gateway\n", &networkingv1.Gateway{}},
		{"apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\n", &gatewayv1.Gateway{}},
		{"apiVersion: gateway.networking.k8s.io/v1beta1\nkind: HTTPRoute\n", &gatewayv1.HTTPRoute{}},
		{"apiVersion: v1\nkind: Service\n", &corev1.Service{}},
		{"apiVersion: v1\nkind: Namespace\n", &corev1.Namespace{}},
		{"apiVersion: apps/v1\nkind: Deployment\n", &appsv1.Deployment{}},
	} {
		objects, found := manifests.Decode("x.yaml", []byte(test.text+head))
		assert.Empty(t, found)
		require.Len(t, objects, 1)
		assert.IsType(t, test.value, objects[0].Value)
	}
}

const reviews = `# A comment first.
apiVersion: networking.istio.io/v1beta1
kind: VirtualService
metadata:
  name: reviews
  labels:
    app.kubernetes.io/name: reviews
spec:
  hosts: [reviews]
  http:
  - timeout: 1.5s
    route:
    - destination: {host: reviews, subset: v1}
      weight: 90
    - destination: {host: reviews, subset: v2}
      weight: 10
`

func TestContentPlacesAndRawDocument(t *testing.T) {
	objects, found := manifests.Decode("vs.yaml", []byte(reviews))
	require.Empty(t, found)
	require.Len(t, objects, 1)
	o := objects[0]
	assert.Equal(t, manifests.Key{Group: "networking.istio.io", Kind: "VirtualService", Namespace: "default", Name: "reviews"}, o.Key())
	assert.Equal(t, "networking.istio.io/v1beta1", o.APIVersion)
	assert.Equal(t, "VirtualService default/reviews", o.String())

	vs := o.Value.(*networkingv1.VirtualService)
	assert.Equal(t, "networking.istio.io/v1", vs.APIVersion, "versions are normalised")
	assert.Equal(t, "default", vs.Namespace)
	assert.Equal(t, int32(10), vs.Spec.Http[0].Route[1].Weight)
	assert.Equal(t, int64(1500), vs.Spec.Http[0].Timeout.AsDuration().Milliseconds())

	for path, place := range map[string][2]int{
		"":                                      {2, 1},
		"metadata.name":                         {5, 3},
		"spec.http[0].route[1].weight":          {16, 7},
		"spec.http[0].route[1]":                 {15, 7},
		"spec.http[0].route[1].headers.request": {15, 7},
		"spec.http[7].route":                    {10, 3},
		"spec.tcp":                              {8, 1},
		`metadata.labels["app.kubernetes.io/name"]`: {7, 5},
		"spec.hosts[x]": {9, 3},
	} {
		line, column := o.Position(path)
		assert.Equal(t, place, [2]int{line, column}, path)
	}
	assert.JSONEq(t, `{"apiVersion": "networking.istio.io/v1beta1", "kind": "VirtualService",
		"metadata": {"name": "reviews", "labels": {"app.kubernetes.io/name": "reviews"}},
		"spec": {"hosts": ["reviews"], "http": [{"timeout": "1.5s", "route": [
			{"destination": {"host": "reviews", "subset": "v1"}, "weight": 90},
			{"destination": {"host": "reviews", "subset": "v2"}, "weight": 10}]}]}}`, string(o.JSON()))
}
