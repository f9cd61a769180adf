package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// outputFile is a file that a document will be written to.
type outputFile struct {
	// path is what is replaced when the document is whole.
	path string
	file *os.File
	// inPlace says that path is no file but a device or a pipe, which has to be
	// written to as it is: putting a file in its place would take it away from
	// everybody else.
	inPlace bool
	mode    os.FileMode
}

// openOutput makes a file in the folder of path to be renamed to it, or opens
// what is there if it is not a file. A link keeps pointing where it did.
func openOutput(path string) (*outputFile, error) {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	out := &outputFile{path: path, mode: 0o644}
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return nil, errors.New("is a folder; name a file in it")
	case err == nil && !info.Mode().IsRegular():
		out.inPlace = true
		out.file, err = os.OpenFile(path, os.O_WRONLY, 0)
		return out, reason(err)
	case err == nil:
		out.mode = info.Mode().Perm()
	}
	folder := filepath.Dir(path)
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("there is no folder %s; make it first", folder)
	}
	out.file, err = os.CreateTemp(folder, "."+filepath.Base(path)+".*")
	return out, reason(err)
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

// write renders into a file of its own and then gives it its name, so that
// whoever reads path sees a whole document or none.
func (f *outputFile) write(render func(io.Writer) error) error {
	var buffer bytes.Buffer
	err := render(&buffer)
	if err == nil {
		_, err = f.file.Write(buffer.Bytes())
	}
	if closed := f.file.Close(); err == nil {
		err = closed
	}
	if f.inPlace {
		return err
	}
	if err == nil {
		err = os.Chmod(f.file.Name(), f.mode)
	}
	if err == nil {
		err = os.Rename(f.file.Name(), f.path)
	}
	if err != nil {
		os.Remove(f.file.Name())
	}
	return err
}

// discard removes the file that was made and not written.
func (f *outputFile) discard() {
	f.file.Close()
	if !f.inPlace {
		os.Remove(f.file.Name())
	}
}

// single is where a command writes its only document: FORMAT means standard
// output, FORMAT=FILE a file, as everywhere.
func single(std streams, output string) (format string, write func(render func(io.Writer) error) error, err error) {
	format, path, toFile := strings.Cut(output, "=")
	switch {
	case !toFile:
		return format, func(render func(io.Writer) error) error { return render(std.out) }, nil
	case path == "":
		return format, nil, usagef("-o %s: the file's name is missing", output)
	}
	// A file that cannot be made is told before the work, not after.
	tried, err := openOutput(absolute(std, path))
	if err != nil {
		return format, nil, usagef("-o %s: %w", output, err)
	}
	tried.discard()
	return format, func(render func(io.Writer) error) error {
		file, err := openOutput(absolute(std, path))
		if err != nil {
			return fmt.Errorf("-o %s: %w", output, err)
		}
		return file.write(render)
	}, nil
}
