package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain makes this test binary the command `splitcheck` for the sessions in
// testdata/script and the commands of the documentation.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"splitcheck": main})
}
