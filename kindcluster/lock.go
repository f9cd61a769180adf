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

// Lock waits until no other splitcheck of this machine changes the cluster of a
// name, and keeps others from it until release is called or the process ends,
// however it ends: two runs at once would each take away what the other has
// brought. waiting is told once, with what is known of the other ("process 123",
// or ""), if there is one.
//
// The file that is locked stays. Were it removed, one process could lock the file
// that is gone while the next locks a new one.
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
		// For the message of whoever waits; that it cannot be written harms nobody.
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
	return nil, fmt.Errorf("%s has been at work on the cluster %q for %s; wait until it has ended, or end it, or give this command a cluster of its own: another name in the cluster's file", other, name, lockTimeout)
}

// holder says which process has locked a file last, as far as that can be read.
func holder(file string) string {
	text, err := os.ReadFile(file)
	if err != nil || strings.Trim(string(text), "0123456789") != "" || len(text) == 0 {
		return ""
	}
	return "process " + string(text)
}
