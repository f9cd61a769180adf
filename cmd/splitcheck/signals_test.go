package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/reports"
)

// A process is the program as the system runs it: signals and pipes are real.
type process struct {
	*exec.Cmd
	in         io.WriteCloser
	alive      context.Context
	said, errs bytes.Buffer
}

// startProcess starts the program in a folder. One that does not end is killed
// before the test's own time is over.
func startProcess(t *testing.T, dir string, args ...string) *process {
	t.Helper()
	// A test under nohup ignores SIGHUP, and so would the program. What is handled
	// here has its default there.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	p := &process{Cmd: exec.CommandContext(ctx, "splitcheck", args...)}
	p.Dir, p.Env = dir, append(os.Environ(), "LC_ALL=C")
	p.Stdout, p.Stderr = &p.said, &p.errs
	var err error
	p.in, err = p.StdinPipe()
	require.NoError(t, err)
	p.start(t)
	return p
}

func (p *process) start(t *testing.T) {
	t.Helper()
	var ended context.CancelFunc
	p.alive, ended = context.WithCancel(context.Background())
	require.NoError(t, p.Start())
	go func() {
		_ = p.Wait()
		ended()
	}()
}

// ends says with which exit code the process ends.
func (p *process) ends() int {
	<-p.alive.Done()
	return p.ProcessState.ExitCode()
}

// meet opens the end of a pipe that the process does not have, which returns when
// the process opens its own.
func (p *process) meet(t *testing.T, path string, flag int) *os.File {
	t.Helper()
	file, err := await(p.alive, func() (*os.File, error) { return os.OpenFile(path, flag, 0) })
	require.NoError(t, err, "the process has ended: %s%s", &p.said, &p.errs)
	t.Cleanup(func() { file.Close() })
	return file
}

func fifo(t *testing.T, dir, name string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	return path
}

// The first signal ends whatever the program waits for.
func TestTheFirstSignalEnds(t *testing.T) {
	question := []string{"--expect", "v1=90,v2=10"}
	for name, run := range map[string]func(t *testing.T, dir string) *process{
		"analyze -": func(t *testing.T, dir string) *process {
			p := startProcess(t, dir, append([]string{"analyze", "-"}, question...)...)
			// More than a pipe holds: it has been read from when all is written.
			_, err := io.WriteString(p.in, strings.Repeat("v1\n", 1<<16))
			require.NoError(t, err)
			return p
		},
		"report -": func(t *testing.T, dir string) *process {
			p := startProcess(t, dir, "report", "-")
			_, err := io.WriteString(p.in, strings.Repeat(" ", 1<<18))
			require.NoError(t, err)
			return p
		},
		"analyze FIFO": func(t *testing.T, dir string) *process {
			path := fifo(t, dir, "in")
			p := startProcess(t, dir, append([]string{"analyze", "in"}, question...)...)
			p.meet(t, path, os.O_WRONLY)
			return p
		},
		"report FIFO": func(t *testing.T, dir string) *process {
			path := fifo(t, dir, "in")
			p := startProcess(t, dir, "report", "in")
			p.meet(t, path, os.O_WRONLY)
			return p
		},
		"run -o json=FIFO that nobody reads": func(t *testing.T, dir string) *process {
			first := fifo(t, dir, "first")
			fifo(t, dir, "second")
			p := startProcess(t, dir, "run", "version-test-90-10", "-o", "json=first", "-o", "json=second")
			p.meet(t, first, os.O_RDONLY)
			return p
		},
		"report -o json=FIFO that is not read to its end": func(t *testing.T, dir string) *process {
			path := fifo(t, dir, "out")
			long := &reports.Report{Target: reports.Target{Kind: "sim"}, Generator: strings.Repeat("x", 1<<18)}
			long.Finish()
			saved, err := os.Create(filepath.Join(dir, "in"))
			require.NoError(t, err)
			require.NoError(t, reports.JSON(saved, long))
			require.NoError(t, saved.Close())
			p := startProcess(t, dir, "report", "in", "-o", "json=out")
			_, err = io.ReadFull(p.meet(t, path, os.O_RDONLY), make([]byte, 1))
			require.NoError(t, err)
			return p
		},
	} {
		for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
			t.Run(name+"/"+signal.String(), func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				p := run(t, dir)
				require.NoError(t, p.Process.Signal(signal))
				assert.Equal(t, reports.ExitInterrupted, p.ends(), "%s%s", &p.said, &p.errs)
				if !strings.HasSuffix(name, "end") {
					assert.Equal(t, "splitcheck: interrupted\n", p.errs.String())
				}
				nothingBeside(t, dir, "in", "first", "second", "out")
			})
		}
	}
}

// nothingBeside says that a folder holds no other file.
func nothingBeside(t *testing.T, dir string, names ...string) {
	t.Helper()
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, file := range left {
		assert.Contains(t, names, file.Name(), "a file that nobody asked for")
	}
}

func readSaved(t *testing.T, path string) *reports.Report {
	t.Helper()
	file, err := os.Open(path)
	require.NoError(t, err)
	defer file.Close()
	saved, err := reports.Read(file)
	require.NoError(t, err)
	return saved
}

// A sample that is cut has a report, whole and honest, and the table says what the
// program returns.
func TestASampleThatIsCut(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			dir, asked := t.TempDir(), make(chan struct{})
			var once sync.Once
			server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				once.Do(func() { close(asked) })
				<-r.Context().Done()
			}))
			defer server.Close()
			p := startProcess(t, dir, "verify", server.URL, "--expect", "v1=90,v2=10", "--identify", "status", "-o", "json=r.json", "--timeout", "50s")
			<-asked
			require.NoError(t, p.Process.Signal(signal))
			assert.Equal(t, reports.ExitInterrupted, p.ends(), "%s%s", &p.said, &p.errs)
			assert.Contains(t, p.said.String(), "INTERRUPTED · exit code 130")
			saved := readSaved(t, filepath.Join(dir, "r.json"))
			assert.True(t, saved.Interrupted)
			assert.NotEqual(t, analysis.Verified, saved.Verdict)
			nothingBeside(t, dir, "r.json")
		})
	}
}

// Who reads standard output may stop when it has seen enough: reports are whole all
// the same, and the exit code is the verdict's.
func TestAReaderThatHasGone(t *testing.T) {
	dir := t.TempDir()
	read, write, err := os.Pipe()
	require.NoError(t, err)
	require.NoError(t, read.Close())
	p := &process{Cmd: exec.CommandContext(t.Context(), "splitcheck", "run", "version-test-90-10", "-o", "json=r.json")}
	p.Dir, p.Stdout, p.Stderr = dir, write, &p.errs
	p.start(t)
	assert.Zero(t, p.ends())
	require.NoError(t, write.Close())
	assert.Empty(t, p.errs.String())
	assert.Equal(t, analysis.Verified, readSaved(t, filepath.Join(dir, "r.json")).Verdict)
	nothingBeside(t, dir, "r.json")
}

// Where a report cannot be written, the table ends with the code that is returned.
func TestAReportThatCannotBeWritten(t *testing.T) {
	dir, gone := t.TempDir(), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-gone }))
	defer server.Close()
	path := fifo(t, dir, "out")
	p := startProcess(t, dir, "verify", server.URL, "--expect", "200=1", "--identify", "status", "--rate", "0", "-o", "json=out", "-o", "json=r.json")
	// Whoever reads the pipe goes before the report is there.
	require.NoError(t, p.meet(t, path, os.O_RDONLY).Close())
	close(gone)
	assert.Equal(t, reports.ExitNotMeasured, p.ends())
	assert.Contains(t, p.said.String(), "VERIFIED, but a report could not be written · exit code 5\n")
	assert.Contains(t, p.errs.String(), "splitcheck: writing the report: "+path+": broken pipe\n")
	assert.Equal(t, analysis.Verified, readSaved(t, filepath.Join(dir, "r.json")).Verdict, "the other one is whole")
	nothingBeside(t, dir, "out", "r.json")
}
