package scenarios

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What a bundle says to ask of each version is answered, and its rules name the
// version. The workloads of versions that arrive later are in files of their own.
func TestProbesOfBundles(t *testing.T) {
	later := map[string]string{"weather": "weather-shift", "nginx": "nginx-replicas"}
	for _, name := range BundleNames() {
		b, found := loadBundle(name)
		require.Empty(t, found)
		require.NotEmpty(t, b.probes, name)
		s := &Scenario{bundle: b, Deploy: b.deploy, Steps: []Step{{Name: "probes"}}}
		if more := later[name]; more != "" {
			other, found := Builtin(more)
			require.Empty(t, found)
			for _, step := range other.Steps[:2] {
				s.Steps[0].Apply = append(s.Steps[0].Apply, step.Apply...)
			}
		}
		v := views(s)[0]
		for _, p := range b.probes {
			asked := false
			for _, w := range v.pods {
				if w.object.Name != p.workload {
					continue
				}
				asked = true
				answer, err := (&pinned{view: v}).answer(w, request(Request{Method: "GET", Path: p.path}))
				require.NoError(t, err)
				assert.Equal(t, []string{p.version}, b.identify.All(answer), "%s: GET %s of %s: %s", name, p.path, p.workload, excerpt(answer))
			}
			assert.True(t, asked, "%s has no workload %s", name, p.workload)
		}
	}
}
