package appimage

import (
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// machines are the architectures of nodes in ELF's words.
var machines = map[string]elf.Machine{
	"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64, "arm": elf.EM_ARM, "386": elf.EM_386,
	"ppc64le": elf.EM_PPC64, "riscv64": elf.EM_RISCV, "s390x": elf.EM_S390, "loong64": elf.EM_LOONGARCH,
}

// librariesDir is where a program's libraries are in the image. LD_LIBRARY_PATH
// names it, so the interpreter finds them without the host's configuration.
const librariesDir = "usr/lib/splitcheck"

// fit says what has to be in the image for a program to run there: the program
// alone when it is static, its interpreter and libraries of this host as well
// when it is not. It fails for what no such image can run.
func fit(executable string, o Options) (program, error) {
	binary, err := elf.Open(executable)
	if malformed := (*elf.FormatError)(nil); errors.As(err, &malformed) {
		return program{}, fmt.Errorf("%s is not a Linux program", executable)
	}
	if err != nil {
		return program{}, fmt.Errorf("reading %s: %w", executable, err)
	}
	defer binary.Close()
	if err := runsOn(binary, o.Arch); err != nil {
		return program{}, fmt.Errorf("%s %w", executable, err)
	}
	found := program{path: executable, files: []file{{executable, strings.TrimPrefix(entry, "/")}}}
	interpreter, err := interpreterOf(binary)
	if err != nil {
		return program{}, fmt.Errorf("reading %s: %w", executable, err)
	}
	if interpreter == "" {
		return found, nil
	}
	if o.GOOS != "linux" {
		return program{}, fmt.Errorf("%s needs %s and libraries, which this system does not have", executable, interpreter)
	}
	libraries, err := libraries(binary, o.Root)
	if err != nil {
		return program{}, fmt.Errorf("%s: %w", executable, err)
	}
	found.files = append(found.files, file{filepath.Join(o.Root, interpreter), strings.TrimPrefix(path.Clean(interpreter), "/")})
	found.files = append(found.files, libraries...)
	found.libraryPath = "/" + librariesDir
	return found, nil
}

// runsOn says whether a program is one for linux/arch.
func runsOn(binary *elf.File, arch string) error {
	wanted, known := machines[arch]
	switch {
	case !known:
		return fmt.Errorf("cannot be compared with the nodes' architecture %q, which is not known here", arch)
	case binary.Machine != wanted:
		return fmt.Errorf("is built for %s", strings.TrimPrefix(binary.Machine.String(), "EM_"))
	case binary.Type != elf.ET_EXEC && binary.Type != elf.ET_DYN:
		return errors.New("is not a program")
	case binary.OSABI != elf.ELFOSABI_NONE && binary.OSABI != elf.ELFOSABI_LINUX:
		// Go marks what it builds for the BSDs; for Linux it leaves the field
		// zero, as the C compilers do.
		return fmt.Errorf("is built for %s", strings.TrimPrefix(binary.OSABI.String(), "ELFOSABI_"))
	}
	return nil
}

// interpreterOf is the dynamic linker that a program asks for; none is "".
func interpreterOf(binary *elf.File) (string, error) {
	for _, part := range binary.Progs {
		if part.Type != elf.PT_INTERP {
			continue
		}
		name := make([]byte, part.Filesz)
		if _, err := part.ReadAt(name, 0); err != nil {
			return "", fmt.Errorf("its interpreter's name: %w", err)
		}
		return strings.TrimRight(string(name), "\x00"), nil
	}
	return "", nil
}

// libraries finds what a program needs, and what that needs in turn, as the
// dynamic linker would. Libraries that are loaded later, by name, are not among
// them: the applications cause none to be.
func libraries(binary *elf.File, root string) ([]file, error) {
	var (
		found  []file
		search = searchPath(binary, root)
		queue  []string
		taken  = map[string]bool{}
	)
	queue, err := binary.ImportedLibraries()
	if err != nil {
		return nil, fmt.Errorf("its libraries' names: %w", err)
	}
	for len(queue) > 0 {
		name := queue[0]
		queue = queue[1:]
		if taken[name] {
			continue
		}
		taken[name] = true
		at, needs, err := lookUp(name, search, binary.Machine)
		if err != nil {
			return nil, err
		}
		found = append(found, file{at, path.Join(librariesDir, path.Base(name))})
		queue = append(queue, needs...)
	}
	return found, nil
}

// lookUp finds a library for a machine, and says what it needs itself. A folder
// may hold a library of the same name for another machine; the dynamic linker
// passes over it, and so does this.
func lookUp(name string, search []string, machine elf.Machine) (at string, needs []string, err error) {
	for _, dir := range search {
		at := filepath.Join(dir, name)
		library, err := elf.Open(at)
		if err != nil {
			continue
		}
		needs, err := library.ImportedLibraries()
		matches := library.Machine == machine
		library.Close()
		if matches && err == nil {
			return at, needs, nil
		}
	}
	return "", nil, fmt.Errorf("it needs the library %s, which is in none of %s", name, strings.Join(search, ", "))
}

// searchPath lists the folders that libraries are looked for in: those the
// program names itself, its interpreter's own, those of the system's
// configuration, those that the C libraries know without any.
func searchPath(binary *elf.File, root string) []string {
	var dirs []string
	for _, tag := range []elf.DynTag{elf.DT_RPATH, elf.DT_RUNPATH} {
		values, _ := binary.DynString(tag)
		for _, value := range values {
			dirs = append(dirs, strings.Split(value, ":")...)
		}
	}
	if interpreter, err := interpreterOf(binary); err == nil && interpreter != "" {
		dirs = append(dirs, path.Dir(interpreter))
	}
	dirs = append(dirs, configured(root)...)
	triplets, _ := filepath.Glob(filepath.Join(root, "/lib/*-linux-*"))
	for _, triplet := range triplets {
		dirs = append(dirs, "/lib/"+filepath.Base(triplet), "/usr/lib/"+filepath.Base(triplet))
	}
	dirs = append(dirs, "/lib64", "/usr/lib64", "/lib", "/usr/lib", "/usr/local/lib")
	var search []string
	for _, dir := range dirs {
		// $ORIGIN and its like are for programs that bring their libraries with
		// them, which splitcheck does not.
		if path.IsAbs(dir) && !slices.Contains(search, filepath.Join(root, dir)) {
			search = append(search, filepath.Join(root, dir))
		}
	}
	return search
}

// configured reads the folders named in /etc/ld.so.conf and in the files that
// it includes, one on each line.
func configured(root string) []string {
	files, _ := filepath.Glob(filepath.Join(root, "/etc/ld.so.conf.d/*.conf"))
	var dirs []string
	for _, name := range append(files, filepath.Join(root, "/etc/ld.so.conf")) {
		text, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(text)) {
			line, _, _ = strings.Cut(line, "#")
			dirs = append(dirs, strings.TrimSpace(line))
		}
	}
	return dirs
}
