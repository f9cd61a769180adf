package scenarios

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/split"
)

// The expectation of a check and the weights of the route that is in force stand
// in two files; here they are read side by side, without the linter that does
// the same for users.
func TestWeightsAreThoseExpected(t *testing.T) {
	// routes holds, for each scenario, the object whose last rule makes the
	// choice that its checks without conditions look at.
	routes := map[string]string{
		"bookinfo-canary":        "VirtualService default/reviews",
		"bookinfo-gateway-api":   "HTTPRoute default/reviews",
		"bookinfo-mirror":        "VirtualService default/reviews",
		"bookinfo-shift":         "VirtualService default/reviews",
		"bookinfo-testuser":      "VirtualService default/reviews",
		"dead-version":           "VirtualService default/canary",
		"gamma-shift":            "HTTPRoute gamma/split",
		"header-canary":          "VirtualService default/canary",
		"leak-at-zero":           "VirtualService default/canary",
		"stale-weights":          "VirtualService default/canary",
		"strict-alternation":     "VirtualService default/canary",
		"stuck-proxy":            "VirtualService default/canary",
		"too-many-errors":        "VirtualService default/canary",
		"version-test-90-10":     "VirtualService default/canary",
		"version-test-999-1":     "VirtualService default/canary",
		"version-test-httproute": "HTTPRoute default/canary",
		"weather-shift":          "VirtualService weather/forecast-route",
	}
	compared := 0
	for name, route := range routes {
		s := builtin(t, name)
		for _, step := range s.Steps {
			weights := weightsOf(t, s.Standing(step.Name), route)
			for _, check := range step.Checks {
				if weights == nil || conditional(check) || !check.Expect.Has("v1") {
					continue
				}
				for _, expected := range check.Expect {
					assert.InDelta(t, weights.Share(expected.Version), check.Expect.Share(expected.Version), 1e-12,
						"%s, %s, %s: the share of %s", name, step.Name, check.Name, expected.Version)
				}
				for _, applied := range weights {
					assert.True(t, check.Expect.Has(applied.Version), "%s, %s, %s: nothing is expected of %s", name, step.Name, check.Name, applied.Version)
				}
				compared++
			}
		}
	}
	assert.Equal(t, 40, compared, "steps have come or gone; are their weights compared?")
}

// conditional reports whether the request of a check is meant to meet another
// rule than everybody's.
func conditional(c Check) bool {
	return c.Name == "testuser" || c.Name == "testers" || c.Name == "opted-in"
}

// weightsOf returns the weights of the last rule of an object by version, or nil
// if it is not there. Subsets are called v1, and Services something that ends in
// v1.
func weightsOf(t *testing.T, there []manifests.Object, object string) split.Weights {
	t.Helper()
	var weights split.Weights
	add := func(name string, weight float64, alone bool) {
		if alone {
			weight = 1
		}
		weights = append(weights, split.Weight{Version: name[strings.LastIndex(name, "v"):], Weight: weight})
	}
	for _, o := range there {
		if describe(o) != object {
			continue
		}
		switch route := o.Value.(type) {
		case *networkingv1.VirtualService:
			arms := route.Spec.Http[len(route.Spec.Http)-1].Route
			for _, arm := range arms {
				add(arm.Destination.Subset, float64(arm.Weight), len(arms) == 1)
			}
		case *gatewayv1.HTTPRoute:
			arms := route.Spec.Rules[len(route.Spec.Rules)-1].BackendRefs
			for _, arm := range arms {
				weight := 1.0
				if arm.Weight != nil {
					weight = float64(*arm.Weight)
				}
				add(string(arm.Name), weight, len(arms) == 1)
			}
		default:
			require.Failf(t, "not a route", "%s is a %T", object, o.Value)
		}
	}
	return weights
}
