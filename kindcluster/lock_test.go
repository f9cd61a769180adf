package kindcluster

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// nobody is there to be waited for.
func nobody(t *testing.T) func(string) {
	return func(other string) { t.Errorf("waits for %q", other) }
}

// The second waits until the first has ended, and says for whom.
func TestTheSecondWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir() + "/new"
		release, err := Lock(t.Context(), "one", dir, nobody(t))
		require.NoError(t, err)
		other, err := Lock(t.Context(), "two", dir, nobody(t))
		require.NoError(t, err, "another cluster is another lock")
		other()

		began, waits := time.Now(), ""
		time.AfterFunc(time.Minute, release)
		second, err := Lock(t.Context(), "one", dir, func(other string) { waits = other })
		require.NoError(t, err)
		defer second()
		assert.Equal(t, "process "+strconv.Itoa(os.Getpid()), waits)
		assert.GreaterOrEqual(t, time.Since(began), time.Minute)
		assert.LessOrEqual(t, time.Since(began), time.Minute+pollInterval)
	})
}

func TestTheWaitEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		release, err := Lock(t.Context(), "one", dir, nobody(t))
		require.NoError(t, err)
		defer release()

		interrupted, interrupt := context.WithCancel(t.Context())
		_, err = Lock(interrupted, "one", dir, func(string) { interrupt() })
		assert.Equal(t, context.Canceled, err, "Ctrl-C ends it")

		began := time.Now()
		_, err = Lock(t.Context(), "one", dir, func(string) {})
		assert.ErrorContains(t, err, fmt.Sprintf("another splitcheck (process %d) has been working on the cluster \"one\" for 30m0s; wait until it ends, or stop it, or give", os.Getpid()))
		assert.Equal(t, lockTimeout, time.Since(began))
	})
}

// A process that is killed leaves no lock: the kernel takes it back.
func TestAKilledHolder(t *testing.T) {
	const variable = "SPLITCHECK_TEST_HOLDS"
	if dir := os.Getenv(variable); dir != "" {
		_, err := Lock(t.Context(), "one", dir, nobody(t))
		fmt.Println("holds it:", err)
		select {}
	}
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestAKilledHolder$")
	cmd.Env = append(os.Environ(), variable+"="+dir)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "holds it: <nil>\n", line)
	release, err := Lock(t.Context(), "one", dir, func(other string) {
		assert.Equal(t, "process "+strconv.Itoa(cmd.Process.Pid), other)
		assert.NoError(t, cmd.Process.Kill())
		assert.Error(t, cmd.Wait(), "it was killed")
	})
	require.NoError(t, err)
	release()
}

// A cache folder that cannot be made is told as it is everywhere.
func TestNoPlaceForALock(t *testing.T) {
	file := t.TempDir() + "/file"
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := Lock(t.Context(), "one", file, nobody(t))
	assert.ErrorContains(t, err, "set XDG_CACHE_HOME")
}
