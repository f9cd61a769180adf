package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/internal/terminal"
	"github.com/splitcheck/splitcheck/reports/reportstest"
)

func TestFormats(t *testing.T) {
	assert.Equal(t, []string{"text", "json"}, reportKind.built())
	for _, f := range formats {
		write, err := reportKind.format(f.name, terminal.Options{})
		if f.report == nil {
			assert.EqualError(t, err, "the format "+f.name+" is not built yet; built are: text, json")
			_, err = planKind.format(f.name, terminal.Options{})
			assert.ErrorContains(t, err, "not built yet")
			continue
		}
		require.NoError(t, err)
		assert.NoError(t, write(&bytes.Buffer{}, reportstest.Suite()))
	}
	for _, name := range []string{"xml", "", "JSON"} {
		_, err := simulationKind.format(name, terminal.Options{})
		assert.ErrorContains(t, err, "there is no format")
	}
}

// TestFormatsAreDocumented holds docs/report.md against the table of formats.
func TestFormatsAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/report.md")
	require.NoError(t, err)
	assert.Contains(t, string(page), "`"+strings.Join(reportKind.built(), "`, `")+"`")
}

func TestCompletionKnowsTheFormats(t *testing.T) {
	for _, command := range []string{"run", "verify", "analyze", "report", "plan", "simulate"} {
		out, _, code := call(t, "__complete", command, "-o", "")
		assert.Zero(t, code)
		assert.Equal(t, append(reportKind.built(), ":2"), strings.Fields(out), command)
	}
}
