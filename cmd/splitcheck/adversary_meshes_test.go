package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// inMesh is a trial of `splitcheck run` on the simulated mesh. The application has
// two versions, so it takes another question where there are more.
func inMesh(q *truth, wrong bool) trial {
	if len(q.versions) != 2 {
		return record(q, wrong)
	}
	seed := q.rng.Int32()
	lost := q.losing()
	defect := func(format string, args ...any) string { return "    - " + fmt.Sprintf(format, args...) + "\n" }
	var defects string
	if wrong {
		defects = defect("{kind: weights, host: canary, weights: {v1: %g, v2: %g}}", q.shares[0], q.shares[1])
		if zero := index(q.weights, 0); zero >= 0 {
			defects = defect("{kind: leak, host: canary, version: %s, share: %g}", q.versions[zero], q.shares[zero])
		}
		switch q.rng.IntN(3) {
		case 0:
			for i, share := range lost {
				if share > 0 {
					q.note("a part of %.3f of the requests to %s fails", share, q.versions[i])
					defects += defect("{kind: failing, host: canary, version: %s, share: %g}", q.versions[i], min(share, 1))
				}
			}
		case 1:
			q.note("0.9 %% of the answers are errors")
			defects += defect("{kind: errors, host: canary, share: 0.9%%}")
		default:
			q.note("a mesh, as it is")
		}
	} else {
		q.note("a mesh, as it is")
	}
	return func(t *testing.T, q *truth) (int, string) {
		dir := t.TempDir()
		write := func(name, text string) {
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
		}
		if defects != "" {
			defects = "    defects:\n" + defects
		}
		write("scenario.yaml", fmt.Sprintf(`apiVersion: splitcheck.dev/v1alpha1
kind: Scenario
metadata: {name: trial}
spec:
  app: version-test
  targets: [sim]
  steps:
  - name: step
    apply: [app:gateway.yaml, app:destination-rule.yaml, route.yaml]
%s    checks:
    - name: everyone
      request: {path: /version.html}
      identify: {body: '(v[12])'}
      expect: {v1: %d, v2: %d}
      margin: %g
      leak: %g
`, defects, q.weights[0], q.weights[1], q.margin, q.margin))
		var destinations strings.Builder
		for i, v := range q.versions {
			fmt.Fprintf(&destinations, "    - destination: {host: canary.default.svc.cluster.local, subset: %s}\n      weight: %d\n", v, q.weights[i])
		}
		write("route.yaml", `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: canary}
spec:
  hosts: ["*"]
  gateways: [canary-gateway]
  http:
  - route:
`+destinations.String())
		return ask(t, dir, nil, "run", "scenario.yaml", "--seed", fmt.Sprint(seed), "-o", "json")
	}
}
