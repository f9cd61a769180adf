package splittest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Whoever uses splittest in a module of their own gets gonum with it and nothing
// else. The module is made here, against this checkout, without a network.
func TestWhatAnOutsideModuleDragsIn(t *testing.T) {
	checkout, err := filepath.Abs("..")
	require.NoError(t, err)
	sums, err := os.ReadFile("../go.sum")
	require.NoError(t, err)
	outside := t.TempDir()
	for name, text := range map[string]string{
		"go.sum": string(sums),
		"go.mod": `module example.com/outside

go 1.26.0

require github.com/splitcheck/splitcheck v0.0.0

replace github.com/splitcheck/splitcheck => ` + checkout + "\n",
		"outside_test.go": `package outside

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/splitcheck/splitcheck/splittest"
)

func TestSplit(t *testing.T) {
	splittest.Verify(t, func(context.Context) (string, error) {
		return []string{"a", "b"}[rand.IntN(2)], nil
	}, splittest.Weights{"a": 1, "b": 1})
}
`,
	} {
		require.NoError(t, os.WriteFile(filepath.Join(outside, name), []byte(text), 0o644))
	}
	run := func(args ...string) string {
		t.Helper()
		command := exec.CommandContext(t.Context(), "go", args...)
		command.Dir = outside
		command.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off")
		output, err := command.CombinedOutput()
		require.NoError(t, err, "go %s\n%s", strings.Join(args, " "), output)
		return string(output)
	}
	run("test", "./...")

	modules := strings.Fields(run("list", "-test", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}{{end}}{{end}}", "./..."))
	slices.Sort(modules)
	assert.Equal(t, []string{"github.com/splitcheck/splitcheck", "gonum.org/v1/gonum"}, slices.Compact(modules))
	packages := strings.Fields(run("list", "-deps", "github.com/splitcheck/splitcheck/splittest"))
	for _, unwanted := range []string{"net", "net/http", "crypto/tls", "os/exec"} {
		assert.NotContains(t, packages, unwanted)
	}
}
