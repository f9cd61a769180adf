package strict_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/splitcheck/splitcheck/internal/problems"
	"github.com/splitcheck/splitcheck/internal/strict"
)

// TestTemplatesAreToBeRendered: what Helm makes manifests of is not YAML, and the
// parser's words for that help nobody.
func TestTemplatesAreToBeRendered(t *testing.T) {
	read := func(text string) problems.List {
		r := &strict.Reader{File: "route.yaml"}
		r.Documents([]byte(text))
		return r.Found
	}
	for _, text := range []string{
		"weight: {{ .Values.canary }}\n",
		"weight: {{ sub 100 .Values.canary }}\n",
		"metadata:\n  {{- if .Values.canary }}\n  name: x\n  {{- end }}\n",
		"{{- range .Values.routes }}\nname: x\n{{- end }}\n",
		"name: {{ .Release.Name }}-canary\n",
	} {
		found := read(text)
		if assert.NotEmpty(t, found, text) {
			assert.Contains(t, found[0].Message, "stands in a template", text)
			assert.Contains(t, found[0].Hint, "render it first", text)
		}
	}
	assert.Empty(t, read("text: '{{ quoted }}'\nscript: |\n  echo {{ .Name }}\n"))
	assert.Contains(t, strings.ToLower(read("a: [1\n")[0].Message), "not yaml")
}
