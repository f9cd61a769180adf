package scenarios_test

import (
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/internal/strict"
	"github.com/splitcheck/splitcheck/scenarios"
)

// Each testdata/broken/NAME.txtar holds a scenario that cannot be run; its part
// "want" is every problem with it.
func TestEveryMistakeIsReportedAtItsPlace(t *testing.T) {
	fixtures, err := filepath.Glob("testdata/broken/*.txtar")
	require.NoError(t, err)
	require.NotEmpty(t, fixtures)
	for _, fixture := range fixtures {
		t.Run(filepath.Base(fixture), func(t *testing.T) {
			disk, want := unpack(t, fixture)
			archive, err := txtar.ParseFile(fixture)
			require.NoError(t, err)
			s, found := disk.LoadFile(archive.Files[0].Name)
			assert.Nil(t, s)
			assert.Error(t, found.Err())
			compare(t, fixture, want, found)
			_, again := disk.LoadFile(archive.Files[0].Name)
			assert.Equal(t, found, again, "the same file has the same problems")
		})
	}
}

func TestFilesThatAreNoScenarios(t *testing.T) {
	disk := scenarios.Disk{WorkingDir: "w", FS: fstest.MapFS{
		"w/empty.yaml":    {},
		"w/comments.yaml": {Data: []byte("# nothing yet\n")},
		"w/binary.yaml":   {Data: []byte("\x7fELF\x02\x00")},
		"w/long.yaml":     {Data: []byte(strings.Repeat("a", strict.MaxFileSize+1))},
		"w/list.yaml":     {Data: []byte("- a\n- b\n")},
		"w/text.yaml":     {Data: []byte("hello")},
		"w/folder/a.txt":  {},
	}}
	for name, want := range map[string]string{
		"empty.yaml":    "empty.yaml: the file is empty; `splitcheck scenarios init` writes a first scenario",
		"comments.yaml": "comments.yaml: the file is empty",
		"binary.yaml":   "binary.yaml:1:1: this is not UTF-8 text",
		"long.yaml":     "long.yaml: the file cannot be read: it is larger than 8 MiB",
		"list.yaml":     "list.yaml:1:1: at the top: want a map, got a list",
		"text.yaml":     "text.yaml:1:1: at the top: want a map, got text",
		"nowhere.yaml":  "nowhere.yaml: the file cannot be read: there is no such file",
		"folder":        "folder: the file cannot be read: it is a folder",
		"../../../x":    "../../../x: the file cannot be read: there is no such file",
	} {
		s, found := disk.LoadFile(name)
		assert.Nil(t, s, name)
		assert.Contains(t, found.Error(), want, name)
	}
}

const small = `apiVersion: splitcheck.dev/v1alpha1
kind: Scenario
metadata: {name: NAME}
spec:
  app: version-test
  steps:
  - name: one
    apply: [app:gateway.yaml, app:destination-rule.yaml, app:virtual-service-50-50.yaml]
    checks: [{name: a, expect: {v1: 50, v2: 50}}]
`

func TestFind(t *testing.T) {
	file := func(name string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte(strings.ReplaceAll(small, "NAME", name))}
	}
	disk := scenarios.Disk{WorkingDir: "home/user", FS: fstest.MapFS{
		"home/user/a.yaml":                     file("a"),
		"home/user/all/b.yaml":                 file("b"),
		"home/user/all/manifest.yaml":          {Data: []byte("apiVersion: v1\nkind: Service\nmetadata: {name: x}\n")},
		"home/user/all/inner/scenario.yaml":    file("c"),
		"home/user/all/inner/deeper/d.yaml":    file("d"),
		"home/user/broken/scenario.yaml":       {Data: []byte("apiVersion: [")},
		"home/user/broken/good.yaml":           file("good"),
		"home/user/twice/a.yaml":               file("same"),
		"home/user/twice/b.yaml":               file("same"),
		"home/user/none/readme.txt":            {},
		"home/user/bookinfo-shift/unused.json": {Data: []byte("{}")},
		"tmp/e.yaml":                           file("e"),
	}}
	for _, test := range []struct {
		arg   string
		names []string
		want  string
	}{
		{"a.yaml", []string{"a"}, ""},
		{"./a.yaml", []string{"a"}, ""},
		{"../../tmp/e.yaml", []string{"e"}, ""},
		{"/tmp/e.yaml", []string{"e"}, ""},
		{"all", []string{"b", "c"}, ""},
		{"all/", []string{"b", "c"}, ""},
		{"all/inner/scenario.yaml", []string{"c"}, ""},
		{"broken", []string{"good"}, "broken/scenario.yaml:1:1: this is not YAML"},
		{"twice", []string{"same"}, `twice/b.yaml: the scenario "same" is in twice/a.yaml already`},
		{"none", nil, "none: there is no scenario in this folder"},
		{"bookinfo-shift", []string{"bookinfo-shift"}, ""},
		{"version-test-90-10", []string{"version-test-90-10"}, ""},
		{"version-test-9-10", nil, `"version-test-9-10" is not a file, a folder or a built-in scenario; did you mean "version-test-90-10"?`},
		{"xyz", nil, "the built-in scenarios are bookinfo-canary, "},
		{"", nil, "or a built-in scenario"},
		{"b.yaml", nil, `b.yaml: the file cannot be read: there is no such file; did you mean "a.yaml"?`},
	} {
		found, problems := disk.Find(test.arg)
		var names []string
		for _, s := range found {
			names = append(names, s.Name)
			assert.False(t, strings.HasPrefix(s.File, "home"), "files are shown as the user names them: %s", s.File)
		}
		assert.Equal(t, test.names, names, test.arg)
		if test.want == "" {
			assert.Empty(t, problems, test.arg)
		} else {
			assert.Contains(t, problems.Error(), test.want, test.arg)
		}
	}
}

// Manifests that decode may still be as odd as they like.
func FuzzLint(f *testing.F) {
	fixtures, err := filepath.Glob("testdata/lint/*.txtar")
	require.NoError(f, err)
	for _, fixture := range fixtures {
		archive, err := txtar.ParseFile(fixture)
		require.NoError(f, err)
		for _, file := range archive.Files[1:] {
			f.Add(file.Data)
		}
	}
	scenario := []byte(strings.NewReplacer("NAME", "fuzz", "app:virtual-service-50-50.yaml", "m.yaml").Replace(small))
	f.Fuzz(func(t *testing.T, data []byte) {
		disk := scenarios.Disk{FS: fstest.MapFS{"s.yaml": {Data: scenario}, "m.yaml": {Data: data}}}
		if s, _ := disk.LoadFile("s.yaml"); s != nil {
			scenarios.LintIdentify(s)
		}
	})
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(strings.ReplaceAll(small, "NAME", "fuzz")))
	for _, fixture := range []string{"testdata/broken/everything.txtar", "testdata/broken/order.txtar", "testdata/lint/SC119.txtar"} {
		archive, err := txtar.ParseFile(fixture)
		require.NoError(f, err)
		f.Add(archive.Files[0].Data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		disk := scenarios.Disk{FS: fstest.MapFS{"s.yaml": {Data: data}}}
		s, found := disk.LoadFile("s.yaml")
		if (s == nil) != (found.Err() != nil) {
			t.Errorf("a scenario that can be run has no mistakes, and one that cannot has: %s", found)
		}
		if s != nil {
			scenarios.Lint(s)
			scenarios.LintIdentify(s)
		}
	})
}
