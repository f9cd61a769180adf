package main

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestCommandTree pins every command with its help: what the user sees changes
// only on purpose. `go test ./cmd/splitcheck -run TestCommandTree -update`
// writes it anew.
func TestCommandTree(t *testing.T) {
	var tree strings.Builder
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		args := append(strings.Fields(cmd.CommandPath())[1:], "--help")
		out, errs, code := call(t, args...)
		require.Equal(t, 0, code, "%v: %s", args, errs)
		tree.WriteString("$ splitcheck " + strings.Join(args, " ") + "\n" + out + "\n")
		for _, child := range cmd.Commands() {
			if child.Name() != "help" && child.Parent().Name() != "completion" {
				walk(child)
			}
		}
	}
	root := newRoot(streams{})
	root.InitDefaultCompletionCmd()
	walk(root)
	const golden = "testdata/help.golden"
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(tree.String()), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	for line := range strings.Lines(tree.String()) {
		assert.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")), helpWidth, line)
	}
	wanted, got := strings.Split(string(want), "\n"), strings.Split(tree.String(), "\n")
	for i := range min(len(wanted), len(got)) {
		require.Equal(t, wanted[i], got[i], "%s:%d", golden, i+1)
	}
	require.Len(t, got, len(wanted))
}

// TestEveryCommandHasAnExample: help without an example leaves a newcomer with
// a list of flags.
func TestEveryCommandHasAnExample(t *testing.T) {
	for _, cmd := range newRoot(streams{}).Commands() {
		if !cmd.HasSubCommands() && !strings.Contains(cmd.Short, "not built yet") && cmd.HasAvailableLocalFlags() && cmd.Flags().HasAvailableFlags() {
			assert.NotEmpty(t, cmd.Example, cmd.CommandPath())
		}
		for _, child := range cmd.Commands() {
			if !strings.Contains(child.Short, "not built yet") && child.Flags().HasAvailableFlags() {
				assert.NotEmpty(t, child.Example, child.CommandPath())
			}
		}
	}
}

// call runs the program as a user without a terminal does.
func call(t *testing.T, args ...string) (out, errs string, code int) {
	t.Helper()
	return callIn(t, t.TempDir(), "", args...)
}

func callIn(t *testing.T, dir, stdin string, args ...string) (out, errs string, code int) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = execute(t.Context(), args, streams{
		in: strings.NewReader(stdin), out: &stdout, err: &stderr, workDir: dir,
	})
	return stdout.String(), stderr.String(), code
}
