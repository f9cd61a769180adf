//go:build e2e

package e2e

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// planned says, for each test, how often it runs the program to draw samples,
// and how many requests each run sends at most. It is printed before the first
// request is sent, and compared with what was then run.
var planned = map[string]struct{ runs, requests int }{
	"TestClustersThatCannotBe":         {1, 0},     // It finds no cluster to send anything to.
	"TestDiagnose":                     {2, 1934},  // The second finds no route.
	"TestFailures":                     {13, 1934}, // Most are cut short, or never begun.
	"TestMoreFailures":                 {14, 1934}, // As before.
	"TestRestartedCluster":             {2, 487},
	"TestSecondWitness":                {1, 2034}, // With those of others.
	"TestTwoRunsAtOnce":                {2, 557},
	"TestVerifyAsTheReadmeHasIt":       {3, 1537},
	"TestVerifyOneOfTwoRules":          {10, 577},
	"TestVerifyWithTheClustersWeights": {7, 1954},
	"TestWays":                         {13, 1934},
}

var drawn = struct {
	sync.Mutex
	runs map[string]int
}{runs: map[string]int{}}

// draws counts a run of the program that would send requests.
func draws(t *testing.T, args ...string) {
	if len(args) == 0 || args[0] != "run" && args[0] != "verify" || slices.Contains(args, "--dry-run") {
		return
	}
	drawn.Lock()
	defer drawn.Unlock()
	test, _, _ := strings.Cut(t.Name(), "/")
	drawn.runs[test]++
}

// TestMain holds what was run against what was planned.
func TestMain(m *testing.M) {
	code := m.Run()
	for test, runs := range drawn.runs {
		if runs > planned[test].runs {
			fmt.Printf("%s made %d runs that draw samples, and %d are planned\n", test, runs, planned[test].runs)
			code = 1
		}
	}
	os.Exit(code)
}

// TestPlanned prints the sum: `go test -tags e2e -run TestPlanned -v ./test/e2e`.
// $SPLITCHECK_E2E_ONLY holds the flag -run or -skip and its expression, if not all
// tests are to be run.
func TestPlanned(t *testing.T) {
	flag, only, _ := strings.Cut(os.Getenv("SPLITCHECK_E2E_ONLY"), " ")
	named, err := regexp.Compile(only)
	if err != nil {
		t.Fatal(err)
	}
	runs, requests, tests := 0, 0, 0
	for _, test := range slices.Sorted(maps.Keys(planned)) {
		if flag == "-run" && !named.MatchString(test) || flag == "-skip" && named.MatchString(test) {
			continue
		}
		tests++
		runs += planned[test].runs
		requests += planned[test].runs * planned[test].requests
	}
	t.Logf("planned: %d requests at most, by %d runs of the program in %d tests", requests, runs, tests)
}
