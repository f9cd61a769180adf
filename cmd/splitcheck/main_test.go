package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain makes this test binary the command `splitcheck` for the sessions in
// testdata/script and the commands of the documentation, and curl where there
// is none: the tests need nothing but Go and a shell.
func TestMain(m *testing.M) {
	commands := map[string]func(){"splitcheck": main}
	// Once it stands in, it is found by its own name.
	if _, err := exec.LookPath("curl"); err != nil || filepath.Base(os.Args[0]) == "curl" {
		commands["curl"] = curl
	}
	testscript.Main(m, commands)
}

// curl is as much of curl as the pages use: curl -s URL.
func curl() {
	url := os.Args[len(os.Args)-1]
	if !strings.Contains(url, "://") {
		url = "http://" + url
	}
	response, err := http.Get(url)
	if err == nil {
		_, err = io.Copy(os.Stdout, response.Body)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "curl:", err)
		os.Exit(7)
	}
}
