package mesh_test

import (
	"os"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/internal/mesh"
)

// TestHostAttempts reads the policy that a real istiod gave to a real sidecar.
func TestHostAttempts(t *testing.T) {
	dump, err := os.ReadFile("../envoy/testdata/sidecar.json")
	require.NoError(t, err)
	policies := regexp.MustCompile(`"host_selection_retry_max_attempts": "(\d+)"`).FindAllSubmatch(dump, -1)
	require.NotEmpty(t, policies)
	for _, p := range policies {
		assert.Equal(t, strconv.Itoa(mesh.HostAttempts), string(p[1]))
	}
}
