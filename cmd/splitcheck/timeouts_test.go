package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// boundedRooms are those that a run on a real cluster waits in. The simulated mesh
// waits for nobody, and how long load may take is the plan's.
var boundedRooms = []string{"kindcluster", "cluster", "ingress", "proxies", "liveroutes", "clusterdump", "appimage", "runner", "witness", "scenarios", "cmd/splitcheck"}

// TestTimeoutsPage holds the table in docs/clusters.md to the bounds in the code:
// each has its place in a file timeouts.go, with what is waited for.
func TestTimeoutsPage(t *testing.T) {
	const page = "../../docs/clusters.md"
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	head, rest, found := strings.Cut(string(text), " -update` -->\n")
	require.True(t, found)
	_, tail, found := strings.Cut(rest, "<!-- end -->")
	require.True(t, found)
	want := head + " -update` -->\n" + timeouts(t) + "<!-- end -->" + tail
	if *update {
		require.NoError(t, os.WriteFile(page, []byte(want), 0o644))
		return
	}
	assert.Equal(t, want, string(text), "write it anew with -update")
}

func timeouts(t *testing.T) string {
	var table strings.Builder
	table.WriteString("| room | bound | | what for |\n|---|---|---|---|\n")
	for _, room := range boundedRooms {
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(folderOf(room), "timeouts.go"), nil, parser.ParseComments)
		require.NoError(t, err)
		source, err := os.ReadFile(filepath.Join(folderOf(room), "timeouts.go"))
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			name := spec.Names[0].Name
			require.NotNil(t, spec.Doc, "%s in %s/timeouts.go does not say what is waited for", name, room)
			value := string(source[spec.Values[0].Pos()-file.FileStart : spec.Values[0].End()-file.FileStart])
			value = strings.NewReplacer("time.Second", "s", "time.Minute", "min", "time.Hour", "h", "time.Millisecond", "ms", " * ", " ").Replace(value)
			if !strings.ContainsAny(value, "0123456789") {
				value = "1 " + value
			}
			words := strings.Join(strings.Fields(spec.Doc.Text()), " ")
			fmt.Fprintf(&table, "| `%s` | `%s` | %s | %s |\n", room, name, value, words)
			return true
		})
	}
	return table.String()
}
