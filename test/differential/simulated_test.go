package differential

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/mesh"
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/loadgen"
)

// A result is what became of a case: it was refused, or each request has the
// sorted list of its different answers.
type result struct {
	refused bool
	words   string
	answers []string
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
	return result{answers: sendAll(t, k.requests, entry.URL, entry.Opener.(loadgen.HTTP))}
}
