package scenarios_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"

	"github.com/splitcheck/splitcheck/scenarios"
)

// However large the files are, the work that they make is bounded.
func TestScenariosThatAreTooLarge(t *testing.T) {
	var many strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&many, "apiVersion: v1\nkind: Service\nmetadata: {name: s%d}\n---\n", i)
	}
	steps := strings.Builder{}
	steps.WriteString("apiVersion: splitcheck.dev/v1alpha1\nkind: Scenario\nmetadata: {name: large}\nspec:\n  app: version-test\n  steps:\n")
	for i := range 5000 {
		fmt.Fprintf(&steps, "  - {name: s%d, apply: [many.yaml], checks: [{name: a, expect: {v1: 1}}]}\n", i)
	}
	disk := scenarios.Disk{FS: fstest.MapFS{
		"large.yaml": {Data: []byte(steps.String())}, "many.yaml": {Data: []byte(many.String())},
	}}
	s, found := disk.LoadFile("large.yaml")
	assert.Nil(t, s)
	assert.Len(t, found, 1)
	assert.Contains(t, found.Error(), "the steps up to here come to more than 50000 objects and checks")
}

// Many mistakes of one kind are reported up to a bound.
func TestFindingsAreBounded(t *testing.T) {
	var routes strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&routes, "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: r%d}\nspec: {hosts: [canary], http: [{route: [{destination: {host: nowhere}}]}]}\n---\n", i)
	}
	disk := scenarios.Disk{FS: fstest.MapFS{
		"s.yaml": {Data: []byte(strings.NewReplacer("NAME", "x", "app:virtual-service-50-50.yaml", "m.yaml").Replace(small))},
		"m.yaml": {Data: []byte(routes.String())},
	}}
	s, found := disk.LoadFile("s.yaml")
	assert.Empty(t, found.Err())
	assert.Len(t, scenarios.Lint(s), 200)
}
