package scenarios_test

import (
	"bytes"
	"fmt"
	"testing/fstest"

	"github.com/splitcheck/splitcheck/scenarios"
)

// A built-in scenario says what its checks expect.
func ExampleBuiltin() {
	scenario, mistakes := scenarios.Builtin("version-test-90-10")
	if len(mistakes) > 0 {
		fmt.Println(mistakes)
		return
	}
	for _, step := range scenario.Steps {
		for _, check := range step.Checks {
			fmt.Println(step.Name, check.Name, check.Request.Method, check.Request.Path, check.Expect)
		}
	}
	// Output:
	// 90-10 everyone GET /version.html v1=90,v2=10
}

// Every mistake in a file is found at once, with its place and what to do.
func ExampleDisk_LoadFile() {
	files := scenarios.Disk{FS: fstest.MapFS{"canary/scenario.yaml": {Data: []byte(`apiVersion: splitcheck.dev/v1alpha1
kind: Scenario
metadata:
  name: canary
spec:
  app: version-test
  steps:
  - name: 90-10
    checks:
    - name: everyone
      request: {pth: /version.html}
      expect: {v1: ninety, v2: 10}
`)}}}
	_, mistakes := files.LoadFile("canary/scenario.yaml")
	for _, mistake := range mistakes {
		fmt.Println(mistake)
	}
	// Output:
	// canary/scenario.yaml:11:17: spec.steps[0].checks[0].request: unknown field "pth"; did you mean "path"?
	// canary/scenario.yaml:12:20: spec.steps[0].checks[0].expect.v1: want a number, got the text "ninety"
}

// Lint reads the manifests of a scenario too: here a weight was changed in the
// route and not in what the check expects.
func ExampleLint() {
	files, err := scenarios.Init("canary")
	if err != nil {
		fmt.Println(err)
		return
	}
	folder := fstest.MapFS{}
	for name, text := range files {
		text = bytes.ReplaceAll(text, []byte("weight: 90"), []byte("weight: 80"))
		text = bytes.ReplaceAll(text, []byte("weight: 10"), []byte("weight: 20"))
		folder["canary/"+name] = &fstest.MapFile{Data: text}
	}
	loaded, mistakes := scenarios.Disk{FS: folder}.LoadFolder("canary")
	if len(mistakes) > 0 {
		fmt.Println(mistakes)
		return
	}
	for _, finding := range scenarios.Lint(loaded[0]) {
		fmt.Printf("%s in line %d of %s\n", finding.ID, finding.Line, finding.File)
	}
	// Output:
	// SC121 in line 23 of canary/scenario.yaml
}
