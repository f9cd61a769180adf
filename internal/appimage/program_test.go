package appimage

import (
	"archive/tar"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestStatic builds a module for a platform that no test runs on and makes an
// image of it: built by the toolchain first, then taken as it is.
func TestStatic(t *testing.T) {
	o := checkoutOf(t, "example.com/tiny")
	o.Executable, o.Arch = writeText(t), "riscv64"
	image, err := Build(t.Context(), o)
	require.NoError(t, err)
	built := filepath.Join(o.CacheDir, "splitcheck-checkout-linux-riscv64")
	assert.Contains(t, image.Note, built)
	assert.Regexp(t, `^splitcheck\.dev/apps:[0-9a-f]{12}$`, image.Ref)
	assert.Equal(t, []string{"tmp/", "splitcheck"}, contents(t, image))

	again, err := Build(t.Context(), Options{Executable: built, Arch: "riscv64"})
	require.NoError(t, err)
	assert.Equal(t, image.Ref, again.Ref, "the same program makes the same image")
	assert.Empty(t, again.Note)
	assert.Equal(t, bytesOf(t, image), bytesOf(t, again))

	named, err := Build(t.Context(), Options{Executable: o.Executable, Arch: "riscv64", Binary: built})
	require.NoError(t, err)
	assert.Equal(t, image.Ref, named.Ref)
}

// TestNothingFits says all that was tried, and what to do.
func TestNothingFits(t *testing.T) {
	o := checkoutOf(t, "example.com/other")
	o.Executable, o.Arch = writeText(t), "arm64"
	o.Build.Main = debug.Module{Path: "example.com/tiny", Version: "(devel)"}
	_, err := Build(t.Context(), o)
	require.Error(t, err)
	for _, part := range []string{
		"pods of linux/arm64", "is not a Linux program", "a checkout of example.com/other, not of example.com/tiny",
		`"(devel)", is not one that can be downloaded`, BinaryVariable,
	} {
		assert.ErrorContains(t, err, part)
	}

	_, err = Build(t.Context(), Options{Executable: o.Executable, Arch: "arm64"})
	assert.ErrorContains(t, err, "does not know which module")
	_, err = Build(t.Context(), Options{Executable: "testdata/dynamic/program", Arch: "arm64"})
	assert.ErrorContains(t, err, "is built for X86_64")
	_, err = Build(t.Context(), Options{Binary: "testdata/dynamic/program", Arch: "arm64"})
	assert.ErrorContains(t, err, BinaryVariable+": testdata/dynamic/program is built for X86_64; give one for linux/arm64")
	_, err = Build(t.Context(), Options{Binary: "testdata/dynamic/program", Arch: "amd64"})
	assert.ErrorContains(t, err, "needs the C library of the system that it was built on; give one for linux/amd64, built with CGO_ENABLED=0")
}

// The examples are those of golang.org/ref/mod#pseudo-versions and of the
// versions that Go stamps into what it builds of a checkout.
func TestVersions(t *testing.T) {
	for version, want := range map[string][2]bool{
		"v1.2.3": {true, true}, "v1.2.3-rc.1": {true, true},
		"v0.0.0-20191109021931-daa7c04131f5":       {true, false},
		"v1.2.4-0.20191109021931-daa7c04131f5":     {true, false},
		"v0.0.0-20191109021931-daa7c04131f5+dirty": {false, false},
		"v1.2.3+dirty": {false, false}, "(devel)": {false, false}, "": {false, false},
	} {
		assert.Equal(t, want, [2]bool{fetchable(version), released(version)}, version)
	}
}

// checkoutOf is a module with a program in cmd/splitcheck, and options to build it.
func checkoutOf(t *testing.T, module string) Options {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "cmd/splitcheck"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module "+module+"\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "cmd/splitcheck/main.go"), []byte("package main\n\nfunc main() {}\n"), 0o600))
	return Options{
		Build:   &debug.BuildInfo{Main: debug.Module{Path: module, Version: "(devel)"}},
		WorkDir: dir, CacheDir: filepath.Join(t.TempDir(), "cache"), Env: os.Environ(),
	}
}

// writeText makes a file that is not a program of any platform.
func writeText(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "splitcheck")
	require.NoError(t, os.WriteFile(name, []byte("\xcf\xfa\xed\xfe a program of another system"), 0o600))
	return name
}

func bytesOf(t *testing.T, image *Image) []byte {
	t.Helper()
	archive, err := image.Open()
	require.NoError(t, err)
	defer archive.Close()
	data, err := io.ReadAll(archive)
	require.NoError(t, err)
	return data
}

// contents reads the image back with the library, by its own name, and lists
// what is in it.
func contents(t *testing.T, image *Image) []string {
	t.Helper()
	tag, err := name.NewTag(image.Ref)
	require.NoError(t, err)
	read, err := tarball.Image(image.Open, &tag)
	require.NoError(t, err)
	config, err := read.ConfigFile()
	require.NoError(t, err)
	assert.Equal(t, []string{"/splitcheck"}, config.Config.Entrypoint)
	layers, err := read.Layers()
	require.NoError(t, err)
	require.Len(t, layers, 1)
	content, err := layers[0].Uncompressed()
	require.NoError(t, err)
	defer content.Close()
	var names []string
	for in := tar.NewReader(content); ; {
		header, err := in.Next()
		if errors.Is(err, io.EOF) {
			return names
		}
		require.NoError(t, err)
		names = append(names, header.Name)
	}
}
