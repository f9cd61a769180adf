package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const module = "github.com/splitcheck/splitcheck/"

// TestRooms holds the table of rooms in CONTRIBUTING.md against the code: a
// room may import what stands in its row, and every room has a row.
func TestRooms(t *testing.T) {
	allowed := readRooms(t)
	for room, imports := range importsOf(t) {
		row, listed := allowed[room]
		if !assert.True(t, listed, "%s has no row in CONTRIBUTING.md", room) {
			continue
		}
		for _, imported := range imports {
			if !slices.Contains(row, "everything") {
				assert.Contains(t, row, imported, "%s imports %s, which its row in CONTRIBUTING.md does not allow", room, imported)
			}
		}
	}
}

// TestSoleImporters pins who alone may know a library, so that it can be
// exchanged in one room.
func TestSoleImporters(t *testing.T) {
	for prefix, rooms := range map[string][]string{
		"github.com/tsenart/vegeta/":              {"loadgen"},
		"gonum.org/v1/gonum":                      {"analysis"},
		"github.com/spf13/cobra":                  {"cmd/splitcheck"},
		"github.com/olekukonko/":                  {"terminal"},
		"os/exec":                                 {"appimage", "kindcluster"},
		"sigs.k8s.io/gateway-api/":                {"manifests", "routing", "inventory", "mesh", "scenarios", "proxies", "cluster", "liveroutes"},
		"istio.io/":                               {"manifests", "routing", "inventory", "mesh", "scenarios", "proxies", "cluster", "liveroutes"},
		"github.com/schollz/":                     {"terminal"},
		"github.com/tidwall/":                     {"identify", "scenarios"},
		"os/signal":                               {"cmd/splitcheck"},
		"k8s.io/":                                 {"kube", "kube/kubetest", "manifests", "routing", "inventory", "mesh", "scenarios", "proxies", "appimage", "cluster", "kindcluster", "ingress", "liveroutes", "clusterdump", "cmd/splitcheck"},
		"google.golang.org/protobuf/":             {"manifests", "routing", "scenarios"},
		"github.com/google/go-containerregistry/": {"appimage"},
		"github.com/influxdata/tdigest":           {"loadgen"},
		"github.com/gofrs/flock":                  {"kindcluster"},
		"sigs.k8s.io/kind/":                       {"kindcluster"},
	} {
		for _, file := range goFiles(t) {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			for _, imported := range fileImports(t, file) {
				if strings.HasPrefix(imported, prefix) {
					assert.Contains(t, rooms, roomOf(path.Dir(file)), "%s imports %s", file, imported)
				}
			}
		}
	}
}

// roomOf is the name of a room whose package is in a folder: rooms under
// internal/ are called without it.
func roomOf(folder string) string { return strings.TrimPrefix(folder, "internal/") }

// folderOf is the folder of a room.
func folderOf(room string) string {
	if folder := filepath.Join("../..", "internal", filepath.FromSlash(room)); isFolder(folder) {
		return folder
	}
	return filepath.Join("../..", filepath.FromSlash(room))
}

func isFolder(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

func readRooms(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("../../CONTRIBUTING.md")
	require.NoError(t, err)
	var (
		rooms = map[string][]string{}
		code  = regexp.MustCompile("`([^`]+)`")
	)
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(line, "|")
		if len(cells) != 5 || !strings.Contains(cells[1], "`") {
			continue
		}
		room := code.FindStringSubmatch(cells[1])[1]
		rooms[room] = []string{}
		if strings.TrimSpace(cells[3]) == "everything" {
			rooms[room] = append(rooms[room], "everything")
		}
		for _, match := range code.FindAllStringSubmatch(cells[3], -1) {
			rooms[room] = append(rooms[room], match[1])
		}
	}
	require.NotEmpty(t, rooms)
	return rooms
}

func importsOf(t *testing.T) map[string][]string {
	t.Helper()
	imports := map[string][]string{}
	for _, file := range goFiles(t) {
		room := roomOf(path.Dir(file))
		if strings.HasSuffix(file, "_test.go") || strings.Contains(room, "target/") || strings.Contains(room, "kube/") {
			continue
		}
		if _, known := imports[room]; !known {
			imports[room] = nil
		}
		for _, imported := range fileImports(t, file) {
			if rest, ours := strings.CutPrefix(imported, module); ours {
				imports[room] = append(imports[room], roomOf(rest))
			}
		}
	}
	return imports
}

func goFiles(t *testing.T) []string {
	t.Helper()
	var files []string
	root := os.DirFS("../..")
	require.NoError(t, fs.WalkDir(root, ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (strings.HasPrefix(entry.Name(), ".") && file != "." || entry.Name() == "testdata") {
			return fs.SkipDir
		}
		if path.Ext(file) == ".go" {
			files = append(files, file)
		}
		return nil
	}))
	require.NotEmpty(t, files)
	return files
}

func fileImports(t *testing.T, file string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join("../..", file), nil, parser.ImportsOnly)
	require.NoError(t, err)
	var imports []string
	for _, each := range parsed.Imports {
		imports = append(imports, strings.Trim(each.Path.Value, `"`))
	}
	return imports
}
