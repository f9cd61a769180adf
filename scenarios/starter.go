package scenarios

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"

	"github.com/splitcheck/splitcheck/internal/strict"
)

//go:embed starter
var starter embed.FS

// Init returns the files of a first scenario, by their names in its folder: a
// scenario file and the manifests it applies, complete, so that it runs as it is
// and everything in it can be replaced bit by bit. The name is the scenario's,
// and a DNS label.
func Init(name string) (map[string][]byte, error) {
	if !isLabel(name) {
		return nil, fmt.Errorf("%q is not a name for a scenario; use lower-case letters, digits and -, at most 63 characters, beginning and ending with a letter or digit", strict.Brief(name))
	}
	entries, err := fs.ReadDir(starter, "starter")
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, e := range entries {
		data, err := fs.ReadFile(starter, "starter/"+e.Name())
		if err != nil {
			return nil, err
		}
		files[e.Name()] = bytes.ReplaceAll(data, []byte("NAME"), []byte(name))
	}
	return files, nil
}
