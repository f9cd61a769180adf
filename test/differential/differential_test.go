//go:build e2e

// Package differential asks a real Istio and the simulated mesh the same
// questions and compares the answers. Each file of testdata is one case: the
// objects of a user, and requests. Both are given to a cluster and to package
// mesh; every status, body and header has to agree, as the client sees it and as
// the application does. It measures no splits and no times: those are drawn.
//
// It needs a cluster that is there for it alone, with Istio, the Gateway API's
// definitions and Istio's ingress gateway; see docs/fidelity.md.
package differential

import (
	"fmt"
	"strings"
	"testing"
)

func TestDifferential(t *testing.T) {
	c := connect(t)
	p := planned(t)
	fmt.Printf("planned: %d cases with %d requests\n", p.cases, p.caseRequests)
	var cases, requests, refused int
	names, files := caseFiles(t)
	for i, name := range names {
		t.Run(name, func(t *testing.T) {
			cases++
			k := readCase(t, files[i])
			simulated := simulate(t, k, c.app)
			real := c.ask(t, k)
			switch {
			case real.refused != simulated.refused:
				t.Errorf("refused by one alone\n- cluster: %s\n+ simulated: %s", real.words, simulated.words)
			case real.refused:
				refused++
				t.Logf("refused by both\n- cluster: %s\n+ simulated: %s", real.words, simulated.words)
			default:
				for i, r := range k.requests {
					requests += r.times
					if d := diff(real.answers[i], simulated.answers[i]); d != "" {
						t.Errorf("%s (-cluster, +simulated)\n%s", r.line, d)
					}
				}
			}
		})
	}
	t.Logf("%d cases and %d requests were compared; %d cases were refused by both", cases, requests, refused)
}

// diff shows the lines that only one of two answers has, and nothing for equals.
func diff(real, simulated string) string {
	if real == simulated {
		return ""
	}
	var d strings.Builder
	for line := range strings.Lines(real) {
		if !strings.Contains("\n"+simulated, "\n"+line) {
			d.WriteString("- " + line)
		}
	}
	for line := range strings.Lines(simulated) {
		if !strings.Contains("\n"+real, "\n"+line) {
			d.WriteString("+ " + line)
		}
	}
	return d.String()
}
