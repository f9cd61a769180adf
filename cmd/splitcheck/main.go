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
)

func main() {
	log.SetOutput(logSink{os.Stderr})
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second interrupt ends the process at once, whatever the first one is
	// still doing.
	context.AfterFunc(ctx, stop)
	os.Exit(execute(ctx, os.Args[1:], systemStreams()))
}
