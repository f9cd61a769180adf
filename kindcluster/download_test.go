package kindcluster

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// ample is longer than any test takes; no test waits for it.
const ample = time.Hour

// The names under which Istio publishes a release, composed as by its own
// release/downloadIstioCtl.sh at the commit eed52ebb66ad of the 1.31 line.
const (
	archiveAt = "/1.31.1/istioctl-1.31.1-linux-amd64.tar.gz"
	sumAt     = archiveAt + ".sha256"
)

// A site serves files of a release, and writes down what it is asked for.
type site struct {
	*httptest.Server
	mu    sync.Mutex
	files map[string]http.HandlerFunc
	asked []string
}

func newSite(t *testing.T, files map[string]http.HandlerFunc) *site {
	s := &site{files: files}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		serve := s.files[r.URL.Path]
		s.asked = append(s.asked, r.URL.Path)
		s.mu.Unlock()
		if serve == nil {
			serve = http.NotFound
		}
		serve(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// requests are those since the last call.
func (s *site) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	asked := s.asked
	s.asked = nil
	return asked
}

// serve changes what is there, and returns what was.
func (s *site) serve(files map[string]http.HandlerFunc) (before map[string]http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before, s.files = s.files, files
	return before
}

func (s *site) release(dir string) release {
	return release{s.URL + "/", "1.31.1", "linux", "amd64", dir, ample}
}

func body(text []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(text) }
}

// hang answers with the head of what would be a file, or with nothing at all, and
// holds the connection until the client lets go of it.
func hang(head []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if head != nil {
			w.Header().Set("Content-Length", "1000000")
			_, _ = w.Write(head)
			w.(http.Flusher).Flush()
		}
		<-r.Context().Done()
	}
}

// cut announces more than it sends.
func cut(text []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(text)))
		_, _ = w.Write(text[:len(text)/2])
	}
}

// archive packs files as `tar -czf` does.
func archive(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var packed bytes.Buffer
	zipped := gzip.NewWriter(&packed)
	tape := tar.NewWriter(zipped)
	for name, text := range files {
		header := &tar.Header{Name: name, Size: int64(len(text)), Mode: 0o755, Typeflag: tar.TypeReg}
		if text == "" {
			header.Typeflag = tar.TypeDir
		}
		require.NoError(t, tape.WriteHeader(header))
		_, err := io.WriteString(tape, text)
		require.NoError(t, err)
	}
	require.NoError(t, tape.Close())
	require.NoError(t, zipped.Close())
	return packed.Bytes()
}

// published is the checksum file as Istio's release-builder writes it: CreateSha in
// pkg/util/files.go prints "%x %s\n", with one space where sha256sum has two.
func published(archive []byte) []byte {
	return fmt.Appendf(nil, "%x istioctl-1.31.1-linux-amd64.tar.gz\n", sha256.Sum256(archive))
}

// good is a site where all is in order.
func good(t *testing.T) (s *site, packed []byte) {
	packed = archive(t, map[string]string{"istioctl": "the program"})
	return newSite(t, map[string]http.HandlerFunc{archiveAt: body(packed), sumAt: body(published(packed))}), packed
}

func TestIstioctlIsFetchedOnce(t *testing.T) {
	s, _ := good(t)
	dir := t.TempDir()
	for _, want := range [][]string{{sumAt, archiveAt}, nil} {
		file, err := s.release(dir).istioctl(t.Context())
		require.NoError(t, err)
		assert.Equal(t, want, s.requests())
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.Equal(t, "the program", string(text))
		info, err := os.Stat(file)
		require.NoError(t, err)
		assert.NotZero(t, info.Mode()&0o100, "it can be run")
	}
	// Another release is another file.
	other := s.release(dir)
	other.tag = "1.31.0"
	_, err := other.istioctl(t.Context())
	assert.ErrorContains(t, err, "1.31.0/istioctl-1.31.0-linux-amd64.tar.gz.sha256 answered 404 Not Found")
}

// What a crash, a full disk or another hand has left in the cache is never run: it
// is fetched anew, and without a way to do so it is an error.
func TestHalfAnIstioctlIsNotUsed(t *testing.T) {
	for name, spoil := range map[string]func(t *testing.T, file string){
		"cut short":            func(t *testing.T, file string) { require.NoError(t, os.Truncate(file, 4)) },
		"empty":                func(t *testing.T, file string) { require.NoError(t, os.Truncate(file, 0)) },
		"of the right length":  func(t *testing.T, file string) { require.NoError(t, os.WriteFile(file, make([]byte, 11), 0o755)) },
		"without its checksum": func(t *testing.T, file string) { require.NoError(t, os.Remove(file+".sha256")) },
		"with half a checksum": func(t *testing.T, file string) { require.NoError(t, os.Truncate(file+".sha256", 10)) },
		"gone":                 func(t *testing.T, file string) { require.NoError(t, os.Remove(file)) },
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := good(t)
			dir := t.TempDir()
			file, err := s.release(dir).istioctl(t.Context())
			require.NoError(t, err)
			s.requests()
			spoil(t, file)
			files := s.serve(nil)
			_, err = s.release(dir).istioctl(t.Context())
			require.ErrorContains(t, err, "404", "the spoilt file must not be used")
			s.serve(files)
			s.requests()

			again, err := s.release(dir).istioctl(t.Context())
			require.NoError(t, err)
			assert.Equal(t, file, again)
			assert.Equal(t, []string{sumAt, archiveAt}, s.requests())
			text, err := os.ReadFile(again)
			require.NoError(t, err)
			assert.Equal(t, "the program", string(text))
		})
	}
}

// Every failure says what was asked and what the user can do, and leaves nothing in
// the cache.
func TestIstioctlCannotBeFetched(t *testing.T) {
	packed := archive(t, map[string]string{"istioctl": "the program"})
	other := archive(t, map[string]string{"README.md": "words", "bin/istioctl.exe": "x", "istioctl": ""})
	page := body([]byte("<html>Please log in to the network</html>"))
	for name, c := range map[string]struct {
		archive, sum http.HandlerFunc
		want         string
	}{
		"no such release":       {nil, nil, sumAt + " answered 404 Not Found"},
		"no archive":            {nil, body(published(packed)), archiveAt + " answered 404 Not Found"},
		"server is ill":         {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }, body(published(packed)), "answered 503"},
		"changed on its way":    {body(append(bytes.Clone(packed), 0)), body(published(packed)), "its SHA-256 is"},
		"the sum of another":    {body(packed), body(published(other)), fmt.Sprintf("the release says %x", sha256.Sum256(other))},
		"a page for the sum":    {body(packed), page, `is not a checksum; it begins with "<html>Please`},
		"an empty sum":          {body(packed), body(nil), "is not a checksum"},
		"cut short":             {cut(packed), body(published(packed)), fmt.Sprintf("after %d bytes: unexpected EOF", len(packed)/2)},
		"a cut sum":             {body(packed), body(published(packed)[:63]), "is not a checksum"},
		"no istioctl in it":     {body(other), body(published(other)), "there is no istioctl in it"},
		"no archive but a page": {page, body(published([]byte("<html>Please log in to the network</html>"))), "invalid header"},
		"half an archive":       {body(packed[:len(packed)/2]), body(published(packed[:len(packed)/2])), "unexpected EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, map[string]http.HandlerFunc{archiveAt: c.archive, sumAt: c.sum})
			dir := t.TempDir()
			_, err := s.release(dir).istioctl(t.Context())
			require.ErrorContains(t, err, c.want)
			assert.ErrorContains(t, err, "istioctl 1.31.1 cannot be downloaded; put it on PATH, or name it as istio.istioctl in the configuration file")
			left, err := os.ReadDir(dir)
			require.NoError(t, err)
			assert.Empty(t, left)
		})
	}
}

// A server that never answers ends with the name of the wait. Any time-out is long
// enough for that.
func TestFetchTimesOut(t *testing.T) {
	s := newSite(t, map[string]http.HandlerFunc{sumAt: hang(nil)})
	r := s.release(t.TempDir())
	r.longest = time.Millisecond
	_, err := r.istioctl(t.Context())
	assert.ErrorContains(t, err, "no answer: not downloaded within 1ms")
	assert.ErrorContains(t, err, "istio.istioctl in the configuration file")
}

// Wherever a server stops, the end of the context is what ends the wait, and its
// cause is what is said: a time-out's name, or that the user has interrupted.
func TestServersThatStop(t *testing.T) {
	packed := archive(t, map[string]string{"istioctl": "the program"})
	sum := body(published(packed))
	for name, files := range map[string]map[string]http.HandlerFunc{
		"before the sum":     {sumAt: hang(nil)},
		"in the sum":         {sumAt: hang([]byte("0123"))},
		"before the archive": {sumAt: sum, archiveAt: hang(nil)},
		"in the archive":     {sumAt: sum, archiveAt: hang(packed[:10])},
	} {
		t.Run(name, func(t *testing.T) {
			reached := make(chan struct{})
			last := sumAt
			if files[archiveAt] != nil {
				last = archiveAt
			}
			serve := files[last]
			files[last] = func(w http.ResponseWriter, r *http.Request) {
				close(reached)
				serve(w, r)
			}
			s := newSite(t, files)
			dir := t.TempDir()
			stopped := errors.New("interrupted")
			ctx, stop := context.WithCancelCause(t.Context())
			defer stop(nil)
			go func() {
				<-reached
				stop(stopped)
			}()
			_, err := s.release(dir).istioctl(ctx)
			require.ErrorIs(t, err, stopped)
			assert.ErrorContains(t, err, s.URL)
			left, err := os.ReadDir(dir)
			require.NoError(t, err)
			assert.Empty(t, left)
		})
	}
}

func TestIstioctlCannotBeKept(t *testing.T) {
	s, _ := good(t)
	_, err := s.release(filepath.Join(t.TempDir(), "missing")).istioctl(t.Context())
	assert.ErrorContains(t, err, "set XDG_CACHE_HOME to another folder")
}

// The systems are those of release/downloadIstioCtl.sh: amd64 is left out for macOS.
func TestArchivesNames(t *testing.T) {
	for system, want := range map[[2]string]string{
		{"linux", "amd64"}:  "istioctl-1.31.1-linux-amd64",
		{"linux", "arm64"}:  "istioctl-1.31.1-linux-arm64",
		{"linux", "arm"}:    "istioctl-1.31.1-linux-armv7",
		{"darwin", "arm64"}: "istioctl-1.31.1-osx-arm64",
		{"darwin", "amd64"}: "istioctl-1.31.1-osx",
	} {
		name, err := release{tag: "1.31.1", system: system[0], arch: system[1]}.name()
		require.NoError(t, err)
		assert.Equal(t, want, name)
	}
	_, err := release{tag: "1.31.1", system: "windows", arch: "amd64", longest: ample}.istioctl(t.Context())
	assert.ErrorContains(t, err, "put it on PATH")
	assert.ErrorContains(t, err, "windows/amd64")
}

// The definitions are as small as they can be; what is pinned is in which order and
// which of them are applied.
const definition = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gateways.gateway.networking.k8s.io}
---
# Copyright
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: safe-upgrades.gateway.networking.k8s.io}
`

func TestDefinitionsAreFetched(t *testing.T) {
	s := newSite(t, map[string]http.HandlerFunc{
		"/standard-install.yaml": body([]byte(definition)),
		"/page":                  body([]byte("<html>Please log in to the network</html>")),
		"/list":                  body([]byte("- a\n- b\n")),
		"/empty":                 body(nil),
		"/half":                  cut([]byte(definition)),
		"/other":                 body([]byte("{apiVersion: v1, kind: ConfigMap, metadata: {name: x}}")),
		"/nameless":              body([]byte("{apiVersion: v1, kind: ConfigMap}")),
		"/ill":                   func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(502) },
	})
	objects, err := definitions(t.Context(), s.URL+"/standard-install.yaml")
	require.NoError(t, err)
	var names []string
	for _, o := range objects {
		names = append(names, o.GetKind()+" "+o.GetName())
	}
	assert.Equal(t, []string{
		"CustomResourceDefinition gateways.gateway.networking.k8s.io",
		"ValidatingAdmissionPolicy safe-upgrades.gateway.networking.k8s.io",
	}, names)

	for path, want := range map[string]string{
		"/none":     "answered 404 Not Found",
		"/ill":      "answered 502 Bad Gateway",
		"/page":     "is not YAML with Kubernetes objects",
		"/list":     "is not YAML with Kubernetes objects",
		"/half":     "unexpected EOF",
		"/empty":    "there is no CustomResourceDefinition in",
		"/other":    "there is no CustomResourceDefinition in",
		"/nameless": "an object without apiVersion, kind or metadata.name",
	} {
		_, err := definitions(t.Context(), s.URL+path)
		require.ErrorContains(t, err, want)
		assert.ErrorContains(t, err, s.URL+path)
		assert.ErrorContains(t, err, "name a folder or a file in the configuration file")
	}
}

func TestDefinitionsServerHangs(t *testing.T) {
	s := newSite(t, map[string]http.HandlerFunc{"/standard-install.yaml": hang(nil)})
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Millisecond, errors.New("the definitions were not in place within 1ms"))
	defer cancel()
	_, err := definitions(ctx, s.URL+"/standard-install.yaml")
	assert.ErrorContains(t, err, "no answer: the definitions were not in place within 1ms")
}

func TestDefinitionsOfAFolder(t *testing.T) {
	dir := t.TempDir()
	_, err := definitions(t.Context(), dir)
	assert.ErrorContains(t, err, "there is no .yaml file in "+dir)
	_, err = definitions(t.Context(), filepath.Join(dir, "missing"))
	assert.ErrorIs(t, err, os.ErrNotExist)
	for name, text := range map[string]string{
		"crds.yaml": definition, "kustomization.yaml": "kind: Kustomization\nresources: [crds.yaml]\n", "README.md": "- x",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	for _, at := range []string{dir, filepath.Join(dir, "crds.yaml")} {
		objects, err := definitions(t.Context(), at)
		require.NoError(t, err)
		assert.Len(t, objects, 2)
	}
}
