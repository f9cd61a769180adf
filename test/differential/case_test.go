//go:build e2e

package differential

import (
	"net/http"
	"os"
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
// there were.
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
	for _, part := range parts[1:] {
		name, value, found := strings.Cut(part, ":")
		require.True(t, found, "%q is no header", part)
		value = strings.TrimSpace(value)
		switch strings.ToLower(name) {
		case "host":
			r.host = value
		case "times":
			var err error
			r.times, err = strconv.Atoi(value)
			require.NoError(t, err)
		default:
			r.header.Add(name, value)
		}
	}
	if r.header.Get("User-Agent") == "" {
		r.header.Set("User-Agent", "differential")
	}
	return r
}
