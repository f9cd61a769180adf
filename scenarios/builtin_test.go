package scenarios

import (
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/internal/manifests"
)

// The library is what users start from and what `run --all` promises, so its
// names are pinned: removing one is a change that users notice.
func TestBuiltinNames(t *testing.T) {
	assert.Equal(t, []string{"bookinfo", "gamma", "nginx", "version-test", "weather"}, BundleNames())
	assert.Equal(t, []string{
		"bookinfo-canary", "bookinfo-faults", "bookinfo-gateway-api", "bookinfo-mirror", "bookinfo-shift",
		"bookinfo-testuser", "bookinfo-thirds", "dead-version", "gamma-shift", "header-canary", "leak-at-zero",
		"nginx-replicas", "stale-weights", "sticky-balancer", "strict-alternation", "stuck-proxy",
		"too-many-errors", "version-test-90-10", "version-test-999-1", "version-test-httproute",
		"weather-shift", "wrong-weights",
	}, BuiltinNames())
}

// Nothing in the library is there for show: each step checks something, and each
// object is one that the simulated mesh acts upon.
func TestBuiltinsAreActedUpon(t *testing.T) {
	for _, s := range builtins(t) {
		for _, step := range s.Steps {
			assert.NotEmpty(t, step.Checks, "%s, %s: a step of the library checks something", s.Name, step.Name)
		}
		for _, o := range objects(s) {
			assert.NotNil(t, o.Value, "%s: %s is of a kind that splitcheck does not interpret", s.Name, describe(o))
		}
	}
}

// A file that nothing names would be read by people and run by nobody.
func TestEveryFileOfTheLibraryIsUsed(t *testing.T) {
	used := map[string]bool{}
	for _, name := range BundleNames() {
		used[builtinPrefix+"apps/"+name+"/bundle.yaml"] = true
	}
	for _, s := range builtins(t) {
		used[s.File] = true
		for _, o := range objects(s) {
			used[o.File] = true
			folder, _, _ := strings.Cut(strings.TrimPrefix(o.File, builtinPrefix), "/")
			assert.Contains(t, []string{s.Name, appsDir}, folder, "%s uses a file of another scenario, %s", s.Name, o.File)
		}
	}
	err := fs.WalkDir(library, libraryDir, func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			assert.True(t, used[builtinPrefix+strings.TrimPrefix(name, libraryDir+"/")], "no scenario uses %s", name)
		}
		return err
	})
	require.NoError(t, err)
}

// What each source system names in its write-up is there under that name.
func TestBuiltinsBringWhatTheirSourcesName(t *testing.T) {
	for name, want := range map[string][]string{
		"gamma-shift": {
			"HTTPRoute gamma/split", "Service gamma/backend-svc", "Service gamma/backend-v1", "Service gamma/backend-v2",
			"Deployment gamma/frontend", "Deployment gamma/backend-v1", "Deployment gamma/backend-v2",
		},
		"nginx-replicas": {"Service default/my-nginx-svc", "Deployment default/my-nginx", "Deployment default/my-nginx-canary"},
		"bookinfo-thirds": {
			"Service default/productpage", "Service default/details", "Service default/reviews", "Service default/ratings",
			"Deployment default/productpage-v1", "Deployment default/details-v1", "Deployment default/ratings-v1",
			"Deployment default/reviews-v1", "Deployment default/reviews-v2", "Deployment default/reviews-v3",
			"Gateway default/bookinfo-gateway", "VirtualService default/bookinfo",
		},
		"bookinfo-shift": {
			"DestinationRule default/reviews", "VirtualService default/reviews", "VirtualService default/ratings",
			"VirtualService default/details", "VirtualService default/productpage",
		},
		"version-test-90-10": {
			"Deployment default/appv1", "Deployment default/appv2", "Service default/canary",
			"Gateway default/canary-gateway", "VirtualService default/canary", "DestinationRule default/canary",
		},
		"weather-shift": {
			"Namespace weather", "Gateway istio-system/weather-gateway",
			"Service weather/frontend", "Service weather/advertisement", "Service weather/forecast", "Service weather/recommendation",
			"DestinationRule weather/frontend-dr", "DestinationRule weather/advertisement-dr", "DestinationRule weather/forecast-dr",
			"VirtualService weather/frontend-route", "VirtualService weather/advertisement-route", "VirtualService weather/forecast-route",
			"Deployment weather/forecast-v1", "Deployment weather/forecast-v2", "Deployment weather/recommendation-v1",
		},
	} {
		var got []string
		for _, o := range objects(builtin(t, name)) {
			got = append(got, describe(o))
		}
		assert.Subset(t, got, want, name)
	}
}

// A negative control says that it is one, and defects exist on the simulated
// mesh only: on a real one the scenario would fail for want of them.
func TestNegativeControlsSayWhatTheyAre(t *testing.T) {
	verdicts := map[string]string{
		"dead-version": "violated", "leak-at-zero": "violated", "wrong-weights": "violated",
		"stale-weights": "inconclusive", "sticky-balancer": "inconclusive", "strict-alternation": "inconclusive",
		"stuck-proxy": "not-converged", "too-many-errors": "error",
	}
	for _, s := range builtins(t) {
		last := s.Steps[len(s.Steps)-1]
		want, control := verdicts[s.Name]
		assert.Equal(t, control, isControl(s), s.Name)
		defects := false
		for _, step := range s.Steps {
			defects = defects || len(step.Defects) > 0
			for _, check := range step.Checks {
				if control && step.Name == last.Name {
					assert.Equal(t, want, check.ExpectVerdict, "%s, %s", s.Name, step.Name)
				} else {
					assert.Equal(t, "verified", check.ExpectVerdict, "%s, %s", s.Name, step.Name)
				}
			}
		}
		assert.Equal(t, defects, slices.Equal(s.Targets, []string{"sim"}), "%s: runs on %v", s.Name, s.Targets)
	}
}

// The page about the systems names every scenario and step, so that none is
// added or renamed without a word to readers.
func TestSystemsPageNamesEveryScenario(t *testing.T) {
	page, err := os.ReadFile("../docs/systems.md")
	require.NoError(t, err)
	for _, s := range builtins(t) {
		assert.Contains(t, string(page), "`"+s.Name+"`")
		if isControl(s) {
			continue
		}
		for _, step := range s.Steps {
			assert.Contains(t, string(page), "`"+step.Name+"`", s.Name)
		}
	}
}

func isControl(s *Scenario) bool { return strings.HasPrefix(s.Description, "A negative control: ") }

func builtin(t *testing.T, name string) *Scenario {
	t.Helper()
	s, found := Builtin(name)
	require.NoError(t, found.Err(), name)
	require.NotNil(t, s, name)
	return s
}

func builtins(t *testing.T) []*Scenario {
	t.Helper()
	var all []*Scenario
	for _, name := range BuiltinNames() {
		s := builtin(t, name)
		assert.Equal(t, name, s.Name, "a scenario is called as its folder is")
		all = append(all, s)
	}
	return all
}

// objects returns all that s ever brings, in order.
func objects(s *Scenario) []manifests.Object {
	all := slices.Clone(s.Deploy)
	for _, step := range s.Steps {
		all = append(all, step.Apply...)
	}
	return all
}

func describe(o manifests.Object) string { return o.Kind + " " + path.Join(o.Namespace, o.Name) }
