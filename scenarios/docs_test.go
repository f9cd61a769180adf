package scenarios_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

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
