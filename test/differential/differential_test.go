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
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/manifests"
	"github.com/splitcheck/splitcheck/mesh"
	"github.com/splitcheck/splitcheck/target"
)

func TestDifferential(t *testing.T) {
	c := connect(t)
	app, err := os.ReadFile("testdata/app.yaml")
	require.NoError(t, err)
	c.deploy(t, app)
	var cases, requests, refused int
	require.NoError(t, filepath.WalkDir("testdata", func(file string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(file) != ".txtar" {
			return err
		}
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.ToSlash(file), "testdata/"), ".txtar")
		t.Run(name, func(t *testing.T) {
			cases++
			k := readCase(t, file)
			simulated := simulate(t, k, app)
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
		return nil
	}))
	t.Logf("%d cases and %d requests were compared; %d cases were refused by both", cases, requests, refused)
}

// A result is what became of a case: it was refused, or each request has the
// sorted list of its different answers.
type result struct {
	refused bool
	words   string
	answers []string
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

func simulate(t *testing.T, k testCase, app []byte) result {
	t.Helper()
	m := mesh.New(mesh.Options{ApplyDelay: -1})
	defer func() { assert.NoError(t, m.Close(context.Background())) }()
	deployed, problems := manifests.Decode("app.yaml", app)
	require.NoError(t, problems.Err())
	_, err := m.Change(t.Context(), target.Change{Apply: deployed})
	require.NoError(t, err)

	objects, problems := manifests.Decode("case.yaml", k.manifests)
	if err := problems.Err(); err != nil {
		return result{refused: true, words: err.Error()}
	}
	if _, err := m.Change(t.Context(), target.Change{Apply: objects}); err != nil {
		return result{refused: true, words: err.Error()}
	}
	entry, err := m.Enter(target.Via{}, target.Load{})
	require.NoError(t, err)
	return result{answers: sendAll(t, k.requests, entry.URL, entry.Transport)}
}
