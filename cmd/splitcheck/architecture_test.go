package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestArchitecturePage holds docs/architecture.md to the code: every path, every
// room and every name in it must exist. It cannot see whether what the page says
// about them is still true.
func TestArchitecturePage(t *testing.T) {
	text, err := os.ReadFile("../../docs/architecture.md")
	require.NoError(t, err)
	rooms := readRooms(t)
	var (
		fence  = regexp.MustCompile("(?s)```.*?```")
		quoted = regexp.MustCompile("`([^`\n]+)`")
		path   = regexp.MustCompile(`^[\w.-]+(/[\w.*-]+)+$`)
		named  = regexp.MustCompile(`\b([a-z]+)\.([A-Z]\w*)(?:\.([A-Z]\w*))?`)
		room   = regexp.MustCompile(`^[a-z]+$`)
	)
	names := named.FindAllStringSubmatch(strings.Join(fence.FindAllString(string(text), -1), "\n"), -1)
	for _, found := range quoted.FindAllStringSubmatch(fence.ReplaceAllString(string(text), ""), -1) {
		word := found[1]
		if path.MatchString(word) {
			files, err := filepath.Glob(filepath.Join("../..", word))
			require.NoError(t, err)
			assert.NotEmpty(t, files, "there is no %s", word)
		} else if room.MatchString(word) {
			_, known := rooms[word]
			assert.True(t, known, "there is no room %s", word)
		} else {
			names = append(names, named.FindAllStringSubmatch(word, -1)...)
		}
	}
	assert.Greater(t, len(names), 30, "the page names next to nothing: does it still use backquotes?")
	for _, name := range names {
		if _, known := rooms[name[1]]; !known {
			assert.Equal(t, "http", name[1], "%s: there is no such room", name[0])
			continue
		}
		known := declared(t, folderOf(name[1]))
		assert.True(t, known[name[2]], "%s is not declared", name[0])
		assert.True(t, known[strings.Trim(name[2]+"."+name[3], ".")], "%s is not declared", name[0])
	}
}

// declared are the names that a folder's files declare: types, functions,
// values, and "Type.Name" for methods, fields and the methods of interfaces.
func declared(t *testing.T, folder string) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	require.NoError(t, err)
	for _, file := range files {
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, each := range tree.Decls {
			switch d := each.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil {
					names[d.Name.Name] = true
					continue
				}
				of := d.Recv.List[0].Type
				if pointer, ok := of.(*ast.StarExpr); ok {
					of = pointer.X
				}
				if receiver, ok := of.(*ast.Ident); ok {
					names[receiver.Name+"."+d.Name.Name] = true
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					declare(names, spec)
				}
			}
		}
	}
	return names
}

func declare(names map[string]bool, spec ast.Spec) {
	switch s := spec.(type) {
	case *ast.ValueSpec:
		for _, name := range s.Names {
			names[name.Name] = true
		}
	case *ast.TypeSpec:
		names[s.Name.Name] = true
		var members *ast.FieldList
		switch of := s.Type.(type) {
		case *ast.StructType:
			members = of.Fields
		case *ast.InterfaceType:
			members = of.Methods
		default:
			return
		}
		for _, member := range members.List {
			for _, name := range member.Names {
				names[s.Name.Name+"."+name.Name] = true
			}
		}
	}
}
