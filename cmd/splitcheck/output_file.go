package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/splitcheck/splitcheck/internal/outward"
)

// outputFile is a file that a document will be written to.
type outputFile struct {
	ctx context.Context
	// path is what is replaced when the document is whole.
	path string
	mode os.FileMode
	// inPlace is what path is if it is no file but a device or a pipe, which has to
	// be written to as it is: putting a file in its place would take it away from
	// everybody else. Else it is nil.
	inPlace *os.File
}

// openOutput tries whether a file can be made in the folder of path, and leaves
// none behind: a process that is killed must not either. What is there and is no
// file is opened. A link keeps pointing where it did. ctx bounds all waiting: for
// a pipe to be opened there must be somebody who reads it.
func openOutput(ctx context.Context, path string) (*outputFile, error) {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	out := &outputFile{ctx: ctx, path: path, mode: 0o644}
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return nil, errors.New("is a folder; name a file in it")
	case err == nil && !info.Mode().IsRegular():
		out.inPlace, err = await(ctx, func() (*os.File, error) { return os.OpenFile(path, os.O_WRONLY, 0) })
		return out, reason(err)
	case err == nil:
		out.mode = info.Mode().Perm()
	}
	folder := filepath.Dir(path)
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("there is no folder %s; make it first", folder)
	}
	tried, err := out.beside()
	if err != nil {
		return nil, reason(err)
	}
	return out, errors.Join(tried.Close(), os.Remove(tried.Name()))
}

// beside makes a new file next to the one that will be there.
func (f *outputFile) beside() (*os.File, error) {
	return os.CreateTemp(filepath.Dir(f.path), "."+filepath.Base(f.path)+".*")
}

// reason is what is wrong with a file, without its path, which the caller says
// as the user typed it.
func reason(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// write renders the document and then writes it: into a file of its own, which
// gets the name of path when it is whole, so that whoever reads path sees a whole
// document or none; or to the pipe or device that path is.
func (f *outputFile) write(render func(io.Writer) error) error {
	defer f.close()
	var document bytes.Buffer
	if err := render(&document); err != nil {
		return err
	}
	if f.inPlace != nil {
		_, err := (&awaitedWriter{ctx: f.ctx, to: f.inPlace}).Write(document.Bytes())
		return named(f.path, err)
	}
	file, err := f.beside()
	if err != nil {
		return named(f.path, err)
	}
	_, err = file.Write(document.Bytes())
	if err == nil {
		err = file.Chmod(f.mode)
	}
	// Some file systems say only now that they had no room.
	err = errors.Join(err, file.Close())
	if err == nil {
		err = os.Rename(file.Name(), f.path)
	}
	if err != nil {
		os.Remove(file.Name())
	}
	return named(f.path, err)
}

// named says of which file an error is; the name of the one beside it tells nobody
// anything.
func named(path string, err error) error {
	if err == nil {
		return nil
	}
	var link *os.LinkError
	if errors.As(err, &link) {
		err = link.Err
	}
	return fmt.Errorf("%s: %w", path, reason(err))
}

// close lets go of a pipe or a device.
func (f *outputFile) close() {
	if f.inPlace != nil {
		f.inPlace.Close()
	}
}

// single is where a command writes its only document: FORMAT means standard
// output, FORMAT=FILE a file, as everywhere. A file that cannot be written is told
// before the work, not after.
func single(ctx context.Context, std streams, output string) (format string, write func(render func(io.Writer) error) error, err error) {
	format, path, toFile := strings.Cut(output, "=")
	switch {
	case !toFile:
		return format, func(render func(io.Writer) error) error { return render(drawn(std.out, std.outTTY)) }, nil
	case path == "":
		return format, nil, usagef("-o %s: the file's name is missing", output)
	}
	file, err := openOutput(ctx, absolute(std, path))
	if err != nil {
		return format, nil, usagef("-o %s: %w", output, err)
	}
	return format, func(render func(io.Writer) error) error {
		return file.write(func(w io.Writer) error { return render(outward.NewWriter(w)) })
	}, nil
}
