package appimage

import "time"

// Every wait of this room has its limit here, and says what is waited for.
const (
	// compileTimeout is for the Go toolchain if a program for the nodes has to
	// be built: to download the modules and compile everything, on a slow
	// machine.
	compileTimeout = 15 * time.Minute
	// lingering is how long we wait for children of a toolchain that was told
	// to end, if they still hold its output.
	lingering = 5 * time.Second
)
