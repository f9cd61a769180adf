package routing_test

import (
	"math/rand/v2"
	"net/http"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"

	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/routing"
)

// everyField is one of each kind of object with nearly every field that is read.
var everyField = []string{bookinfo, ingressGateway, `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: all}
spec:
  hosts: [reviews, "*.example.com"]
  gateways: [mesh, gw]
  exportTo: ["*"]
  http:
  - match:
    - {uri: {prefix: /a}, ignoreUriCase: true, scheme: {exact: http}, method: {regex: G.T}, authority: {prefix: r}, port: 9080}
    - {headers: {a: {exact: b}, c: {}}, withoutHeaders: {d: {regex: e}}, queryParams: {f: {exact: g}}, sourceLabels: {app: client}, sourceNamespace: default, gateways: [mesh]}
    route:
    - {destination: {host: reviews, subset: v1, port: {number: 9080}}, weight: 10, headers: {request: {set: {a: b}, add: {c: d}, remove: [e]}}}
    - {destination: {host: reviews, subset: v2}, weight: 90, headers: {response: {set: {a: b}}}}
    rewrite: {uriRegexRewrite: {match: /a, rewrite: /b}, authority: x}
    headers: {request: {set: {host: z}}}
    timeout: 1s
    retries: {attempts: 2, perTryTimeout: 1s, retryOn: "5xx,503"}
    fault: {delay: {percentage: {value: 1}, fixedDelay: 1s}, abort: {percentage: {value: 1}, httpStatus: 500}}
    mirrors: [{destination: {host: details}, percentage: {value: 5}}]
  - {match: [{uri: {exact: /r}}], redirect: {prefixRewrite: /s, derivePort: FROM_REQUEST_PORT}}
  - {match: [{uri: {exact: /d}}], directResponse: {status: 200, body: {string: x}}}
  - {match: [{uri: {exact: /e}}], delegate: {name: leaf}}
  - {route: [{destination: {host: details}}], mirror: {host: reviews}, mirrorPercentage: {value: 50}, rewrite: {uri: /}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: leaf}
spec: {http: [{match: [{uri: {exact: /e}, headers: {a: {exact: b}}}], route: [{destination: {host: details}}]}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: more}
spec:
  host: "*.default.svc.cluster.local"
  workloadSelector: {matchLabels: {app: client}}
  trafficPolicy: {loadBalancer: {consistentHash: {httpCookie: {name: a, ttl: 1s}}}, portLevelSettings: [{port: {number: 9080}, loadBalancer: {simple: RANDOM}}]}
  subsets: [{name: v4, labels: {version: v4}, trafficPolicy: {loadBalancer: {simple: ROUND_ROBIN}}}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw}
spec:
  gatewayClassName: istio
  listeners:
  - {name: http, port: 80, protocol: HTTP, hostname: "*.example.com", allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {a: b}}}, kinds: [{kind: HTTPRoute}]}}
  - {name: any, port: 81, protocol: HTTP}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: all}
spec:
  hostnames: [a.example.com]
  parentRefs: [{name: gw, sectionName: any}, {group: "", kind: Service, name: details, port: 9080}, {name: gw}]
  rules:
  - name: one
    matches: [{path: {type: PathPrefix, value: /a}, headers: [{name: a, value: b}], queryParams: [{name: c, value: d}], method: GET}]
    filters:
    - {type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: a, value: b}]}}
    - {type: URLRewrite, urlRewrite: {hostname: x, path: {type: ReplacePrefixMatch, replacePrefixMatch: /b}}}
    - {type: RequestMirror, requestMirror: {backendRef: {name: reviews, port: 9080}, fraction: {numerator: 1, denominator: 3}}}
    backendRefs: [{name: reviews, port: 9080, weight: 3, filters: [{type: ResponseHeaderModifier, responseHeaderModifier: {add: [{name: a, value: b}]}}]}, {name: details, port: 9080}]
    timeouts: {request: 2s, backendRequest: 1s}
    retry: {codes: [500], attempts: 2}
  - {filters: [{type: RequestRedirect, requestRedirect: {scheme: https, path: {type: ReplaceFullPath, replaceFullPath: /x}}}]}
---
apiVersion: v1
kind: Namespace
metadata: {name: default, labels: {a: b}}`}

// exercise does with objects all that can be done with them.
func exercise(objects []manifests.Object) {
	for _, proxy := range []routing.Proxy{client, ingress, apiGate} {
		table, _ := routing.Compile(objects, proxy)
		for _, port := range append(table.Ports(), 9999) {
			for _, r := range []*http.Request{
				request("GET", "http://reviews/a/x?f=g", "a: b"),
				request("GET", "http://details.default:9080/e", "a: b"),
				request("POST", "http://a.example.com/r?x"),
			} {
				d := table.Route(port, r)
				if d.Rule == nil {
					continue
				}
				if d.Rule.Redirect != nil {
					d.Rule.Redirect.Location(r)
				}
				if d.Rule.Rewrite != nil {
					d.Rule.Rewrite.Apply(r.URL.EscapedPath())
				}
				for _, a := range d.Rule.Destinations {
					table.Cluster(a.Cluster)
				}
			}
		}
		table.Splits("")
	}
	for _, o := range objects {
		if vs, ok := o.Value.(*networkingv1.VirtualService); ok {
			routing.Unreachable(vs)
		}
	}
}

// Objects with anything missing anywhere, as Go can hold them, break nothing.
func TestObjectsWithHolesBreakNothing(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 500 {
		objects := decode(t, everyField...)
		for i := range objects {
			hollow(reflect.ValueOf(objects[i].Value).Elem(), random)
			if random.IntN(40) == 0 {
				objects[i].Value = reflect.Zero(reflect.TypeOf(objects[i].Value)).Interface()
			}
		}
		require.NotPanics(t, func() { exercise(objects) }, "round %d", round)
	}
}

// hollow empties fields of v here and there: pointers, interfaces, entries of
// lists and maps, texts and numbers.
func hollow(v reflect.Value, random *rand.Rand) {
	if v.CanSet() && random.IntN(60) == 0 {
		v.SetZero()
		return
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			hollow(v.Elem(), random)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				hollow(v.Field(i), random)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			hollow(v.Index(i), random)
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			if random.IntN(20) == 0 {
				v.SetMapIndex(k, reflect.Zero(v.Type().Elem()))
			} else {
				hollow(v.MapIndex(k), random)
			}
		}
	}
}

// Whatever can be read can be compiled and asked.
func FuzzCompile(f *testing.F) {
	for _, document := range everyField {
		f.Add([]byte(document))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		objects, _ := manifests.Decode("fuzz.yaml", data)
		exercise(append(decode(t, bookinfo), objects...))
	})
}
