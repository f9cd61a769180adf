package scenarios

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/splitcheck/splitcheck/identify"
	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/problems"
	"github.com/splitcheck/splitcheck/internal/strict"
)

//go:embed library
var library embed.FS

const (
	libraryDir   = "library"
	appsDir      = "apps"
	scenarioFile = "scenario.yaml"
	// builtinPrefix marks files of the library where they are shown: nobody
	// finds them on disk.
	builtinPrefix = "builtin:"
)

func builtinSource() source {
	return source{fsys: library, dir: libraryDir, prefix: builtinPrefix}
}

// BuiltinNames lists the scenarios of the library, sorted.
func BuiltinNames() []string {
	return folderNames(libraryDir, scenarioFile)
}

// BundleNames lists the built-in applications that a scenario's spec.app can
// name, sorted.
func BundleNames() []string {
	return folderNames(libraryDir+"/"+appsDir, "bundle.yaml")
}

func folderNames(dir, holding string) []string {
	// The library is embedded: reading it cannot fail.
	found, _ := fs.Glob(library, dir+"/*/"+holding)
	for i := range found {
		found[i] = strings.TrimSuffix(strings.TrimPrefix(found[i], dir+"/"), "/"+holding)
	}
	slices.Sort(found)
	return found
}

// Builtin reads a scenario of the library.
func Builtin(name string) (*Scenario, problems.List) {
	names := BuiltinNames()
	if !slices.Contains(names, name) {
		return nil, problems.List{unknownName(name, names)}
	}
	s, found := load(builtinSource(), name+"/"+scenarioFile)
	if s != nil {
		s.Builtin = true
	}
	return s, found
}

// BuiltinFiles returns the files of a scenario of the library and of its bundle,
// by their names within the library, for showing and for copying.
func BuiltinFiles(name string) (map[string][]byte, error) {
	s, found := Builtin(name)
	if s == nil {
		return nil, found
	}
	files := map[string][]byte{}
	folders := []string{name}
	if s.App != "" {
		folders = append(folders, appsDir+"/"+s.App)
	}
	for _, folder := range folders {
		listed, err := fs.ReadDir(library, libraryDir+"/"+folder)
		if err != nil {
			return nil, err
		}
		for _, file := range listed {
			data, err := fs.ReadFile(library, libraryDir+"/"+folder+"/"+file.Name())
			if err != nil {
				return nil, err
			}
			files[folder+"/"+file.Name()] = data
		}
	}
	return files, nil
}

// having are the names of which a word is a part.
func having(word string, names []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return len(word) < 3 || !strings.Contains(name, word) })
}

func unknownName(name string, names []string) problems.Problem {
	hint := problems.DidYouMean(name, names)
	if parts := having(name, names); hint == "" && len(parts) > 0 {
		hint = "did you mean " + strings.Join(parts, " or ") + "?"
	}
	if hint == "" {
		hint = "the built-in scenarios are " + strings.Join(names, ", ")
	}
	return problems.Problem{
		Message: fmt.Sprintf("%q is not a file, a folder or a built-in scenario", strict.Brief(name)), Hint: hint,
	}
}

// A bundle is a built-in application: its manifests and how its versions are
// told apart.
type bundle struct {
	name        string
	description string
	files       source
	deploy      []manifests.Object
	identify    identify.Rules
	request     Request
	probes      []probe
}

// A probe is what linting asks of one version of an application.
type probe struct {
	workload, path, version string
}

// file is the name of a file of the bundle in its source.
func (b *bundle) file(name string) string { return appsDir + "/" + b.name + "/" + name }

// loadBundle reads a built-in application. Its files are a part of this program
// and tested as such; what is wrong with them is still said, not panicked over.
func loadBundle(name string) (*bundle, problems.List) {
	b := &bundle{name: name, files: builtinSource()}
	file := b.file("bundle.yaml")
	s := &fields{Reader: strict.Reader{File: b.files.shown(file)}}
	root := s.readDocument(b.files, file)
	if root == nil {
		return nil, s.Found
	}
	s.Object(root, "",
		strict.Required("apiVersion", func(n *yaml.Node) { s.OneOf(n, "apiVersion", apiVersion) }),
		strict.Required("kind", func(n *yaml.Node) { s.OneOf(n, "kind", "App") }),
		strict.Required("metadata", func(n *yaml.Node) {
			s.Object(n, "metadata",
				strict.Required("name", func(n *yaml.Node) { s.OneOf(n, "metadata.name", name) }),
				strict.Required("description", func(n *yaml.Node) { b.description, _ = s.Text(n, "metadata.description") }))
		}),
		strict.Required("spec", func(n *yaml.Node) {
			s.Object(n, "spec",
				strict.Required("manifests", func(n *yaml.Node) {
					s.List(n, "spec.manifests", func(n *yaml.Node, at string) {
						b.deploy = append(b.deploy, s.manifest(n, at, b.files, b.file(n.Value))...)
					})
				}),
				strict.Required("identify", func(n *yaml.Node) { b.identify = s.rules(n, "spec.identify") }),
				strict.Required("request", func(n *yaml.Node) { s.request(n, "spec.request", &b.request) }),
				strict.Required("identifyProbe", func(n *yaml.Node) {
					s.List(n, "spec.identifyProbe", func(n *yaml.Node, at string) {
						b.probes = append(b.probes, s.probe(n, at))
					})
				}))
		}))
	return b, s.Found.Sort()
}

func (s *fields) probe(n *yaml.Node, at string) (p probe) {
	s.Object(n, at,
		strict.Required("workload", func(n *yaml.Node) { p.workload, _ = s.Text(n, at+".workload") }),
		strict.Required("path", func(n *yaml.Node) { p.path, _ = s.Text(n, at+".path") }),
		strict.Required("version", func(n *yaml.Node) { p.version, _ = s.Text(n, at+".version") }))
	return p
}
