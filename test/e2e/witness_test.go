//go:build e2e

package e2e

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestSecondWitness sends requests of its own besides those of a check: the
// proxies count them, no answer names them, and the report shows the
// difference.
func TestSecondWitness(t *testing.T) {
	f := connected(t)
	const others = 100
	r := f.start(t, "version-test-90-10", "--rate", "300")
	f.sends(t, r, 200)
	for range others {
		response, err := http.Get(f.gateway + "/version.html")
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, http.StatusOK, response.StatusCode)
	}
	code, text := r.wait(t, time.Minute)
	assert.Equal(t, 0, code, "the answers are what is judged, and they are as before")
	more := 0
	for _, each := range regexp.MustCompile(`(\d+) more were the traffic of others`).FindAllStringSubmatch(text, -1) {
		n := 0
		for _, digit := range each[1] {
			n = 10*n + int(digit-'0')
		}
		more += n
	}
	assert.Equal(t, others, more, "of both versions together")
}

// TestDiagnose looks into the archive of a run that failed: it shows what was
// there when it did, and no secret.
func TestDiagnose(t *testing.T) {
	f := newFailures(t)
	f.clean(t)
	const secret = "hunter2-hunter2"
	f.kubectl(t, "", "create", "secret", "generic", "planted", "--from-literal=password="+secret)
	t.Cleanup(func() { f.kubectl(t, "", "delete", "secret/planted", "deployment/planted", "--ignore-not-found") })
	f.kubectl(t, `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"planted","annotations":{"example.com/api-token":"`+secret+`"}},
		"spec":{"replicas":0,"selector":{"matchLabels":{"app":"planted"}},"template":{"metadata":{"labels":{"app":"planted"}},
		"spec":{"containers":[{"name":"a","image":"none","args":["--password=`+secret+`"],"env":[{"name":"DB_PASSWORD","value":"`+secret+`"}]}]}}}}`, "apply", "-f", "-")
	file := filepath.Join(t.TempDir(), "failed.tar.gz")
	f.start(t, f.routes(t, "service-without-gate"), "--diagnose", file).ends(t, time.Minute, 4, "hat the cluster said of this is in", file)
	parts := unpack(t, file)
	var names, whole strings.Builder
	for name, content := range parts {
		names.WriteString(name + "\n")
		whole.WriteString(content)
	}
	assert.Contains(t, parts["objects/networking.istio.io/virtualservices.yaml"], "no-such-gateway", "the route that failed")
	assert.Contains(t, parts["namespaces/default/deployments.yaml"], "name: planted")
	for _, name := range []string{`^index\.txt$`, `^nodes\.yaml$`, `^namespaces/istio-system/logs/istiod-.*/discovery\.log$`, `^proxies/istio-system/istio-ingressgateway-.*/routes\.json$`, `^istiod/istiod-.*/syncz\.json$`, `^namespaces/default/events\.yaml$`} {
		assert.Regexp(t, `(?m)`+name, names.String())
	}
	assert.NotContains(t, whole.String(), secret)
	assert.NotContains(t, parts["index.txt"], "Could not be had", parts["index.txt"])
}

// unpack returns the parts of an archive by their names in it.
func unpack(t *testing.T, file string) map[string]string {
	t.Helper()
	in, err := os.Open(file)
	require.NoError(t, err)
	defer in.Close()
	unzipped, err := gzip.NewReader(in)
	require.NoError(t, err)
	parts := map[string]string{}
	for files := tar.NewReader(unzipped); ; {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return parts
		}
		require.NoError(t, err)
		content, err := io.ReadAll(files)
		require.NoError(t, err)
		parts[strings.TrimPrefix(header.Name, "splitcheck-diagnose/")] = string(content)
	}
}
