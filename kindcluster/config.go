// Package kindcluster creates a kind cluster with Istio, uses an existing one
// again, says what state it is in, and removes it. It does not deploy
// applications or send load: what happens in the cluster is the task of package
// cluster.
package kindcluster

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/problems"
)

// These are pinned: if one of them changes, a different system is tested.
const (
	// DefaultName is the cluster's name if none is given.
	DefaultName = "splitcheck"
	// DefaultNodeImage is a Kubernetes that the release below is tested with.
	DefaultNodeImage = "kindest/node:v1.35.0"
	// DefaultIstio is the release that is installed.
	DefaultIstio = "1.31.1"
	// DefaultHub is where the images of that release are published.
	DefaultHub = "registry.istio.io/release"
	// DefaultCRDs are the Gateway API's definitions, of the release whose types
	// package manifests decodes.
	DefaultCRDs = "https://github.com/kubernetes-sigs/gateway-api/releases/download/v1.6.3/standard-install.yaml"
)

// Where applications come from.
const (
	// Builtin is an image made from splitcheck itself.
	Builtin = "builtin"
	// Upstream is the images that the applications' authors publish.
	Upstream = "upstream"
)

// A Config is a ClusterConfig file with its defaults filled in. Its paths are
// the file's, made relative to the working directory.
type Config struct {
	Name      string
	NodeImage string
	Istio     Istio
	// CRDs are the Gateway API's: a folder, a file or a URL.
	CRDs string
	// Apps is Builtin or Upstream.
	Apps string
	// Images are in the local Docker and are loaded into the nodes.
	Images []string
}

// Istio says which Istio is installed, and how.
//
//differential:elsewhere test test/e2e/TestTargetOnKind
type Istio struct {
	// Istioctl is a file, or empty for the one on PATH or the pinned release.
	Istioctl string
	Hub, Tag string
	// Overlays are IstioOperator files.
	Overlays []string
}

// Default is the configuration without a file.
func Default() Config {
	return Config{
		Name: DefaultName, NodeImage: DefaultNodeImage, CRDs: DefaultCRDs, Apps: Builtin,
		Istio: Istio{Hub: DefaultHub, Tag: DefaultIstio},
	}
}

// ReadConfig reads a ClusterConfig file. The list holds every mistake in it; if
// it is not empty, the Config must not be used. ReadConfig does not check
// whether the files that it names exist.
func ReadConfig(file string, data []byte) (Config, problems.List) {
	r := &reader{file: file, config: Default()}
	documents, found := manifests.ReadYAML(file, data)
	r.found = found
	switch {
	case found.Err() != nil:
	case len(documents) == 0:
		r.found = append(r.found, problems.Problem{File: file, Message: "the file is empty", Hint: "it begins with apiVersion: " + apiVersion})
	case len(documents) > 1:
		r.at(documents[1], "a second document", "a ClusterConfig is a file of its own")
	default:
		r.document(documents[0])
	}
	return r.config, r.found.Sort()
}

const apiVersion = "splitcheck.dev/v1alpha1"

type reader struct {
	file   string
	found  problems.List
	config Config
}

type fields map[string]func(n *yaml.Node, path string)

func (r *reader) at(n *yaml.Node, message, hint string) {
	r.found = append(r.found, problems.Problem{File: r.file, Line: n.Line, Column: n.Column, Message: message, Hint: hint})
}

func (r *reader) document(n *yaml.Node) {
	seen := map[string]bool{}
	word := func(want string) func(*yaml.Node, string) {
		return func(n *yaml.Node, path string) {
			seen[path] = true
			if text := r.text(n, path); text != "" && text != want {
				r.at(n, fmt.Sprintf("%s is %q", path, text), "write "+want)
			}
		}
	}
	c := &r.config
	r.object(n, "", fields{
		"apiVersion": word(apiVersion),
		"kind":       word("ClusterConfig"),
		"name": func(n *yaml.Node, path string) {
			if c.Name = r.text(n, path); c.Name != "" && !clusterName.MatchString(c.Name) {
				r.at(n, fmt.Sprintf("%s: %q is not a name for a cluster", path, c.Name), "use lower-case letters, digits and -, at most 50 characters, beginning and ending with a letter or digit")
			}
		},
		"nodeImage": r.into(&c.NodeImage),
		"istio": func(n *yaml.Node, path string) {
			r.object(n, path, fields{
				"istioctl": r.path(&c.Istio.Istioctl),
				"hub":      r.into(&c.Istio.Hub),
				"tag":      r.into(&c.Istio.Tag),
				"overlays": func(n *yaml.Node, path string) {
					c.Istio.Overlays = nil
					for _, text := range r.texts(n, path) {
						c.Istio.Overlays = append(c.Istio.Overlays, r.beside(text))
					}
				},
			})
		},
		"gatewayAPI": func(n *yaml.Node, path string) {
			r.object(n, path, fields{"crds": func(n *yaml.Node, path string) {
				if c.CRDs = r.text(n, path); !isURL(c.CRDs) {
					c.CRDs = r.beside(c.CRDs)
				}
			}})
		},
		"apps": func(n *yaml.Node, path string) {
			known := []string{Builtin, Upstream}
			if c.Apps = r.text(n, path); c.Apps != "" && !slices.Contains(known, c.Apps) {
				hint := problems.DidYouMean(c.Apps, known)
				if hint == "" {
					hint = "write builtin or upstream"
				}
				r.at(n, fmt.Sprintf("%s: %q is not known here", path, c.Apps), hint)
			}
		},
		"images": func(n *yaml.Node, path string) { c.Images = r.texts(n, path) },
	})
	for _, name := range []string{"apiVersion", "kind"} {
		if !seen[name] && n.Kind == yaml.MappingNode {
			r.at(n, name+" is missing", "")
		}
	}
}

var clusterName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,48}[a-z0-9])?$`)

func (r *reader) object(n *yaml.Node, path string, known fields) {
	var names []string
	for name := range known {
		names = append(names, name)
	}
	slices.Sort(names)
	if n.Kind != yaml.MappingNode {
		where := path
		if where == "" {
			where = "the document"
		}
		r.at(n, fmt.Sprintf("%s: want a map, got %s", where, manifests.Describe(n)), "its fields are "+strings.Join(names, ", "))
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		at := key.Value
		if path != "" {
			at = path + "." + at
		}
		if read := known[key.Value]; read != nil {
			read(value, at)
			continue
		}
		hint := problems.DidYouMean(key.Value, names)
		if hint == "" {
			hint = "the fields here are " + strings.Join(names, ", ")
		}
		r.at(key, fmt.Sprintf("unknown field %q", at), hint)
	}
}

func (r *reader) text(n *yaml.Node, path string) string {
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" || n.Value == "" {
		r.at(n, fmt.Sprintf("%s: want text, got %s", path, manifests.Describe(n)), "write a value, or remove the field for its default")
		return ""
	}
	return n.Value
}

func (r *reader) texts(n *yaml.Node, path string) []string {
	if n.Kind != yaml.SequenceNode {
		r.at(n, fmt.Sprintf("%s: want a list, got %s", path, manifests.Describe(n)), "write it as [a, b]")
		return nil
	}
	var all []string
	for i, item := range n.Content {
		all = append(all, r.text(item, fmt.Sprintf("%s[%d]", path, i)))
	}
	return all
}

func (r *reader) into(to *string) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) { *to = r.text(n, path) }
}

func (r *reader) path(to *string) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) { *to = r.beside(r.text(n, path)) }
}

// beside makes a path relative to the folder of the file that names it.
func (r *reader) beside(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(r.file), path)
}

func isURL(s string) bool {
	return strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://")
}

// fingerprint tells apart clusters that were made in different ways. Neither
// the source of the applications nor the cluster's name makes a difference to
// the cluster.
func (c Config) fingerprint(overlays [][]byte) string {
	c.Name, c.Apps = "", ""
	text, err := json.Marshal(struct {
		Config   Config
		Overlays [][]byte
	}{c, overlays})
	if err != nil {
		panic(err) // strings and bytes always can be written
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}
