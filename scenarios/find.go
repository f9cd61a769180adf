package scenarios

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/splitcheck/splitcheck/internal/problems"
	"github.com/splitcheck/splitcheck/internal/strict"
)

// LoadFile reads a scenario file. The scenario is nil if anything is wrong that
// stops it from being run. The list holds every mistake, and the warnings that
// the scenario carries as well.
func (d Disk) LoadFile(name string) (*Scenario, problems.List) {
	return load(d.source(), name)
}

// LoadFolder reads all scenario files of a folder and of the folders directly
// in it, in the order of their names. Those that cannot be run are left out,
// with their mistakes in the list.
func (d Disk) LoadFolder(name string) ([]*Scenario, problems.List) {
	files, err := d.scenarioFiles(name)
	if err != nil {
		return nil, problems.List{{File: name, Message: "the folder cannot be read: " + err.Error()}}
	}
	if len(files) == 0 {
		return nil, problems.List{{
			File: name, Message: "there is no scenario in this folder or the folders in it",
			Hint: fmt.Sprintf("a scenario file begins with apiVersion: %s and kind: Scenario", apiVersion),
		}}
	}
	var (
		all   []*Scenario
		found problems.List
	)
	names := map[string]string{}
	for _, file := range files {
		s, mistakes := d.LoadFile(file)
		found = append(found, mistakes...)
		if s == nil {
			continue
		}
		if first, ok := names[s.Name]; ok {
			found = append(found, problems.Problem{
				File: file, Message: fmt.Sprintf("the scenario %q is in %s already", s.Name, first), Hint: "reports tell scenarios apart by their names: give it another",
			})
			continue
		}
		names[s.Name] = file
		all = append(all, s)
	}
	return all, found.Sort()
}

// Find reads what an argument names: a file, a folder, or a built-in scenario,
// tried in this order.
func (d Disk) Find(arg string) ([]*Scenario, problems.List) {
	files := d.source()
	info, err := fs.Stat(files.fsys, files.resolve(arg))
	switch {
	case arg == "":
		return nil, problems.List{unknownName(arg, BuiltinNames())}
	case err == nil && info.IsDir():
		// A folder that only happens to be called like a built-in scenario
		// must not hide it.
		if files, err := d.scenarioFiles(arg); err == nil && len(files) == 0 && slices.Contains(BuiltinNames(), arg) {
			return one(Builtin(arg))
		}
		return d.LoadFolder(arg)
	case err == nil:
		return one(d.LoadFile(arg))
	case slices.Contains(BuiltinNames(), arg):
		return one(Builtin(arg))
	case isYAML(arg) || strings.Contains(arg, "/"):
		p := problems.Problem{File: arg, Message: "the file cannot be read: " + plainError(err).Error()}
		if like := files.similar(arg); like != "" {
			p.Hint = fmt.Sprintf("did you mean %q?", path.Join(path.Dir(arg), like))
		}
		return nil, problems.List{p}
	}
	return nil, problems.List{unknownName(arg, BuiltinNames())}
}

func one(s *Scenario, found problems.List) ([]*Scenario, problems.List) {
	if s == nil {
		return nil, found
	}
	return []*Scenario{s}, found
}

func (d Disk) scenarioFiles(folder string) ([]string, error) {
	files := d.source()
	candidates, err := files.yamlFiles(folder)
	if err != nil {
		return nil, err
	}
	for _, inner := range files.folders(folder) {
		more, err := files.yamlFiles(inner)
		if err != nil {
			return nil, err
		}
		candidates = append(candidates, more...)
	}
	return slices.DeleteFunc(candidates, func(name string) bool { return !files.isScenario(name) }), nil
}

// isScenario tells a scenario from the manifests beside it by what it says of
// itself, and by its name if it is too broken to say anything.
func (s source) isScenario(name string) bool {
	data, err := s.read(name)
	if err != nil {
		return path.Base(name) == scenarioFile
	}
	roots := (&strict.Reader{File: name}).Documents(data)
	if len(roots) == 0 {
		return path.Base(name) == scenarioFile
	}
	return slices.ContainsFunc(roots, func(root *yaml.Node) bool {
		_, version := strict.Entry(root, "apiVersion")
		_, kind := strict.Entry(root, "kind")
		return version != nil && strings.HasPrefix(version.Value, "splitcheck.dev/") && (kind == nil || kind.Value != "App")
	})
}
