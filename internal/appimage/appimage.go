// Package appimage turns the running splitcheck into a container image, and the
// Deployments of the bundles into ones that run `splitcheck app` of it: the
// built-in applications then run in pods that no registry has to serve.
//
// It talks to no cluster and to no container runtime: what it makes is an
// archive as `docker save` writes it, which others load.
package appimage

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"runtime/debug"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// Repository is what the image is called. No registry serves it: it exists only
// where it was loaded.
const Repository = "splitcheck.dev/apps"

// BinaryVariable is named in messages: the variable with a program for the
// nodes, for use if the running one does not fit (Options.Binary).
const BinaryVariable = "SPLITCHECK_APP_BINARY"

// entry is where the program is in the image.
const entry = "/splitcheck"

// Options say what to make the image from.
type Options struct {
	// Executable is the running program's file.
	Executable string
	// Arch is the nodes' architecture in Go's words ("amd64", "arm64").
	Arch string
	// Binary is a splitcheck for linux/Arch that the user named, for machines
	// whose running program does not fit the nodes. It may be empty.
	Binary string
	// Build says which module and version the running program was built from
	// (debug.ReadBuildInfo); nil if it does not know.
	Build *debug.BuildInfo
	// WorkDir is the user's working directory: if it is in a checkout of the
	// module, the checkout can be built.
	WorkDir string
	// CacheDir is where programs that had to be built are kept.
	CacheDir string
	// Env is the environment of the Go toolchain, in the form of os.Environ.
	Env []string
}

// An Image holds the built-in applications.
type Image struct {
	// Ref is splitcheck.dev/apps:HASH, with the first twelve hexadecimal digits
	// of the image's SHA-256: the same program makes the same image, another
	// program one with another name. It is never tagged "latest", so kubelets
	// do not look for it in a registry.
	Ref string
	// Open returns the image as an archive that `docker save` could have
	// written. It can be called any number of times.
	Open func() (io.ReadCloser, error)
	// Note says where the program came from if it is not the running one;
	// otherwise it is empty.
	Note string

	sessionKey string
}

// Build makes the image. It writes nothing except a program that had to be
// compiled, which goes into CacheDir. The archive is produced while it is read,
// from the program's file, which must not be deleted before.
func Build(ctx context.Context, o Options) (*Image, error) {
	found, err := findProgram(ctx, o)
	if err != nil {
		return nil, err
	}
	content, err := newLayer(found.path)
	if err != nil {
		return nil, fmt.Errorf("putting %s into an image: %w", found.path, err)
	}
	image, err := assemble(content, o.Arch)
	if err != nil {
		return nil, fmt.Errorf("making the image of the applications: %w", err)
	}
	id, err := image.ConfigName()
	if err != nil {
		return nil, fmt.Errorf("making the image of the applications: %w", err)
	}
	ref, err := name.NewTag(Repository + ":" + id.Hex[:12])
	if err != nil {
		return nil, fmt.Errorf("naming the image of the applications: %w", err)
	}
	return &Image{
		Ref:        Repository + ":" + id.Hex[:12],
		Open:       func() (io.ReadCloser, error) { return archive(ref, image), nil },
		Note:       found.note,
		sessionKey: rand.Text(),
	}, nil
}

// assemble describes the one layer as an image. It contains no time and nothing
// else that does not come from the program.
func assemble(content v1.Layer, arch string) (v1.Image, error) {
	image, err := mutate.ConfigFile(empty.Image, &v1.ConfigFile{
		OS: "linux", Architecture: arch,
		RootFS: v1.RootFS{Type: "layers"},
		Config: v1.Config{
			Entrypoint: []string{entry},
			WorkingDir: "/",
			// Containers in bundles listen on port 80. Prepare takes every
			// right from this user that is not needed for this.
			User: "0:0",
		},
	})
	if err != nil {
		return nil, err
	}
	return mutate.AppendLayers(image, content)
}

// archive writes the image while it is being read, so there is no copy of it on
// disk.
func archive(ref name.Reference, image v1.Image) io.ReadCloser {
	reader, writer := io.Pipe()
	go func() { writer.CloseWithError(tarball.Write(ref, image, writer)) }()
	return reader
}
