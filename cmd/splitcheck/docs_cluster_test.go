package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestDocsOfClusters reads the commands that pages show in blocks of ```sh: those
// that need a cluster, or a gateway of the reader's, and cannot be run here. Each
// is at least one that there is, with flags that it has.
func TestDocsOfClusters(t *testing.T) {
	pages, err := filepath.Glob("../../docs/*.md")
	require.NoError(t, err)
	checked := 0
	for _, page := range append(pages, "../../README.md") {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		for _, line := range shellLines(string(text)) {
			args := wordsOf(line)
			for len(args) > 0 && strings.Contains(args[0], "=") {
				args = args[1:] // A variable for this command alone.
			}
			if len(args) == 0 || args[0] != "splitcheck" {
				continue
			}
			checked++
			cmd, rest, err := newRoot(streams{}).Find(args[1:])
			if assert.NoError(t, err, "%s: %s", page, line) {
				assert.True(t, cmd.Runnable(), "%s: %s is no whole command", page, line)
				assert.NoError(t, cmd.ParseFlags(rest), "%s: %s", page, line)
			}
		}
	}
	assert.Greater(t, checked, 10)
}

// shellLines are the commands in a page's blocks of ```sh.
func shellLines(text string) []string {
	var lines []string
	inside, open := false, ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "```") {
			inside = line == "```sh"
			continue
		}
		if !inside {
			continue
		}
		if before, more := strings.CutSuffix(line, `\`); more {
			open += before
			continue
		}
		line, _, _ = strings.Cut(open+line, " #")
		lines, open = append(lines, line), ""
	}
	return lines
}

var word = regexp.MustCompile(`'[^']*'|"[^"]*"|[^\s'"]+`)

// wordsOf splits a line as a shell does, as far as pages need it.
func wordsOf(line string) []string {
	all := word.FindAllString(line, -1)
	for i := range all {
		all[i] = strings.Trim(all[i], `'"`)
	}
	return all
}
