package scenarios_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/scenarios"
)

// Whoever opens the file of a Source at its line sees the name there. The library
// is read as a user's own folder.
func TestSourcesAreTheLinesOfNames(t *testing.T) {
	folder, err := filepath.Abs("library")
	require.NoError(t, err)
	disk := scenarios.Disk{FS: os.DirFS(folder)}
	checks := 0
	for _, name := range scenarios.BuiltinNames() {
		s, found := disk.LoadFile(name + "/scenario.yaml")
		require.NotNil(t, s, found)
		data, err := os.ReadFile(filepath.Join(folder, name, "scenario.yaml"))
		require.NoError(t, err)
		lines := strings.Split(string(data), "\n")
		stands := func(name string, source scenarios.Source) {
			assert.Equal(t, s.Name+"/scenario.yaml", source.File)
			assert.Regexp(t, `\bname: *["']?\Q`+name+`\E["']?[ },#]*`, lines[source.Line-1])
		}
		stands(s.Name, s.Source)
		for _, step := range s.Steps {
			stands(step.Name, step.Source)
			for _, c := range step.Checks {
				stands(c.Name, c.Source)
				assert.GreaterOrEqual(t, c.Source.Line, c.Line)
				checks++
			}
		}
	}
	assert.Greater(t, checks, len(scenarios.BuiltinNames()))
}

func TestSourcesNameFilesAsARepositoryDoes(t *testing.T) {
	data := []byte(strings.ReplaceAll(small, "NAME", "a"))
	disk := scenarios.Disk{WorkingDir: "home/user", FS: fstest.MapFS{
		"home/user/split/a.yaml": {Data: data}, "home/a.yaml": {Data: data}, "home/username/a.yaml": {Data: data},
	}}
	for name, want := range map[string]string{
		"split/a.yaml":            "split/a.yaml",
		"./split/../split/a.yaml": "split/a.yaml",
		"/home/user/split/a.yaml": "split/a.yaml",
		"/home/username/a.yaml":   "/home/username/a.yaml",
		"../a.yaml":               "../a.yaml",
	} {
		s, found := disk.LoadFile(name)
		require.NotNil(t, s, found)
		assert.Equal(t, want, s.Source.File, name)
		assert.Equal(t, want, s.Steps[0].Checks[0].Source.File)
	}
	builtin, found := scenarios.Builtin(scenarios.BuiltinNames()[0])
	require.NotNil(t, builtin, found)
	assert.Equal(t, scenarios.Source{}, builtin.Source, "nobody finds it on disk")
	assert.Equal(t, scenarios.Source{}, builtin.Steps[0].Checks[0].Source)
}
