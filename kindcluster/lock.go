package kindcluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/gofrs/flock"
)

// Lock waits until no other splitcheck on this machine changes the cluster of
// that name. It keeps others waiting until release is called or the process
// ends in any way: of two runs at the same time, each would remove the objects
// of the other. waiting is called once if another process holds the lock, with
// what is known about it ("process 123", or "").
//
// The locked file is not deleted. Otherwise one process could lock the deleted
// file while the next one locks a new one.
func Lock(ctx context.Context, name, cacheDir string, waiting func(other string)) (release func(), err error) {
	if err := os.MkdirAll(cacheDir, 0o755); err != nil {
		return nil, diskFull(cacheDir, err)
	}
	file := filepath.Join(cacheDir, name+".lock")
	lock := flock.New(file)
	locked, err := lock.TryLock()
	if err != nil {
		return nil, diskFull(cacheDir, err)
	}
	if !locked {
		waiting(holder(file))
		limit, cancel := context.WithTimeout(ctx, lockTimeout)
		defer cancel()
		// The kernel's own waiting cannot be interrupted.
		locked, err = lock.TryLockContext(limit, pollInterval)
	}
	switch {
	case locked:
		// This is for the message of processes that wait. It does no harm if it
		// cannot be written.
		_ = os.WriteFile(file, []byte(strconv.Itoa(os.Getpid())), 0o600)
		return func() { _ = lock.Close() }, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil && !errors.Is(err, context.DeadlineExceeded):
		return nil, diskFull(cacheDir, err)
	}
	other := "another splitcheck"
	if who := holder(file); who != "" {
		other += " (" + who + ")"
	}
	return nil, fmt.Errorf("%s has been working on the cluster %q for %s; wait until it ends, or stop it, or give this command a cluster of its own: another name in the configuration file", other, name, lockTimeout)
}

// holder says which process last locked a file, if that can be read.
func holder(file string) string {
	text, err := os.ReadFile(file)
	if err != nil || strings.Trim(string(text), "0123456789") != "" || len(text) == 0 {
		return ""
	}
	return "process " + string(text)
}
