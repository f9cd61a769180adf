package appimage

import (
	"archive/tar"
	"cmp"
	"io"
	"os"
	"path"
	"slices"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// A file is put into the image at a place of its own.
type file struct {
	// from is its path on this host, to its path in the image without the
	// leading slash.
	from, to string
}

// A layer is an image's content, not compressed: the program goes to a node on
// the same machine, and compressing it would take longer than copying it.
type layer struct {
	files []file
	id    v1.Hash
	size  int64
}

func newLayer(files []file) (*layer, error) {
	files = slices.SortedFunc(slices.Values(files), func(a, b file) int { return cmp.Compare(a.to, b.to) })
	l := &layer{files: files}
	content, err := l.Uncompressed()
	if err != nil {
		return nil, err
	}
	defer content.Close()
	if l.id, l.size, err = v1.SHA256(content); err != nil {
		return nil, err
	}
	return l, nil
}

func (l *layer) Digest() (v1.Hash, error)            { return l.id, nil }
func (l *layer) DiffID() (v1.Hash, error)            { return l.id, nil }
func (l *layer) Size() (int64, error)                { return l.size, nil }
func (l *layer) MediaType() (types.MediaType, error) { return types.DockerUncompressedLayer, nil }
func (l *layer) Compressed() (io.ReadCloser, error)  { return l.Uncompressed() }

func (l *layer) Uncompressed() (io.ReadCloser, error) {
	reader, writer := io.Pipe()
	go func() { writer.CloseWithError(l.write(writer)) }()
	return reader, nil
}

// write writes the files and the folders they are in. All of them belong to
// root and are of the year 1970, so the same files make the same layer on any
// machine.
func (l *layer) write(w io.Writer) error {
	out := tar.NewWriter(w)
	seen := map[string]bool{".": true}
	// The original of productpage writes to /tmp; ours need not, but whoever
	// looks for it finds it.
	if err := writeFolder(out, seen, "tmp", 0o1777); err != nil {
		return err
	}
	for _, f := range l.files {
		if err := writeFolder(out, seen, path.Dir(f.to), 0o755); err != nil {
			return err
		}
		if err := writeFile(out, f); err != nil {
			return err
		}
	}
	return out.Close()
}

func writeFolder(out *tar.Writer, seen map[string]bool, name string, mode int64) error {
	if seen[name] {
		return nil
	}
	seen[name] = true
	if err := writeFolder(out, seen, path.Dir(name), 0o755); err != nil {
		return err
	}
	return out.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: name + "/", Mode: mode, ModTime: time.Unix(0, 0)})
}

func writeFile(out *tar.Writer, f file) error {
	// Opening follows symbolic links: what a library's name leads to is what
	// goes into the image.
	in, err := os.Open(f.from)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	if err := out.WriteHeader(&tar.Header{
		Typeflag: tar.TypeReg, Name: f.to, Size: info.Size(), Mode: 0o755, ModTime: time.Unix(0, 0),
	}); err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return err
}
