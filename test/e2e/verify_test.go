//go:build e2e

package e2e

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// kept runs a scenario and leaves it, and returns the gateway's address and the
// kubeconfig. A run on kind removes what former ones have left.
func kept(t *testing.T, scenario, requests string) (gateway, kubeconfig string) {
	t.Helper()
	left := splitcheck(t, nil, nil, "run", scenario, "--target", "kind", "--keep", "--requests", requests)
	require.Contains(t, []int{0, 3}, left.code, left.errs+left.out)
	t.Cleanup(func() {
		swept := splitcheck(t, nil, nil, "run", "version-test-90-10", "--target", "kind", "--requests", "100")
		assert.Contains(t, []int{0, 3}, swept.code, swept.errs+swept.out)
	})
	status := splitcheck(t, nil, nil, "cluster", "status")
	require.Zero(t, status.code, status.out+status.errs)
	field := func(name string) string {
		found := regexp.MustCompile(`(?m)^` + name + ` +(\S+)$`).FindStringSubmatch(status.out)
		require.NotNil(t, found, status.out)
		return found[1]
	}
	return field("gateway"), field("kubeconfig")
}

// TestVerifyWithTheClustersWeights verifies what a former run has left against the
// weights that the cluster has, by about 3,000 requests.
func TestVerifyWithTheClustersWeights(t *testing.T) {
	gateway, kubeconfig := kept(t, "version-test-90-10", "500")
	verify := []string{"verify", gateway + "/version.html", "--kubeconfig", kubeconfig, "--identify", "body:(v[12])", "--rate", "0"}

	right := splitcheck(t, nil, nil, append(verify, "--virtual-service", "default/canary", "--verbose")...)
	assert.Zero(t, right.code, right.out+right.errs)
	assert.Contains(t, right.out, "VirtualService default/canary, http[0]")
	assert.Regexp(t, `v1 +90 % +90 % `, right.out, "configured and programmed stand side by side")

	for want, more := range map[string][]string{
		"there is no VirtualService default/canari in this cluster; there are default/canary": {"--virtual-service", "default/canari"},
		"has no such rule; it has http[0]":           {"--virtual-service", "default/canary", "--rule", "http[7]"},
		"there is no HTTPRoute default/canary":       {"--http-route", "default/canary"},
		"say which is which, such as --name v1=html": {"--virtual-service", "default/canary", "--identify", "body:(html)"},
	} {
		args := append(append([]string{}, verify...), more...)
		if more[len(more)-1] == "body:(html)" {
			args = append(append([]string{}, verify[:4]...), append(more, "--rate", "0")...)
		}
		wrong := splitcheck(t, nil, nil, args...)
		assert.Equal(t, 2, wrong.code, wrong.out+wrong.errs)
		assert.Contains(t, wrong.errs, want)
	}
}
