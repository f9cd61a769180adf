package appimage

import (
	"archive/tar"
	"io"
	"os"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// A layer is an image's content, not compressed: the program goes to a node on
// the same machine, and compressing it would take longer than copying it.
type layer struct {
	program string // its path on this host
	id      v1.Hash
	size    int64
}

func newLayer(program string) (*layer, error) {
	l := &layer{program: program}
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

// write writes the program. Everything belongs to root and is of the year 1970, so
// the same program makes the same layer on any machine.
func (l *layer) write(w io.Writer) error {
	in, err := os.Open(l.program)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	out := tar.NewWriter(w)
	// The original of productpage writes to /tmp; ours need not, but whoever
	// looks for it finds it.
	if err := out.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: "tmp/", Mode: 0o1777, ModTime: time.Unix(0, 0)}); err != nil {
		return err
	}
	name := strings.TrimPrefix(entry, "/")
	if err := out.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: info.Size(), Mode: 0o755, ModTime: time.Unix(0, 0)}); err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		return err
	}
	return out.Close()
}
