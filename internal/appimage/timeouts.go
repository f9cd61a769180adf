package appimage

import "time"

// Every wait of this room has its bound here, with what is waited for.
const (
	// compileTimeout is for the Go toolchain's work when a program for the nodes
	// has to be built: the modules downloaded and everything compiled, on a slow
	// machine.
	compileTimeout = 15 * time.Minute
	// lingering is how long a toolchain that was told to end may leave children
	// that hold its output, before nobody waits for them any longer.
	lingering = 5 * time.Second
)
