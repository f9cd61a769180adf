// Command splitcheck verifies that traffic splits the way its weights say.
//
// This package is the only one that touches the operating system: flags,
// streams, files, signals and exit codes are here, everything else is elsewhere.
package main

import (
	"context"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/splitcheck/splitcheck/internal/outward"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), endings()...)
	// A second signal ends the process at once, whatever the first one is still
	// doing.
	context.AfterFunc(ctx, stop)
	// A pipe whose reader has gone is an error of the write: by itself it would end
	// the process, with nothing removed and no report in its file.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	std := systemStreams(ctx)
	log.SetOutput(logSink{outward.NewWriter(std.err)})
	os.Exit(execute(ctx, os.Args[1:], std))
}

// endings are the signals that end a run, which then removes what it has brought.
// Under nohup, the end of a terminal is none.
func endings() []os.Signal {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	return signals
}
