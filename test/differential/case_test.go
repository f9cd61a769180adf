package differential

import (
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"
)

// A testCase is one txtar file. The comment says what is claimed. The section
// "manifests" holds objects; "http" instead is the list of that name of a
// VirtualService on the ingress gateway, "rules" that of an HTTPRoute on a
// Gateway, both for every host. The section "requests" has a request on each
// line: METHOD PATH | Header: value | … The host is example.com unless a line
// says otherwise, and "times: N" sends it N times and compares which answers
// there were. With "to: SERVICE:PORT", or SERVICE.NAMESPACE:PORT, it is a pod in the
// mesh that sends it there, through its sidecar; the host is then the Service as it
// is written.
type testCase struct {
	manifests []byte
	requests  []request
}

type request struct {
	line         string
	method, path string
	host         string
	header       http.Header
	times        int
	// to is the Service in full, and its port, that a pod in the mesh calls; empty
	// for a request from outside.
	to string
}

const virtualService = `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: gateway, namespace: differential}
spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: case, namespace: differential}
spec:
  hosts: ["*"]
  gateways: [gateway]
  http:
`

// The Gateway's address hands it to the ingress gateway that is there, so that
// the cluster need not start one for each case.
const httpRoute = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gateway, namespace: istio-system}
spec:
  gatewayClassName: istio
  addresses: [{type: Hostname, value: istio-ingressgateway.istio-system.svc.cluster.local}]
  listeners: [{name: http, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: case, namespace: differential}
spec:
  parentRefs: [{name: gateway, namespace: istio-system}]
  rules:
`

// meshNamespace is where the client with a sidecar is, and most of what it calls.
const meshNamespace = "differential-mesh"

// wayIn leads from the ingress gateway to relay, the client with a sidecar.
const wayIn = `
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: relay, namespace: differential-mesh}
spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [relay.example]}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: relay, namespace: differential-mesh}
spec: {hosts: [relay.example], gateways: [relay], http: [{route: [{destination: {host: relay}}]}]}
`

func readCase(t *testing.T, file string) testCase {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	archive := txtar.Parse(text)
	require.NotEmpty(t, archive.Comment, "the case says nothing of what it claims")
	var k testCase
	for _, f := range archive.Files {
		switch f.Name {
		case "manifests":
			k.manifests = f.Data
		case "http":
			k.manifests = append([]byte(virtualService), indent(f.Data)...)
		case "rules":
			k.manifests = append([]byte(httpRoute), indent(f.Data)...)
		case "requests":
			for line := range strings.Lines(string(f.Data)) {
				if line = strings.TrimSpace(line); line != "" {
					k.requests = append(k.requests, readRequest(t, line))
				}
			}
		default:
			t.Fatalf("%s has a section %q, which is none of manifests, http, rules and requests", file, f.Name)
		}
	}
	require.NotEmpty(t, k.requests, "the case has no requests")
	if slices.ContainsFunc(k.requests, func(r request) bool { return r.to != "" }) {
		k.manifests = append(k.manifests, wayIn...)
	}
	return k
}

func indent(list []byte) []byte {
	var out strings.Builder
	for line := range strings.Lines(string(list)) {
		out.WriteString("  " + line)
	}
	return []byte(out.String())
}

func readRequest(t *testing.T, line string) request {
	t.Helper()
	parts := strings.Split(line, " | ")
	method, path, found := strings.Cut(parts[0], " ")
	require.True(t, found, "%q is no METHOD and PATH", line)
	r := request{line: line, method: method, path: path, host: "example.com", times: 1, header: http.Header{}}
	named := false
	for _, part := range parts[1:] {
		name, value, found := strings.Cut(part, ":")
		require.True(t, found, "%q is no header", part)
		value = strings.TrimSpace(value)
		switch strings.ToLower(name) {
		case "host":
			r.host = value
			named = true
		case "to":
			r.to = value
		case "times":
			var err error
			r.times, err = strconv.Atoi(value)
			require.NoError(t, err)
		default:
			r.header.Add(name, value)
		}
	}
	if r.to != "" {
		service, port, found := strings.Cut(r.to, ":")
		require.True(t, found, "%q is no SERVICE:PORT", r.to)
		if !named {
			r.host = strings.TrimSuffix(r.to, ":80")
		}
		if !strings.Contains(service, ".") {
			service += "." + meshNamespace
		}
		r.to = service + ".svc.cluster.local:" + port
	}
	if r.header.Get("User-Agent") == "" {
		r.header.Set("User-Agent", "differential")
	}
	return r
}
