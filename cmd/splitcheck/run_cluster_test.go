package main

import (
	"bytes"
	"context"
	"debug/elf"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/splitcheck/splitcheck/internal/appimage"
	"github.com/splitcheck/splitcheck/internal/cluster"
	"github.com/splitcheck/splitcheck/internal/kube/kubetest"
	"github.com/splitcheck/splitcheck/kindcluster"
)

// program writes the shortest file that is a Linux program for riscv64, which no
// test runs on.
func program(t *testing.T) string {
	t.Helper()
	var file bytes.Buffer
	header := elf.Header64{
		Ident: [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)},
		Type:  uint16(elf.ET_EXEC), Machine: uint16(elf.EM_RISCV), Version: uint32(elf.EV_CURRENT), Ehsize: 64,
	}
	require.NoError(t, binary.Write(&file, binary.LittleEndian, header))
	name := filepath.Join(t.TempDir(), "splitcheck-riscv64")
	require.NoError(t, os.WriteFile(name, file.Bytes(), 0o755))
	return name
}

// The program that the variable names is the one that runs in the pods, and the
// step says so.
func TestTheApplicationsProgramIsNamed(t *testing.T) {
	named := program(t)
	t.Setenv(appimage.BinaryVariable, named)
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	nodes := kubetest.New(&corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "one", Labels: map[string]string{corev1.LabelArchStable: "riscv64"}}}).Client()
	loaded := ""
	load := func(_ context.Context, open func() (io.ReadCloser, error), ref string) error {
		archive, err := open()
		require.NoError(t, err)
		defer archive.Close()
		_, err = io.Copy(io.Discard, archive)
		loaded = ref
		return err
	}
	var said bytes.Buffer
	var options cluster.Options
	require.NoError(t, loadApps(t.Context(), streams{err: &said}, load, nodes, kindcluster.Builtin, &options))
	assert.Regexp(t, `^splitcheck\.dev/apps:`, loaded)
	assert.NotNil(t, options.Prepare)
	assert.Regexp(t, `(?m)^ ✓ Loading the applications \(\d+\.\d s\)\n   the applications run `+named+`$`, said.String())

	said.Reset()
	t.Setenv(appimage.BinaryVariable, named+".missing")
	err := loadApps(t.Context(), streams{err: &said}, load, nodes, kindcluster.Builtin, &options)
	assert.ErrorContains(t, err, "SPLITCHECK_APP_BINARY")
	assert.ErrorContains(t, err, named+".missing")
	assert.Contains(t, said.String(), "✗ Loading the applications")
}
