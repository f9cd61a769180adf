package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestDocs runs every command of README and docs as a reader would type it, in
// a shell, one shell for each page, and compares what it prints with what the
// page shows. A block that shows no output, or an ellipsis, promises only that
// the command works. `go test ./cmd/splitcheck -run TestDocs -update` writes the
// outputs anew.
func TestDocs(t *testing.T) {
	pages, err := filepath.Glob("../../docs/*.md")
	require.NoError(t, err)
	pages = append(pages, "../../README.md", "../../CONTRIBUTING.md")
	commands := 0
	for _, page := range pages {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		steps := consoleSteps(string(text))
		commands += len(steps)
		if len(steps) == 0 {
			continue
		}
		t.Run(strings.TrimPrefix(page, "../../"), func(t *testing.T) {
			t.Parallel()
			printed := runPage(t, steps)
			if *update {
				require.NoError(t, os.WriteFile(page, []byte(showing(string(text), steps, printed)), 0o644))
			}
		})
	}
	assert.Greater(t, commands, 10, "the pages hold no commands: is the format of the blocks still ```console?")
}

// elsewhere are commands that a test cannot run from within a test; .ci/run
// runs the first two.
var elsewhere = map[string]bool{
	"go test ./...": true,
	"go test ./internal/simulate -run TestPage -update":                    true,
	"go test ./internal/simulate -run TestPage -timeout 60m -update -full": true,
	"go test -run '^$' -bench . -benchmem ./...":                           true,
	"go -C test/gatewayapi test -run TestSameSender .":                     true,
	"git clone https://github.com/splitcheck/splitcheck":                   true,
	"cd splitcheck": true,
	"go install github.com/splitcheck/splitcheck/cmd/splitcheck@latest": true,
}

// A consoleStep is one command of a page and the output shown for it.
type consoleStep struct {
	line    int
	command string
	output  string
	shown   bool
}

func consoleSteps(text string) []consoleStep {
	var (
		steps  []consoleStep
		inside bool
		number int
	)
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.HasPrefix(line, "```"):
			inside = line == "```console"
		case !inside:
		case strings.HasPrefix(line, "$ "):
			steps = append(steps, consoleStep{line: number, command: line[2:]})
		case len(steps) > 0 && strings.HasPrefix(line, "> ") && !steps[len(steps)-1].shown:
			steps[len(steps)-1].command += "\n" + line[2:]
		case len(steps) > 0:
			last := &steps[len(steps)-1]
			last.output += line + "\n"
			last.shown = true
		}
	}
	return steps
}

// runPage returns what each step has printed.
func runPage(t *testing.T, steps []consoleStep) []string {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	address := freeAddress(t)
	shell := exec.CommandContext(ctx, "bash", "--norc")
	shell.WaitDelay = 10 * time.Second // for what a page has left running
	shell.Dir = t.TempDir()
	// The commands that a page starts in the background end with its shell.
	shell.Env = append(os.Environ(), "NO_COLOR=1", "LC_ALL=C", "SPLITCHECK_TEST_ADDRESS="+address)
	stdin, err := shell.StdinPipe()
	require.NoError(t, err)
	read, write := io.Pipe()
	shell.Stdout, shell.Stderr = write, write
	require.NoError(t, shell.Start())
	output := bufio.NewReader(read)

	// How this checkout is run, and where its servers listen, is the page's
	// business; what they print is what is compared.
	asRun := strings.NewReplacer("go run ./cmd/splitcheck", "splitcheck", "127.0.0.1:8080", address, "localhost:8080", address)
	all := make([]string, len(steps))
	for i, step := range steps {
		if elsewhere[step.command] {
			continue
		}
		background := strings.HasSuffix(step.command, "&")
		_, err := fmt.Fprintf(stdin, "%s\n", asRun.Replace(step.command))
		require.NoError(t, err)
		if background {
			// A server says where it listens when it does.
			line := ""
			for !strings.Contains(line, "http://") {
				line, err = output.ReadString('\n')
				require.NoError(t, err, "line %d: %s ended before it listened", step.line, step.command)
			}
			continue
		}
		_, err = fmt.Fprintf(stdin, "status=$?; echo; echo \"<<<$status>>>\"; (exit $status)\n")
		require.NoError(t, err)
		var printed strings.Builder
		status := ""
		for status == "" {
			line, err := output.ReadString('\n')
			require.NoError(t, err, "line %d: %s", step.line, step.command)
			if match := statusLine.FindStringSubmatch(line); match != nil {
				status = match[1]
				break
			}
			printed.WriteString(line)
		}
		got := strings.ReplaceAll(printed.String(), address, "127.0.0.1:8080")
		assert.NotContains(t, []string{"2", "126", "127"}, status, "line %d: %s\n%s", step.line, step.command, got)
		all[i] = strings.TrimRight(got, "\n") + "\n"
		if step.promised() && !*update {
			assert.Equal(t, steady(step.output), steady(got), "line %d: %s prints something else than the page shows", step.line, step.command)
		}
	}
	_, _ = io.WriteString(stdin, "kill $(jobs -p) 2>/dev/null; wait; exit\n")
	go func() { _, _ = io.Copy(io.Discard, output) }()
	_ = shell.Wait()
	return all
}

// promised says whether a page shows the whole output of a step.
func (s consoleStep) promised() bool { return s.shown && !strings.Contains(s.output, "…\n") }

// showing is a page with the outputs that its commands have now.
func showing(text string, steps []consoleStep, printed []string) string {
	lines := strings.SplitAfter(text, "\n")
	var page strings.Builder
	next := 0
	for i, step := range steps {
		if !step.promised() || printed[i] == "" {
			continue
		}
		head := step.line + strings.Count(step.command, "\n")
		page.WriteString(strings.Join(lines[next:head], "") + printed[i])
		next = head + strings.Count(step.output, "\n")
	}
	return page.String() + strings.Join(lines[next:], "")
}

var (
	statusLine = regexp.MustCompile(`^<<<(\d+)>>>\n$`)
	// measured are figures that differ from run to run: times and rates.
	measured = regexp.MustCompile(`[0-9][0-9.,]*\s?(µs|ms|s|m[0-9]+s|requests/s|/s|a second)\b`)
	blanks   = regexp.MustCompile(`\s+`)
)

// steady removes from an output what differs from run to run: times and rates,
// and the line breaks that they move.
func steady(text string) string {
	return strings.TrimSpace(blanks.ReplaceAllString(measured.ReplaceAllString(text, "T"), " "))
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	return listener.Addr().String()
}
