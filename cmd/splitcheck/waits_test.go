package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// noWaits are lengths of time outside of a timeouts.go that nobody waits for, with
// the reason.
var noWaits = map[string]string{
	"cluster/blame.go: time.Second":               "a log is asked for whole seconds, by a clock of its own",
	"cmd/splitcheck/run.go: 100*time.Millisecond": "--apply-delay is a property of the simulated mesh",
}

// TestEveryWaitIsNamed finds lengths of time that are in no room's timeouts.go. A
// length needs a unit of package time, and a bound of a wait needs a length: where
// units stand in timeouts.go only, each wait takes one of its constants, or what
// was handed to it or computed from one.
func TestEveryWaitIsNamed(t *testing.T) {
	used := map[string]bool{}
	for _, room := range boundedRooms {
		files, err := filepath.Glob(filepath.Join(folderOf(room), "*.go"))
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, file := range files {
			name := filepath.Base(file)
			if name == "timeouts.go" || strings.HasSuffix(name, "_test.go") {
				continue
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
			require.NoError(t, err)
			for _, found := range unnamed(parsed) {
				found = room + "/" + name + ": " + found
				if noWaits[found] == "" {
					t.Errorf("%s: name it in %s/timeouts.go, with what is waited for", found, room)
				}
				used[found] = true
			}
		}
	}
	for exception := range noWaits {
		assert.True(t, used[exception], "%s is an exception that nothing needs", exception)
	}
}

// The test above is worth what unnamed finds.
func TestUnnamedWaits(t *testing.T) {
	for code, want := range map[string]string{
		`context.WithTimeout(ctx, 5*time.Second)`:       `5*time.Second`,
		`context.WithTimeoutCause(ctx, time.Hour, err)`: `time.Hour`,
		`run(ctx, 2*time.Minute, "docker")`:             `2*time.Minute`,
		`Wait{"an answer", time.Millisecond * 5}`:       `time.Millisecond*5`,
		`time.After(1000)`:                              `1000`,
		`time.NewTimer(time.Duration(5e9))`:             `5e9`,
		`time.NewTicker(other.Patience)`:                `other.Patience`,
		`context.WithTimeout(ctx, answerTimeout)`:       ``,
		`time.After(2 * pollInterval)`:                  ``,
		`time.NewTimer(wait.Longest)`:                   ``,
		`at.Truncate(time.Second)`:                      ``,
		`int64(d / time.Second)`:                        ``,
		`float64(d) / float64(time.Microsecond)`:        ``,
	} {
		parsed, err := parser.ParseFile(token.NewFileSet(), "x.go", "package x\nimport (\n\"context\"\n\"time\"\n\"example.com/other\"\n)\nvar _ = "+code, 0)
		require.NoError(t, err)
		assert.Equal(t, want, strings.Join(unnamed(parsed), "; "), code)
	}
	parsed, err := parser.ParseFile(token.NewFileSet(), "x.go", "package x\nfunc f() { cmd.WaitDelay = 1000 }", 0)
	require.NoError(t, err)
	assert.Equal(t, []string{"1000"}, unnamed(parsed))
}

// waits are the calls that wait, or set how long is waited, with the place of the
// length among their arguments.
var waits = map[string]int{
	"context.WithTimeout": 1, "context.WithTimeoutCause": 1,
	"time.After": 0, "time.AfterFunc": 0, "time.NewTimer": 0, "time.NewTicker": 0, "time.Tick": 0, "time.Sleep": 0,
}

// unnamed are the lengths of time that a file makes of a unit, and the numbers and
// other packages' constants that it waits for.
func unnamed(file *ast.File) []string {
	var found []string
	packages := map[string]bool{}
	for _, each := range file.Imports {
		path := strings.Trim(each.Path.Value, `"`)
		packages[path[strings.LastIndex(path, "/")+1:]] = true
	}
	// length looks through what is waited for. A number multiplies the length that
	// it stands beside, and is one where it stands alone.
	length := func(e ast.Expr) {
		var numbers []string
		named := false
		ast.Inspect(e, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				if x, ok := n.X.(*ast.Ident); ok && packages[x.Name] && x.Name != "time" {
					found = append(found, written(n))
				}
				named = named || written(n) != "time.Duration"
				return false
			case *ast.Ident:
				named = true
			case *ast.BasicLit:
				numbers = append(numbers, n.Value)
			}
			return true
		})
		if !named {
			found = append(found, numbers...)
		}
	}
	var above []ast.Node
	ast.Inspect(file, func(n ast.Node) bool {
		if n == nil {
			above = above[:len(above)-1]
			return true
		}
		above = append(above, n)
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if isUnit(n) && !divides(above) {
				e := ast.Expr(n)
				if product, ok := above[len(above)-2].(*ast.BinaryExpr); ok && product.Op == token.MUL {
					e = product
				}
				found = append(found, written(e))
			}
		case *ast.CallExpr:
			if at, waits := waits[written(n.Fun)]; waits && at < len(n.Args) {
				length(n.Args[at])
			}
		case *ast.AssignStmt:
			for i, left := range n.Lhs {
				if s, ok := left.(*ast.SelectorExpr); ok && s.Sel.Name == "WaitDelay" && i < len(n.Rhs) {
					length(n.Rhs[i])
				}
			}
		}
		return true
	})
	return found
}

func isUnit(s *ast.SelectorExpr) bool {
	switch written(s) {
	case "time.Nanosecond", "time.Microsecond", "time.Millisecond", "time.Second", "time.Minute", "time.Hour":
		return true
	}
	return false
}

// divides reports whether the last of nodes, each below the one before, only says
// in which unit another length is read.
func divides(nodes []ast.Node) bool {
	last := nodes[len(nodes)-1]
	for i := len(nodes) - 2; i >= 0; i-- {
		switch n := nodes[i].(type) {
		case *ast.BinaryExpr:
			if n.Op == token.QUO && n.Y.Pos() <= last.Pos() {
				return true
			}
		case *ast.CallExpr:
			if s, ok := n.Fun.(*ast.SelectorExpr); ok && (s.Sel.Name == "Truncate" || s.Sel.Name == "Round") {
				return true
			}
		}
	}
	return false
}

// written is an expression as it is written.
func written(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.SelectorExpr:
		return written(e.X) + "." + e.Sel.Name
	case *ast.Ident:
		return e.Name
	case *ast.BasicLit:
		return e.Value
	case *ast.BinaryExpr:
		return written(e.X) + e.Op.String() + written(e.Y)
	}
	return "…"
}
