package kindcluster

import (
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kind/pkg/apis/config/defaults"
)

// TestNodeImagesAreOfThisKind fails when kind is upgraded: its release notes have
// the images that were built for the new one.
func TestNodeImagesAreOfThisKind(t *testing.T) {
	module, err := os.ReadFile("../go.mod")
	require.NoError(t, err)
	require.Contains(t, string(module), "\tsigs.k8s.io/kind v0.33.0\n", "look up its images, then name it here and in images.go")
	assert.Equal(t, defaults.Image, nodeImages[0], "what kind takes by itself is the first of its list")
	for _, image := range nodeImages {
		assert.Regexp(t, regexp.MustCompile(`^kindest/node:v1\.3[4-7]\.[0-9]+@sha256:[0-9a-f]{64}$`), image)
	}
	assert.Equal(t, DefaultNodeImage, Default().NodeImage)
}

// From Kubernetes 1.35 on the kubelet does not start on cgroup v1.
func TestTheNodeImageStarts(t *testing.T) {
	assert.Equal(t, DefaultNodeImage, Default().startable("2").NodeImage)
	assert.Contains(t, Default().startable("1").NodeImage, "kindest/node:v1.34.")
	assert.Contains(t, nodeImages, Default().startable("1").NodeImage)
	own := Config{NodeImage: "registry.example/kindest/node:v1.35.0"}
	assert.Equal(t, own, own.startable("1"), "what a file names is taken as it is")
	here, err := own.here(t.Context())
	require.NoError(t, err, "Docker is not asked for it")
	assert.Equal(t, own, here)
}

// A cluster that was made from another configuration is not ready for a run with
// this one.
func TestAClusterOfAnotherConfiguration(t *testing.T) {
	made := Default()
	other := made
	other.NodeImage = "registry.example/node:v1"
	known := &state{Fingerprint: made.fingerprint(nil), Words: "made from x"}
	assert.Empty(t, known.differs(made, made.fingerprint(nil)))
	assert.Contains(t, known.differs(other, other.fingerprint(nil)), `the cluster "splitcheck" was made with another configuration (made from x)`)
}
