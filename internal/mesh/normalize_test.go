package mesh

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// Seen with Istio 1.31 and Envoy 1.39 on a kind cluster.
func TestNormalize(t *testing.T) {
	for path, want := range map[string]string{
		"/a": "/a", "//a": "//a", "/a//b": "/a//b", "/x/../a": "/a", "/x/%2e%2e/a": "/a", "/./a": "/a", "/a/./b": "/a/b",
		"/a%2Fb": "/a%2Fb", "/%61": "/a", "/a/%7Eb": "/a/~b", "/a/..": "/", "/..": "/", "/a/.b": "/a/.b", "/a/.": "/a/", "/%": "/%", "/%2": "/%2",
	} {
		assert.Equal(t, want, normalize(path), path)
	}
}
