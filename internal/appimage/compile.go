package appimage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// command is the program's place in its module.
const command = "/cmd/splitcheck"

// compile builds the running program's module for the nodes with the Go
// toolchain, if there is one. It returns the program's path, or "" and why each
// way to build it failed.
func compile(ctx context.Context, o Options) (built string, reasons []string) {
	if o.Build == nil || o.Build.Main.Path == "" {
		return "", []string{"this program does not know which module it was built from"}
	}
	toolchain := goTool{o: o}
	if _, err := exec.LookPath("go"); err != nil {
		return "", []string{"there is no Go toolchain (`go`) on the PATH"}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, compileTimeout,
		fmt.Errorf("it was not done after %v", compileTimeout))
	defer cancel()

	version := o.Build.Main.Version
	var ways []func(context.Context) (string, error)
	if released(version) {
		// A release contains what its version says; a checkout in which the
		// user happens to be may contain anything.
		ways = append(ways, func(ctx context.Context) (string, error) { return toolchain.fetched(ctx, version) })
	}
	ways = append(ways, toolchain.checkout)
	if !released(version) && fetchable(version) {
		ways = append(ways, func(ctx context.Context) (string, error) { return toolchain.fetched(ctx, version) })
	}
	for _, way := range ways {
		built, err := way(ctx)
		if err == nil {
			return built, nil
		}
		reasons = append(reasons, err.Error())
	}
	if !fetchable(version) {
		reasons = append(reasons, fmt.Sprintf("its version, %q, is not one that can be downloaded", version))
	}
	return "", reasons
}

// A pseudo-version ends in a time and a commit: golang.org/ref/mod#pseudo-versions.
var (
	pseudo  = regexp.MustCompile(`[-.]\d{14}-[0-9a-f]{12}(\+|$)`)
	version = regexp.MustCompile(`^v\d+\.\d+\.\d+`)
)

// fetchable says whether a module proxy can have a version: a build of changed
// files says "+dirty", one of an unknown state "(devel)".
func fetchable(v string) bool { return version.MatchString(v) && !strings.Contains(v, "+dirty") }

func released(v string) bool { return fetchable(v) && !pseudo.MatchString(v) }

// A goTool runs the Go toolchain.
type goTool struct{ o Options }

// fetched builds a version of the module that a module proxy serves, as `go
// install` would. It creates a module of its own for this, because `go install`
// refuses to write programs for other platforms to GOBIN.
func (g goTool) fetched(ctx context.Context, version string) (string, error) {
	module := g.o.Build.Main.Path
	dir, err := os.MkdirTemp(g.o.CacheDir, "module-")
	if err != nil {
		return "", fmt.Errorf("making a folder to build in: %w", err)
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module splitcheck.dev/build\n"), 0o600); err != nil {
		return "", fmt.Errorf("making a folder to build in: %w", err)
	}
	if err := g.run(ctx, dir, nil, "get", module+command+"@"+version); err != nil {
		return "", err
	}
	return g.build(ctx, dir, version, module+command)
}

// checkout builds the module in which the user is, if it is the program's.
func (g goTool) checkout(ctx context.Context) (string, error) {
	var found bytes.Buffer
	module := g.o.Build.Main.Path
	if err := g.run(ctx, g.o.WorkDir, &found, "list", "-m", "-f", "{{.Path}}\n{{.Dir}}"); err != nil {
		return "", fmt.Errorf("%s is not in a checkout of %s", g.o.WorkDir, module)
	}
	name, dir, _ := strings.Cut(strings.TrimSpace(found.String()), "\n")
	if name != module {
		return "", fmt.Errorf("%s is in a checkout of %s, not of %s", g.o.WorkDir, name, module)
	}
	return g.build(ctx, dir, "checkout", "."+command)
}

// build compiles a package for the nodes and moves the program to its place when
// it is whole.
func (g goTool) build(ctx context.Context, dir, version, pkg string) (string, error) {
	if err := os.MkdirAll(g.o.CacheDir, 0o755); err != nil {
		return "", fmt.Errorf("making a folder to keep the program in: %w", err)
	}
	place := filepath.Join(g.o.CacheDir, fmt.Sprintf("splitcheck-%s-linux-%s", version, g.o.Arch))
	partial, err := os.MkdirTemp(g.o.CacheDir, "build-")
	if err != nil {
		return "", fmt.Errorf("making a folder to build in: %w", err)
	}
	defer os.RemoveAll(partial)
	program := filepath.Join(partial, "splitcheck")
	if err := g.run(ctx, dir, nil, "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", program, pkg); err != nil {
		return "", err
	}
	if err := os.Rename(program, place); err != nil {
		return "", fmt.Errorf("keeping the program that was built: %w", err)
	}
	return place, nil
}

// run executes one command of the toolchain for the nodes' platform; out may be
// nil. Its error ends with the last lines of the toolchain's output.
func (g goTool) run(ctx context.Context, dir string, out *bytes.Buffer, args ...string) error {
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	// If a variable is set twice, the later setting counts. A workspace of the
	// user's is not part of the module.
	cmd.Env = append(g.o.Env[:len(g.o.Env):len(g.o.Env)], "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+g.o.Arch, "GOWORK=off")
	cmd.Stderr = &said
	if out != nil {
		cmd.Stdout = out
	}
	cmd.WaitDelay = lingering
	err := cmd.Run()
	if ctx.Err() != nil {
		return fmt.Errorf("`go %s`: %w", strings.Join(args, " "), context.Cause(ctx))
	}
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		lines := strings.Split(strings.TrimSpace(said.String()), "\n")
		return fmt.Errorf("`go %s`: %s", strings.Join(args, " "), strings.Join(lines[max(0, len(lines)-3):], "; "))
	}
	if err != nil {
		return fmt.Errorf("`go %s`: %w", strings.Join(args, " "), err)
	}
	return nil
}
