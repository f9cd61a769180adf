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
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/splitcheck/splitcheck/internal/problems"
	"github.com/splitcheck/splitcheck/internal/strict"
)

// These are pinned: if one of them changes, a different system is tested.
const (
	// DefaultName is the cluster's name if none is given.
	DefaultName = "splitcheck"
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
	r := &reader{strict.Reader{File: file}}
	config := Default()
	documents := r.Documents(data)
	switch {
	case r.Found.Err() != nil:
	case len(documents) == 0:
		r.Add(0, 0, "the file is empty", "it begins with apiVersion: "+apiVersion)
	case len(documents) > 1:
		r.At(documents[1], "a second document", "a ClusterConfig is a file of its own")
	default:
		r.document(documents[0], &config)
	}
	return config, r.Found.Sort()
}

const apiVersion = "splitcheck.dev/v1alpha1"

type reader struct{ strict.Reader }

func (r *reader) document(n *yaml.Node, c *Config) {
	r.Object(n, "",
		strict.Required("apiVersion", func(n *yaml.Node) { r.OneOf(n, "apiVersion", apiVersion) }),
		strict.Required("kind", func(n *yaml.Node) { r.OneOf(n, "kind", "ClusterConfig") }),
		strict.Optional("name", func(n *yaml.Node) {
			if c.Name = r.text(n, "name"); c.Name != "" && !clusterName.MatchString(c.Name) {
				r.At(n, fmt.Sprintf("name: %q is not a name for a cluster", c.Name), "use lower-case letters, digits and -, at most 50 characters, beginning and ending with a letter or digit")
			}
		}),
		strict.Optional("nodeImage", func(n *yaml.Node) { c.NodeImage = r.text(n, "nodeImage") }),
		strict.Optional("istio", func(n *yaml.Node) {
			r.Object(n, "istio",
				strict.Optional("istioctl", func(n *yaml.Node) { c.Istio.Istioctl = r.beside(r.text(n, "istio.istioctl")) }),
				strict.Optional("hub", func(n *yaml.Node) { c.Istio.Hub = r.text(n, "istio.hub") }),
				strict.Optional("tag", func(n *yaml.Node) { c.Istio.Tag = r.text(n, "istio.tag") }),
				strict.Optional("overlays", func(n *yaml.Node) {
					r.List(n, "istio.overlays", func(n *yaml.Node, path string) {
						c.Istio.Overlays = append(c.Istio.Overlays, r.beside(r.text(n, path)))
					})
				}))
		}),
		strict.Optional("gatewayAPI", func(n *yaml.Node) {
			r.Object(n, "gatewayAPI", strict.Optional("crds", func(n *yaml.Node) {
				if c.CRDs = r.text(n, "gatewayAPI.crds"); !isURL(c.CRDs) {
					c.CRDs = r.beside(c.CRDs)
				}
			}))
		}),
		strict.Optional("apps", func(n *yaml.Node) { c.Apps, _ = r.OneOf(n, "apps", Builtin, Upstream) }),
		strict.Optional("images", func(n *yaml.Node) {
			r.List(n, "images", func(n *yaml.Node, path string) { c.Images = append(c.Images, r.text(n, path)) })
		}))
}

var clusterName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,48}[a-z0-9])?$`)

// text reads what may not be empty.
func (r *reader) text(n *yaml.Node, path string) string {
	text, ok := r.Text(n, path)
	if ok && text == "" {
		r.At(n, path+" is empty", "write a value, or remove the field for its default")
	}
	return text
}

// beside makes a path relative to the folder of the file that names it.
func (r *reader) beside(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(r.File), path)
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
