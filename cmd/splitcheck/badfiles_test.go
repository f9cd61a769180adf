package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/reports"
)

// TestBadFiles: whatever is in a file, each command that reads one says what is
// wrong and ends with 2, in bounded time and memory.
func TestBadFiles(t *testing.T) {
	files := map[string][]byte{
		"empty":      nil,
		"binary":     bytes.Repeat([]byte{0, 0xff, 0x1b, 0x7f}, 1<<12),
		"long-line":  bytes.Repeat([]byte("x"), 100<<20),
		"tabs":       []byte("apiVersion:\tsplitcheck.dev/v1alpha1\n\tkind: Scenario\n"),
		"blank":      []byte("\n\n# nothing\n"),
		"other-kind": []byte("apiVersion: example.com/beta\nkind: Thing\nmetadata: {name: x, labels: {a: b}}\n"),
	}
	dir := t.TempDir()
	for name, content := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name+".yaml"), content, 0o600))
	}
	require.NoError(t, os.Mkdir(filepath.Join(dir, "folder"), 0o700))
	for name := range files {
		for _, command := range [][]string{
			{"run", name + ".yaml"},
			{"scenarios", "lint", name + ".yaml"},
			{"report", name + ".yaml"},
			{"analyze", name + ".yaml", "--expect", "v1=90,v2=10"},
			{"sim", "serve", name + ".yaml"},
		} {
			t.Run(strings.Join(command[:1], " ")+" "+name, func(t *testing.T) {
				out, errs, code := callIn(t, dir, "", command...)
				assert.Equal(t, reports.ExitUsage, code, "%s%s", out, errs)
				assert.Contains(t, out+errs, name+".yaml")
				assert.Less(t, len(out)+len(errs), 4<<10, "a message is not a copy of the file")
				assert.NotContains(t, out+errs, "\x1b")
				assert.NotContains(t, out+errs, "\x00")
			})
		}
	}
	for _, command := range [][]string{
		{"run", "folder"}, {"run", "not-there.yaml"}, {"run", "folder/not-there.yaml"},
		{"report", "folder"}, {"report", "not-there"}, {"analyze", "folder", "--expect", "a=1"},
		{"scenarios", "lint", "folder"}, {"scenarios", "show", "not-there"}, {"scenarios", "init", "folder"},
	} {
		out, errs, code := callIn(t, dir, "", command...)
		assert.Equal(t, reports.ExitUsage, code, "%v: %s%s", command, out, errs)
		assert.NotEmpty(t, out+errs)
	}
}

// TestMistakesAreReportedAtOnce: a scenario with many mistakes is mended in one
// go, because each is named with its place and what to do.
func TestMistakesAreReportedAtOnce(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "s.yaml"), []byte(`apiVersion: splitcheck.dev/v1alpha1
kind: Scenario
metadata: {name: broken, descripton: typo}
spec:
  app: version-tset
  steps:
  - name: one
    apply: [not-there.yaml]
    checks:
    - name: everyone
      identify: {body: '(v[12'}
      expect: {v1: -90, v2: 10}
      margin: 500%
    - name: nobody
      expect: {v1: 0, v2: 0}
      expectVerdict: green
`), 0o600))
	_, errs, code := callIn(t, dir, "", "run", "s.yaml")
	assert.Equal(t, reports.ExitUsage, code)
	for _, each := range []string{
		"s.yaml:3:26", "descripton", "description", // an unknown field, and the one that was meant
		"s.yaml:5:8", "version-test",
		"s.yaml:8:13", "not-there.yaml",
		"s.yaml:11:24", "missing closing",
		"s.yaml:12:20", "-90",
		"s.yaml:13:15", "500%",
		"s.yaml:15:15",
		"s.yaml:16:22", "green",
	} {
		assert.Contains(t, errs, each)
	}
}
