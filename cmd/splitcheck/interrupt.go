package main

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"syscall"
	"time"
)

// await returns what do returns, or why ctx has ended, whichever comes first. What
// is waited for may be somebody else's: a pipe that nobody writes to, or opening
// one that nobody reads. It is left behind then; the process ends soon.
func await[T any](ctx context.Context, do func() (T, error)) (T, error) {
	type outcome struct {
		value T
		err   error
	}
	done := make(chan outcome, 1)
	go func() {
		value, err := do()
		done <- outcome{value, err}
	}()
	select {
	case got := <-done:
		return got.value, got.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

// An awaitedReader reads until ctx ends, also where the other end of a pipe or a
// terminal says nothing.
type awaitedReader struct {
	ctx    context.Context
	from   io.Reader
	buffer []byte
}

func newAwaitedReader(ctx context.Context, from io.Reader) io.Reader {
	return &awaitedReader{ctx: ctx, from: from, buffer: make([]byte, 64<<10)}
}

// Read implements io.Reader. The buffer is its own: a read that was left behind
// may still write to it.
func (r *awaitedReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	room := r.buffer[:min(len(p), len(r.buffer))]
	n, err := await(r.ctx, func() (int, error) { return r.from.Read(room) })
	return copy(p, room[:n]), err
}

// An awaitedWriter writes. When ctx has ended, what is written then, such as the
// report of a run that was interrupted, has partingTimeout. A stream that did not
// take it is not tried again.
type awaitedWriter struct {
	ctx   context.Context
	to    io.Writer
	stuck atomic.Bool
}

var errUnread = errors.New("whoever reads it has stopped reading")

// Write implements io.Writer.
func (w *awaitedWriter) Write(p []byte) (int, error) {
	if w.stuck.Load() {
		return 0, errUnread
	}
	patient, cancel := context.WithCancel(context.WithoutCancel(w.ctx))
	defer cancel()
	unhook := context.AfterFunc(w.ctx, func() {
		timer := time.NewTimer(partingTimeout)
		defer timer.Stop()
		select {
		case <-timer.C:
			cancel()
		case <-patient.Done():
		}
	})
	defer unhook()
	own := append([]byte(nil), p...) // a write that was left behind may still read it
	n, err := await(patient, func() (int, error) { return w.to.Write(own) })
	if patient.Err() != nil {
		w.stuck.Store(true)
		err = errUnread
	}
	return n, err
}

// A headWriter takes a reader that has gone, as `head` does when it has seen
// enough, for one that has all it wanted: the rest of what is written to it goes
// nowhere.
type headWriter struct {
	to   io.Writer
	gone atomic.Bool
}

// Write implements io.Writer.
func (w *headWriter) Write(p []byte) (int, error) {
	if w.gone.Load() {
		return len(p), nil
	}
	n, err := w.to.Write(p)
	if errors.Is(err, syscall.EPIPE) {
		w.gone.Store(true)
		return len(p), nil
	}
	return n, err
}
