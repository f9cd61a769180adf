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

func unknownName(name string, names []string) problems.Problem {
	hint := problems.DidYouMean(name, names)
	if hint == "" {
		hint = "the built-in scenarios are " + strings.Join(names, ", ")
	}
	return problems.Problem{
		Message: fmt.Sprintf("%q is not a file, a folder or a built-in scenario", brief(name)), Hint: hint,
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
	s := &strict{file: b.files.shown(file)}
	root := s.readDocument(b.files, file)
	if root == nil {
		return nil, s.found
	}
	s.object(root, "",
		field{"apiVersion", true, func(n *yaml.Node) { s.oneOf(n, "apiVersion", apiVersion) }},
		field{"kind", true, func(n *yaml.Node) { s.oneOf(n, "kind", "App") }},
		field{"metadata", true, func(n *yaml.Node) {
			s.object(n, "metadata",
				field{"name", true, func(n *yaml.Node) { s.oneOf(n, "metadata.name", name) }},
				field{"description", true, func(n *yaml.Node) { b.description, _ = s.text(n, "metadata.description") }})
		}},
		field{"spec", true, func(n *yaml.Node) {
			s.object(n, "spec",
				field{"manifests", true, func(n *yaml.Node) {
					s.list(n, "spec.manifests", func(n *yaml.Node, at string) {
						b.deploy = append(b.deploy, s.manifest(n, at, b.files, b.file(n.Value))...)
					})
				}},
				field{"identify", true, func(n *yaml.Node) { b.identify = s.rules(n, "spec.identify") }},
				field{"request", true, func(n *yaml.Node) { s.request(n, "spec.request", &b.request) }},
				field{"identifyProbe", true, func(n *yaml.Node) {
					s.list(n, "spec.identifyProbe", func(n *yaml.Node, at string) {
						b.probes = append(b.probes, s.probe(n, at))
					})
				}})
		}})
	return b, s.found.Sort()
}

func (s *strict) probe(n *yaml.Node, at string) (p probe) {
	s.object(n, at,
		field{"workload", true, func(n *yaml.Node) { p.workload, _ = s.text(n, at+".workload") }},
		field{"path", true, func(n *yaml.Node) { p.path, _ = s.text(n, at+".path") }},
		field{"version", true, func(n *yaml.Node) { p.version, _ = s.text(n, at+".version") }})
	return p
}
