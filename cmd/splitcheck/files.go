package main

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/splitcheck/splitcheck/internal/problems"
	"github.com/splitcheck/splitcheck/internal/runner"
	"github.com/splitcheck/splitcheck/scenarios"
)

// disk is the user's files. On a system with drives it is the working
// directory's.
func disk(std streams) scenarios.Disk {
	volume := filepath.VolumeName(std.workDir)
	root := volume + string(filepath.Separator)
	return scenarios.Disk{
		FS:         os.DirFS(root),
		WorkingDir: strings.TrimPrefix(filepath.ToSlash(std.workDir[len(volume):]), "/"),
	}
}

// findScenarios reads what the arguments name. The error holds every mistake in
// all of them.
func findScenarios(std streams, args []string) ([]*scenarios.Scenario, error) {
	var (
		list  []*scenarios.Scenario
		found problems.List
	)
	for _, arg := range args {
		more, mistakes := disk(std).Find(filepath.ToSlash(arg))
		list, found = append(list, more...), append(found, mistakes.Errors()...)
	}
	if len(found) > 0 {
		return nil, usage(found)
	}
	runner.Enter(std.secrets, list...)
	return list, nil
}
