package scenarios_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/scenarios"
)

func reference(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("../docs/scenarios.md")
	require.NoError(t, err)
	return string(page)
}

// The examples of the reference load, and lint has nothing to say about them.
func TestExamplesOfTheReference(t *testing.T) {
	files := fstest.MapFS{
		"virtual-service-90-10.yaml": {Data: read(t, "library/version-test-90-10/virtual-service-90-10.yaml")},
		"mirror-to-v3.yaml":          {Data: read(t, "library/bookinfo-mirror/virtual-service-reviews-mirror.yaml")},
	}
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(reference(t), -1)
	require.NotEmpty(t, blocks)
	for _, block := range blocks {
		files["scenario.yaml"] = &fstest.MapFile{Data: []byte(block[1])}
		s, found := scenarios.Disk{FS: files}.LoadFile("scenario.yaml")
		assert.Empty(t, found.Error(), block[1])
		if assert.NotNil(t, s) {
			assert.Empty(t, scenarios.Lint(s).Error())
		}
	}
}

// The table of defects is made from the one that the mesh, the scenarios and the
// flags go by.
func TestDefectsOfTheReference(t *testing.T) {
	const begin, end = " -update` -->\n\n", "\n<!-- end of the defects -->"
	page := reference(t)
	head, rest, found := strings.Cut(page, "TestDefectsOfTheReference"+begin)
	require.True(t, found)
	_, tail, found := strings.Cut(rest, end)
	require.True(t, found)
	table := "| kind of defect | what is wrong |\n|---|---|\n"
	for _, kind := range target.Defects {
		table += "| `" + kind.Name + "` | " + kind.Does + " |\n"
	}
	want := head + "TestDefectsOfTheReference" + begin + table + end + tail
	if *update {
		require.NoError(t, os.WriteFile("../docs/scenarios.md", []byte(want), 0o644))
		return
	}
	assert.Equal(t, want, page, "write it anew with -update")
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	return data
}

// Every field that the decoder knows is in a table of the reference. The decoder
// tells its fields when it meets one that it does not know.
func TestEveryFieldIsInTheReference(t *testing.T) {
	const unknown = "qqqqqqqqqqqq: x"
	document := `apiVersion: splitcheck.dev/v1alpha1
kind: Scenario
metadata: {` + unknown + `}
spec:
  ` + unknown + `
  steps:
  - ` + unknown + `
    settle: {` + unknown + `}
    defects: [{` + unknown + `}]
    checks:
    - ` + unknown + `
      request: {` + unknown + `, login: {` + unknown + `}}
      identify: {` + unknown + `}
`
	_, found := scenarios.Disk{FS: fstest.MapFS{"s.yaml": {Data: []byte(document)}}}.LoadFile("s.yaml")
	page, places := reference(t), 0
	for _, p := range found {
		fields, ok := strings.CutPrefix(p.Hint, "the fields here are ")
		if !ok {
			continue
		}
		places++
		for _, field := range strings.Split(fields, ", ") {
			assert.True(t, strings.Contains(page, "| `"+field+"` |") || strings.Contains(page, "`"+field+"`") && strings.Contains(p.Message, "login") ||
				strings.Contains(page, "{"+field+":"), "%s has the field %s, which the reference does not explain", p.Message, field)
		}
	}
	assert.Equal(t, 9, places, found.Error())
}
