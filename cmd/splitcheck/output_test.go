package main

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/reports"
)

// open makes the outputs of -o flags in a folder.
func open(t *testing.T, folder string, formats ...string) (*outputs, error) {
	t.Helper()
	flags := outputFlags{formats: formats, std: streams{out: io.Discard, err: io.Discard, workDir: folder}}
	return flags.open(t.Context())
}

func TestOutputLeavesDevicesAndLinksInPlace(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(folder, "kept"), 0o700))
	kept := filepath.Join(folder, "kept", "report.json")
	require.NoError(t, os.WriteFile(kept, []byte("old"), 0o600))
	link := filepath.Join(folder, "link.json")
	require.NoError(t, os.Symlink(kept, link))
	device := filepath.Join(folder, "device")
	require.NoError(t, os.Symlink(os.DevNull, device))

	out, err := open(t, folder, "json=link.json", "json=device")
	require.NoError(t, err)
	require.NoError(t, out.write(&reports.Report{}))

	info, err := os.Lstat(link)
	require.NoError(t, err)
	assert.NotZero(t, info.Mode()&os.ModeSymlink, "the link is a link still")
	written, err := os.ReadFile(kept)
	require.NoError(t, err)
	assert.Contains(t, string(written), `"schema"`)
	info, err = os.Stat(kept)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm(), "what was private stays private")
	info, err = os.Stat(os.DevNull)
	require.NoError(t, err)
	assert.NotZero(t, info.Mode()&os.ModeDevice, "the device is a device still")
}

func TestOutputsThatCannotBe(t *testing.T) {
	folder := t.TempDir()
	for want, formats := range map[string][]string{
		"there is no folder " + filepath.Join(folder, "no") + "; make it first": {"json=no/x.json"},
		"is a folder; name a file in it":                                        {"json=."},
		"x.json is already taken":                                               {"json=x.json", "json=./x.json"},
	} {
		_, err := open(t, folder, formats...)
		assert.ErrorContains(t, err, want)
	}
	left, err := os.ReadDir(folder)
	require.NoError(t, err)
	assert.Empty(t, left, "nothing is left behind")
}
