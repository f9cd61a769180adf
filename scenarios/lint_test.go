package scenarios_test

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/internal/problems"
	"github.com/splitcheck/splitcheck/internal/strict"
	"github.com/splitcheck/splitcheck/scenarios"
)

var update = flag.Bool("update", false, "write the golden parts of the fixtures anew")

func TestBuiltinScenariosAreClean(t *testing.T) {
	for _, name := range scenarios.BuiltinNames() {
		s, found := scenarios.Builtin(name)
		require.NoError(t, found.Err(), name)
		assert.Empty(t, scenarios.Lint(s).Error(), name)
		assert.Empty(t, scenarios.LintIdentify(s).Error(), name)
	}
}

// Each testdata/lint/ID.txtar is a scenario that walks into one trap; its part
// "want" is all that is found. What follows a dash in the name tells several
// fixtures of one trap apart. In clean-*.txtar nothing is to be found.
func TestEachTrapIsFoundAndNoOther(t *testing.T) {
	fixtures, err := filepath.Glob("testdata/lint/*.txtar")
	require.NoError(t, err)
	triggered := map[string]bool{}
	for _, fixture := range fixtures {
		name := strings.TrimSuffix(filepath.Base(fixture), ".txtar")
		id, _, _ := strings.Cut(name, "-")
		triggered[id] = true
		t.Run(name, func(t *testing.T) {
			disk, want := unpack(t, fixture)
			s, found := disk.LoadFile("scenario.yaml")
			if s != nil {
				require.Empty(t, found)
				found = append(scenarios.Lint(s), scenarios.LintIdentify(s)...)
			}
			for _, p := range found {
				assert.Equal(t, id, p.ID, p.String())
				assert.NotEmpty(t, p.Hint, p.String())
				assert.Positive(t, p.Line, p.String())
			}
			compare(t, fixture, want, found)
		})
	}
	for _, id := range scenarios.Findings() {
		assert.True(t, triggered[id], "%s has no fixture", id)
	}
}

func unpack(t *testing.T, file string) (scenarios.Disk, string) {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	require.NoError(t, err)
	files, want := fstest.MapFS{}, ""
	for _, f := range archive.Files {
		if f.Name == "want" {
			want = string(f.Data)
			continue
		}
		files["home/user/"+f.Name] = &fstest.MapFile{Data: f.Data}
	}
	return scenarios.Disk{FS: files, WorkingDir: "home/user"}, want
}

func compare(t *testing.T, file, want string, found problems.List) {
	t.Helper()
	got := found.Error() + "\n"
	if *update {
		archive, err := txtar.ParseFile(file)
		require.NoError(t, err)
		archive.Files = slices.DeleteFunc(archive.Files, func(f txtar.File) bool { return f.Name == "want" })
		archive.Files = append(archive.Files, txtar.File{Name: "want", Data: []byte(got)})
		require.NoError(t, os.WriteFile(file, txtar.Format(archive), 0o644))
		return
	}
	assert.Equal(t, want, got)
}

// Findings and docs/lint.md say the same, and the examples there are YAML.
func TestEveryFindingIsExplained(t *testing.T) {
	page, err := os.ReadFile("../docs/lint.md")
	require.NoError(t, err)
	var explained []string
	for _, heading := range regexp.MustCompile(`(?m)^## (SC\d+): `).FindAllStringSubmatch(string(page), -1) {
		explained = append(explained, heading[1])
	}
	assert.Equal(t, scenarios.Findings(), explained, "identifiers and their order")
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	assert.GreaterOrEqual(t, len(blocks), len(explained), "each has an example")
	for _, block := range blocks {
		r := strict.Reader{File: "docs/lint.md"}
		r.Documents([]byte(block[1]))
		assert.Empty(t, r.Found.Error(), block[1])
	}
}
