package scenarios

import (
	"fmt"
	"path"
	"strings"

	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/splitcheck/splitcheck/internal/inventory"
	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/problems"
	"github.com/splitcheck/splitcheck/internal/strict"
	"github.com/splitcheck/splitcheck/internal/target"
)

const apiVersion = "splitcheck.dev/v1alpha1"

const (
	mostReplicas = 1000
	// mostObjects bounds the sum over the steps of the objects that are there:
	// each step is looked at with all of them.
	mostObjects = 50_000
)

func isLabel(s string) bool { return len(validation.IsDNS1123Label(s)) == 0 }

// load reads one scenario file. The scenario is nil if anything stops it from
// being run; the list holds warnings too. What linting finds is among the
// scenario's warnings and not in the list: a run goes on, and its verdict shows
// what a trap did.
func load(files source, name string) (*Scenario, problems.List) {
	r := &reading{
		fields: fields{Reader: strict.Reader{File: files.shown(name)}, decoded: map[string]decoded{}}, files: files, folder: path.Dir(name),
		scenario: &Scenario{File: files.shown(name)}, there: &inventory.Inventory{}, source: files.annotated(name),
	}
	root := r.readDocument(files, name)
	if root == nil {
		return nil, r.Found
	}
	r.document(root)
	var all []*view
	if r.Found.Err() == nil {
		all = views(r.scenario)
		r.Found = append(r.Found, refusals(all)...)
	}
	r.Found = r.Found.Sort()
	if r.Found.Err() != nil {
		return nil, r.Found
	}
	r.scenario.Warnings = append(r.Found.Warnings(), lint(all)...)
	for i := range r.scenario.Warnings {
		r.scenario.Warnings[i].Warning = true
	}
	r.scenario.Warnings = r.scenario.Warnings.Sort()
	return r.scenario, r.Found
}

// A reading is one scenario file on its way to a Scenario.
type reading struct {
	fields
	files    source
	folder   string // of the scenario file
	scenario *Scenario
	there    *inventory.Inventory // the objects that exist at the point that is being read
	objects  int                  // the sum of them over the steps
	source   string               // the file, as a Source names it
	namesApp bool                 // there is a spec.app, whether or not it exists
}

// fields are those of splitcheck's own documents.
type fields struct {
	strict.Reader
	// decoded are the files of manifests that were read before, by the names
	// that problems show; steps often name the same ones. It may be nil.
	decoded map[string]decoded
}

// decoded is what came of reading a file of manifests.
type decoded struct {
	objects []manifests.Object
	found   problems.List
	err     error
}

// name reads a DNS label.
func (s *fields) name(n *yaml.Node, path string) string {
	text, ok := s.Text(n, path)
	if ok && !isLabel(text) {
		s.At(n, fmt.Sprintf("%s: %q is not a name", path, strict.Brief(text)), "use lower-case letters, digits and -, at most 63 characters, beginning and ending with a letter or digit")
	}
	return text
}

// readDocument returns the one document of a file, or reports and returns nil.
func (s *fields) readDocument(files source, name string) *yaml.Node {
	data, err := files.read(name)
	if err != nil {
		s.Found = append(s.Found, problems.Problem{File: s.File, Message: "the file cannot be read: " + err.Error()})
		return nil
	}
	roots := s.Documents(data)
	switch {
	case len(s.Found) > 0:
		// Whatever else is wrong may follow from what could not be read, but
		// a duplicate key hides nothing.
	case len(roots) == 0:
		s.Found = append(s.Found, problems.Problem{File: s.File, Message: "the file is empty", Hint: "`splitcheck scenarios init` writes a first scenario"})
	case len(roots) > 1:
		s.At(roots[1], "a scenario file holds one document, and here begins another", "write several stages as steps of one scenario, and several scenarios as files")
	}
	if len(roots) == 0 {
		return nil
	}
	return roots[0]
}

func (r *reading) document(root *yaml.Node) {
	s := r.scenario
	r.Object(root, "",
		strict.Required("apiVersion", func(n *yaml.Node) { r.OneOf(n, "apiVersion", apiVersion) }),
		strict.Required("kind", func(n *yaml.Node) { r.OneOf(n, "kind", "Scenario") }),
		strict.Required("metadata", func(n *yaml.Node) {
			r.Object(n, "metadata",
				strict.Required("name", func(n *yaml.Node) {
					s.Name, s.Source = r.name(n, "metadata.name"), r.sourceOf(n)
				}),
				strict.Optional("description", func(n *yaml.Node) {
					s.Description, _ = r.Text(n, "metadata.description")
					s.Description = strings.TrimSpace(s.Description)
				}))
		}),
		strict.Required("spec", func(n *yaml.Node) {
			r.Object(n, "spec",
				strict.Optional("app", r.app),
				strict.Optional("manifests", r.ownManifests),
				strict.Optional("targets", func(n *yaml.Node) {
					r.List(n, "spec.targets", func(n *yaml.Node, at string) {
						if kind, ok := r.OneOf(n, at, target.KindNames()...); ok {
							s.Targets = append(s.Targets, kind)
						}
					})
				}),
				strict.Required("steps", r.steps))
		}))
}

// sourceOf is where n stands.
func (r *reading) sourceOf(n *yaml.Node) Source {
	if r.source == "" {
		return Source{}
	}
	return Source{r.source, n.Line}
}

func (r *reading) app(n *yaml.Node) {
	r.namesApp = true
	name, ok := r.OneOf(n, "spec.app", BundleNames()...)
	if !ok {
		return
	}
	b, found := loadBundle(name)
	r.Found = append(r.Found, found...)
	if b == nil {
		return
	}
	r.scenario.App, r.scenario.bundle = name, b
	r.scenario.Deploy = append(r.scenario.Deploy, b.deploy...)
	r.there.Apply(b.deploy...)
}

func (r *reading) ownManifests(n *yaml.Node) {
	r.List(n, "spec.manifests", func(n *yaml.Node, at string) {
		objects := r.file(n, at)
		r.scenario.Deploy = append(r.scenario.Deploy, objects...)
		r.there.Apply(objects...)
	})
}

// file reads the objects of a file that the scenario names: relative to the
// scenario's own file, or app:FILE for one of the bundle.
func (r *reading) file(n *yaml.Node, at string) []manifests.Object {
	name, ok := r.Text(n, at)
	if !ok {
		return nil
	}
	inBundle, ok := strings.CutPrefix(name, "app:")
	if !ok {
		if !path.IsAbs(name) {
			name = path.Join(r.folder, name)
		}
		return r.manifest(n, at, r.files, name)
	}
	if r.scenario.bundle == nil {
		if r.namesApp {
			return nil
		}
		r.At(n, fmt.Sprintf("%s: %s is a file of the bundle, and the scenario names none", at, strict.Brief(n.Value)), "name the bundle in spec.app, or a file of your own here")
		return nil
	}
	b := r.scenario.bundle
	return r.manifest(n, at, b.files, b.file(inBundle))
}

// manifest reads the objects of a file or folder and reports, at the place that
// names it, that it cannot be read, and in it, what is wrong with it.
func (s *fields) manifest(n *yaml.Node, at string, files source, name string) []manifests.Object {
	d, known := s.decoded[files.shown(name)]
	if !known {
		d.objects, d.found, d.err = files.objects(name)
		if s.decoded != nil {
			s.decoded[files.shown(name)] = d
		}
		s.Found = append(s.Found, d.found...)
	}
	if d.err != nil {
		hint := "paths are relative to the scenario file"
		if like := files.similar(name); like != "" {
			hint = fmt.Sprintf("did you mean %q?", like)
		}
		s.At(n, fmt.Sprintf("%s: %s cannot be read: %s", at, strict.Brief(n.Value), d.err), hint)
		return nil
	}
	return d.objects
}
