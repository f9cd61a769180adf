package appimage

import (
	"debug/elf"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// machines are the architectures of nodes in ELF's words.
var machines = map[string]elf.Machine{
	"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64, "arm": elf.EM_ARM, "386": elf.EM_386,
	"ppc64le": elf.EM_PPC64, "riscv64": elf.EM_RISCV, "s390x": elf.EM_S390, "loong64": elf.EM_LOONGARCH,
}

// fit says why a program cannot run in the image, which holds nothing else: it
// must be one for linux/arch, and static.
func fit(executable, arch string) error {
	binary, err := elf.Open(executable)
	if malformed := (*elf.FormatError)(nil); errors.As(err, &malformed) {
		return fmt.Errorf("%s is not a Linux program", executable)
	}
	if err != nil {
		return fmt.Errorf("reading %s: %w", executable, err)
	}
	defer binary.Close()
	wanted, known := machines[arch]
	switch {
	case !known:
		err = fmt.Errorf("cannot be compared with the nodes' architecture %q, which is not known here", arch)
	case binary.Machine != wanted:
		err = fmt.Errorf("is built for %s", strings.TrimPrefix(binary.Machine.String(), "EM_"))
	case binary.Type != elf.ET_EXEC && binary.Type != elf.ET_DYN:
		err = errors.New("is not a program")
	case binary.OSABI != elf.ELFOSABI_NONE && binary.OSABI != elf.ELFOSABI_LINUX:
		// Go marks what it builds for the BSDs; for Linux it leaves the field
		// zero, as the C compilers do.
		err = fmt.Errorf("is built for %s", strings.TrimPrefix(binary.OSABI.String(), "ELFOSABI_"))
	case slices.ContainsFunc(binary.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP }):
		// Go links so where there is a C compiler, unless CGO_ENABLED is 0.
		err = errors.New("needs the C library of the system that it was built on")
	}
	if err != nil {
		return fmt.Errorf("%s %w", executable, err)
	}
	return nil
}
