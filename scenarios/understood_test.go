package scenarios

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A shop: web, entered by the gateway, calls pay, of which there are two versions.
const shop = `
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: pay, namespace: shop}
spec: {selector: {app: pay}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: billing, namespace: office}
spec: {selector: {app: billing}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web, version: w1}}, spec: {containers: [{name: app, image: "splitcheck.dev/apps/frontend:v1", env: [{name: BACKEND_SVC_HOSTNAME, value: pay}]}]}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pay-v1, namespace: shop}
spec:
  selector: {matchLabels: {app: pay, version: v1}}
  template: {metadata: {labels: {app: pay, version: v1}}, spec: {containers: [{name: app, image: "shop.example/pay:1"}]}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pay-v2, namespace: shop}
spec:
  selector: {matchLabels: {app: pay, version: v2}}
  template: {metadata: {labels: {app: pay, version: v2}}, spec: {containers: [{name: app, image: "shop.example/pay:1"}]}}
`

const shopGateway = `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}
`

const shopRoute = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec: {hosts: ["*"], gateways: [edge], http: [{route: [{destination: {host: web}}]}]}
`

const shopSplit = `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pay, namespace: shop}
spec: {host: pay, subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pay, namespace: shop}
spec: {hosts: [pay], http: [{route: [{destination: {host: pay, subset: v1}, weight: 70}, {destination: {host: pay, subset: v2}, weight: 30}]}]}
`

func shopWith(t *testing.T, routes ...string) *Scenario {
	t.Helper()
	disk := Disk{WorkingDir: "s", FS: fstest.MapFS{
		"s/shop.yaml": &fstest.MapFile{Data: []byte(shop)}, "s/routes.yaml": &fstest.MapFile{Data: []byte(strings.Join(routes, "\n---\n"))},
		"s/scenario.yaml": &fstest.MapFile{Data: []byte(`apiVersion: splitcheck.dev/v1alpha1
kind: Scenario
metadata: {name: shop}
spec:
  manifests: [shop.yaml]
  steps:
  - name: one
    apply: [routes.yaml]
    checks:
    - {name: inside, request: {path: /api}, identify: {json: version}, expect: {v1: 70, v2: 30}}
`)},
	}}
	s, found := disk.LoadFile("scenario.yaml")
	require.NotNil(t, s, "%v", found)
	return s
}

// What decides: the kinds, fields and classes of Istio's and the Gateway API's
// reference, and of other projects, that split requests or bring pods; and what
// stands beside them and does not.
func TestWhatIsNotUnderstood(t *testing.T) {
	object := func(apiVersion, kind, namespace, name, rest string) string {
		return "apiVersion: " + apiVersion + "\nkind: " + kind + "\nmetadata: {name: " + name + ", namespace: " + namespace + "}\n" + rest
	}
	parent := func(service string) string {
		return "spec: {parentRefs: [{group: '', kind: Service, name: " + service + "}], rules: [{backendRefs: [{name: " + service + ", port: 80}]}]}"
	}
	template := func(app string) string {
		return "spec: {template: {metadata: {labels: {app: " + app + ", version: v9}}}}"
	}
	const api = "gateway.networking.k8s.io/"
	for name, test := range map[string]struct {
		object string
		rule   bool // whether a rule of HTTP splits pay
		want   string
	}{
		"GRPCRoute":                  {object(api+"v1", "GRPCRoute", "shop", "r", parent("pay")), true, "GRPCRoute of gateway.networking.k8s.io/v1"},
		"GRPCRoute of another":       {object(api+"v1", "GRPCRoute", "office", "r", parent("billing")), true, ""},
		"TCPRoute":                   {object(api+"v1alpha2", "TCPRoute", "shop", "r", parent("pay")), true, "TCPRoute of gateway.networking.k8s.io/v1alpha2"},
		"TCPRoute at a gateway":      {object(api+"v1alpha2", "TCPRoute", "shop", "r", "spec: {parentRefs: [{name: edge}], rules: [{backendRefs: [{name: pay, port: 80}]}]}"), true, ""},
		"Linkerd's HTTPRoute":        {object("policy.linkerd.io/v1beta2", "HTTPRoute", "shop", "r", parent("pay")), true, "HTTPRoute of policy.linkerd.io/v1beta2"},
		"Linkerd's ServiceProfile":   {object("linkerd.io/v1alpha2", "ServiceProfile", "shop", "r", "spec: {dstOverrides: [{authority: pay.shop.svc.cluster.local, weight: 1}]}"), true, "ServiceProfile of linkerd.io/v1alpha2"},
		"SMI":                        {object("split.smi-spec.io/v1alpha4", "TrafficSplit", "shop", "r", "spec: {service: pay, backends: [{service: pay-v2, weight: 1}]}"), true, "TrafficSplit of split.smi-spec.io/v1alpha4"},
		"Flagger":                    {object("flagger.app/v1beta1", "Canary", "shop", "r", "spec: {targetRef: {kind: Deployment, name: pay}}"), true, "Canary of flagger.app/v1beta1"},
		"ServiceEntry":               {object("networking.istio.io/v1", "ServiceEntry", "shop", "r", "spec: {hosts: [pay.shop.svc.cluster.local]}"), true, "ServiceEntry of networking.istio.io/v1"},
		"ServiceEntry of another":    {object("networking.istio.io/v1", "ServiceEntry", "shop", "r", "spec: {hosts: [api.example.com]}"), true, ""},
		"Sidecar":                    {object("networking.istio.io/v1", "Sidecar", "shop", "r", "spec: {egress: [{hosts: ['./*']}]}"), true, "Sidecar of networking.istio.io/v1"},
		"Sidecar elsewhere":          {object("networking.istio.io/v1", "Sidecar", "office", "r", "spec: {egress: [{hosts: ['./*']}]}"), true, ""},
		"EnvoyFilter":                {object("networking.istio.io/v1alpha3", "EnvoyFilter", "istio-system", "r", "spec: {}"), true, "EnvoyFilter of networking.istio.io/v1alpha3"},
		"WorkloadEntry":              {object("networking.istio.io/v1", "WorkloadEntry", "shop", "r", "spec: {address: 10.0.0.9, labels: {app: pay}}"), true, "WorkloadEntry of networking.istio.io/v1"},
		"old Deployment":             {object("extensions/v1beta1", "Deployment", "shop", "r", template("pay")), true, "Deployment of extensions/v1beta1"},
		"StatefulSet":                {object("apps/v1", "StatefulSet", "shop", "r", template("pay")), true, "StatefulSet of apps/v1"},
		"StatefulSet of another app": {object("apps/v1", "StatefulSet", "shop", "r", template("database")), true, ""},
		"Rollout without a template": {object("argoproj.io/v1alpha1", "Rollout", "shop", "r", "spec: {workloadRef: {kind: Deployment, name: x}}"), true, "Rollout of argoproj.io/v1alpha1"},
		"EndpointSlice":              {"apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: x, namespace: shop, labels: {kubernetes.io/service-name: pay}}", true, "EndpointSlice of discovery.k8s.io/v1"},
		"autoscaler":                 {object("autoscaling/v2", "HorizontalPodAutoscaler", "shop", "pay", "spec: {scaleTargetRef: {kind: Deployment, name: pay}}"), true, ""},
		"policy":                     {object("security.istio.io/v1", "AuthorizationPolicy", "shop", "pay", "spec: {selector: {matchLabels: {app: pay}}}"), true, ""},
		"tcp beside http":            {object("networking.istio.io/v1", "VirtualService", "shop", "x", "spec: {hosts: [billing.office.svc.cluster.local], tcp: [{route: [{destination: {host: billing.office.svc.cluster.local}}]}]}"), true, ""},
		"tcp alone":                  {object("networking.istio.io/v1", "VirtualService", "shop", "x", "spec: {hosts: [pay], tcp: [{route: [{destination: {host: pay}}]}]}"), false, "a route of TCP connections"},
		"PASSTHROUGH":                {object("networking.istio.io/v1", "DestinationRule", "shop", "x", "spec: {host: pay, trafficPolicy: {loadBalancer: {simple: PASSTHROUGH}}}"), false, "the balancer PASSTHROUGH"},
		"waypoint that is not used":  {object(api+"v1", "Gateway", "shop", "waypoint", "spec: {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]}"), true, ""},
		"another class beside ours":  {object(api+"v1", "Gateway", "shop", "other", "spec: {gatewayClassName: nginx, listeners: [{name: http, port: 80, protocol: HTTP}]}"), true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			routes := []string{shopGateway, shopRoute, test.object}
			if test.rule {
				routes = append(routes, shopSplit)
			}
			s := shopWith(t, routes...)
			var whats []string
			for _, u := range s.NotUnderstood("one", s.Steps[0].Checks[0]) {
				whats = append(whats, u.What)
			}
			assert.Equal(t, test.want, strings.Join(whats, "; "))
			assert.Equal(t, test.want != "", strings.Contains(Lint(s).Error(), "SC130"))
			s.Targets = []string{"kind"}
			assert.NotContains(t, Lint(s).Error(), "SC130", "a cluster interprets it")
		})
	}
}

// Where no gateway of Istio takes the requests, one of another class may.
func TestAnotherClassDecidesWhereNoneOfOursDoes(t *testing.T) {
	s := shopWith(t, "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: other, namespace: shop}\nspec: {gatewayClassName: nginx, listeners: [{name: http, port: 80, protocol: HTTP}]}")
	unknown := s.NotUnderstood("one", s.Steps[0].Checks[0])
	require.Len(t, unknown, 1)
	assert.Equal(t, "the class nginx", unknown[0].What)
}

// A VirtualService for gateways alone has no effect on calls inside the mesh.
func TestNoRuleMadeTheSplit(t *testing.T) {
	s := shopWith(t, shopGateway, shopRoute, strings.Replace(shopSplit, "hosts: [pay]", "hosts: [pay], gateways: [edge]", 1))
	o, none := s.NoRule("one", s.Steps[0].Checks[0])
	require.True(t, none)
	assert.Equal(t, "VirtualService shop/pay", o.String())
	for name, routes := range map[string][]string{
		"it decides": {shopGateway, shopRoute, shopSplit}, "there is none": {shopGateway, shopRoute},
		"it decides by a header": {shopGateway, shopRoute, strings.Replace(shopSplit, "http: [{", "http: [{match: [{headers: {user: {exact: a}}}], ", 1)},
	} {
		s := shopWith(t, routes...)
		_, none := s.NoRule("one", s.Steps[0].Checks[0])
		assert.False(t, none, name)
	}
}

func TestWhatMovesTrafficByDesign(t *testing.T) {
	with := strings.Replace(shopSplit, "{host: pay, subsets", "{host: pay, trafficPolicy: {outlierDetection: {consecutive5xxErrors: 1}, loadBalancer: {localityLbSetting: {enabled: true}}}, subsets", 1)
	with = strings.Replace(with, "http: [{route", "http: [{retries: {attempts: 2}, route", 1)
	s := shopWith(t, shopGateway, shopRoute, with)
	var whats []string
	for _, u := range s.Moving("one", s.Steps[0].Checks[0]) {
		whats = append(whats, u.What+" at "+u.Path)
	}
	assert.Equal(t, []string{
		"outlierDetection at spec.trafficPolicy.outlierDetection", "localityLbSetting at spec.trafficPolicy.loadBalancer.localityLbSetting",
		"retries at spec.http[0].retries",
	}, whats)
	s = shopWith(t, shopGateway, shopRoute, shopSplit)
	assert.Empty(t, s.Moving("one", s.Steps[0].Checks[0]))
}
