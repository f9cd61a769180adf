package scenarios

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/problems"
	"github.com/splitcheck/splitcheck/internal/strict"
)

// Disk is the user's files. Names are with slashes, absolute or relative to the
// working directory, and problems show them as the user wrote them.
type Disk struct {
	// FS holds everything from the root of the file system on, so that names
	// with .. in them can be followed.
	FS fs.FS
	// WorkingDir is the working directory within FS, without a slash at its
	// beginning.
	WorkingDir string
}

// A source is where files are read from.
type source struct {
	fsys fs.FS
	dir  string
	// prefix goes before the name of a file where it is shown.
	prefix string
}

func (d Disk) source() source { return source{fsys: d.FS, dir: d.WorkingDir} }

// resolve returns the name of a file within the source's file system.
func (s source) resolve(name string) string {
	if !path.IsAbs(name) {
		name = path.Join("/", s.dir, name)
	}
	// Cleaning an absolute path cannot leave it above the root.
	name = strings.TrimPrefix(path.Clean(name), "/")
	if name == "" {
		return "."
	}
	return name
}

// shown is how problems name a file.
func (s source) shown(name string) string { return s.prefix + name }

// Relative is how a Source names a file of the user's.
func (d Disk) Relative(name string) string { return d.source().annotated(name) }

// annotated is how a Source names a file; it is empty for those of the library,
// which nobody finds on disk.
func (s source) annotated(name string) string {
	if s.prefix != "" {
		return ""
	}
	name = path.Clean(name)
	inside, ok := strings.CutPrefix(name, path.Join("/", s.dir)+"/")
	if ok {
		return inside
	}
	return name
}

var errTooLarge = fmt.Errorf("it is larger than %d MiB; is this the file you meant?", strict.MaxFileSize>>20)

// read reads a regular file of bounded size: opening a pipe or a device could
// wait or go on for ever.
func (s source) read(name string) ([]byte, error) {
	file := s.resolve(name)
	info, err := fs.Stat(s.fsys, file)
	switch {
	case err != nil:
		return nil, plainError(err)
	case info.IsDir():
		return nil, errors.New("it is a folder")
	case !info.Mode().IsRegular():
		return nil, errors.New("it is not a regular file")
	case info.Size() > strict.MaxFileSize:
		return nil, errTooLarge
	}
	f, err := s.fsys.Open(file)
	if err != nil {
		return nil, plainError(err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, strict.MaxFileSize+1))
	if err != nil {
		return nil, plainError(err)
	}
	if len(data) > strict.MaxFileSize {
		return nil, errTooLarge
	}
	return data, nil
}

// plainError takes the operation and the path off an error of fs: the message
// names the file already, as the user wrote it.
func plainError(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return errors.New("there is no such file")
	}
	var wrapped *fs.PathError
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}

// yamlFiles lists the YAML files of a folder, in the order of their names.
func (s source) yamlFiles(folder string) ([]string, error) {
	found, err := fs.ReadDir(s.fsys, s.resolve(folder))
	if err != nil {
		return nil, plainError(err)
	}
	var names []string
	for _, each := range found {
		if isYAML(each.Name()) && !each.IsDir() {
			names = append(names, path.Join(folder, each.Name()))
		}
	}
	slices.Sort(names)
	return names, nil
}

func (s source) folders(folder string) []string {
	found, err := fs.ReadDir(s.fsys, s.resolve(folder))
	if err != nil {
		return nil
	}
	var names []string
	for _, each := range found {
		if each.IsDir() {
			names = append(names, path.Join(folder, each.Name()))
		}
	}
	return names
}

func (s source) isDir(name string) bool {
	info, err := fs.Stat(s.fsys, s.resolve(name))
	return err == nil && info.IsDir()
}

func isYAML(name string) bool {
	switch path.Ext(name) {
	case ".yaml", ".yml", ".json":
		return true
	}
	return false
}

// objects decodes a file of manifests, or every YAML file of a folder.
func (s source) objects(name string) ([]manifests.Object, problems.List, error) {
	files := []string{name}
	if s.isDir(name) {
		var err error
		if files, err = s.yamlFiles(name); err != nil {
			return nil, nil, err
		}
		if len(files) == 0 {
			return nil, nil, errors.New("the folder holds no YAML files")
		}
	}
	var (
		objects []manifests.Object
		found   problems.List
	)
	for _, file := range files {
		data, err := s.read(file)
		if err != nil {
			return nil, nil, err
		}
		more, mistakes := manifests.Decode(s.shown(file), data)
		objects, found = append(objects, more...), append(found, mistakes...)
	}
	return objects, found, nil
}

// similar suggests a file of the same folder for one that is not there.
func (s source) similar(name string) string {
	files, _ := s.yamlFiles(path.Dir(name))
	for i := range files {
		files[i] = path.Base(files[i])
	}
	return problems.Nearest(path.Base(name), files)
}
