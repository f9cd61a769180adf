package appimage

import "time"

// compileTimeout bounds the Go toolchain's work when a program for the nodes
// has to be built: the modules downloaded and everything compiled, on a slow
// machine.
const compileTimeout = 15 * time.Minute
