package differential

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A tally counts answers by kind: whether an application gave them, and which.
type tally map[string]int

// add counts an answer as described writes it.
func (n tally) add(answer string) {
	status, rest, _ := strings.Cut(answer, "\n")
	switch {
	case strings.Contains(answer, "\n"+fromApplication):
		n["an application's"]++
	case strings.Contains(rest, "  Location:"):
		n["redirects"]++
	case strings.Contains(rest, `body "own`):
		n["direct responses"]++
	case strings.Contains(rest, "fault filter abort"):
		n["aborted"]++
	default:
		n[status]++
	}
}

func (n tally) sum() int {
	sum := 0
	for _, count := range n {
		sum += count
	}
	return sum
}

// String lists the kinds, the most frequent first.
func (n tally) String() string {
	var parts []string
	for _, kind := range slices.SortedFunc(maps.Keys(n), func(a, b string) int { return cmp.Or(n[b]-n[a], strings.Compare(a, b)) }) {
		parts = append(parts, fmt.Sprintf("%s %d", kind, n[kind]))
	}
	return strings.Join(parts, ", ")
}

// deployed is what every table finds: the applications, and the Services of its own.
func deployed(t *testing.T) []byte {
	t.Helper()
	app, err := os.ReadFile("testdata/app.yaml")
	require.NoError(t, err)
	return append(app, slots()...)
}

// asCase is the tables of a batch as one case.
func (b batch) asCase(t *testing.T) testCase {
	t.Helper()
	k := testCase{manifests: b.manifests()}
	for _, line := range b.lines {
		k.requests = append(k.requests, readRequest(t, line))
	}
	return k
}

// TestTablesAreTelling asks the simulated mesh alone. A 404 and a 503 are the same
// whatever the rule, so that few of the answers may be such; and every kind of
// table has to reach applications, or it compares nothing.
func TestTablesAreTelling(t *testing.T) {
	app := deployed(t)
	all, byKind := tally{}, map[string]tally{}
	for _, b := range batches(fullTables) {
		simulated := simulate(t, b.asCase(t), app)
		require.False(t, simulated.refused, "a table that is refused compares nothing: %s", simulated.words)
		for i, answer := range simulated.answers {
			kind := b.made[i/requestsOfTable].kind
			if byKind[kind] == nil {
				byKind[kind] = tally{}
			}
			byKind[kind].add(answer)
			all.add(answer)
		}
	}
	require.Len(t, byKind, 6)
	for kind, n := range byKind {
		t.Logf("%s: %s", kind, n)
		assert.Greater(t, n["an application's"], n.sum()*4/10, "%s: too few answers come from an application", kind)
		assert.Positive(t, n["404"], "%s: no request misses", kind)
	}
	t.Logf("all %d: %s", all.sum(), all)
	assert.Less(t, all["404"], all.sum()/5, "too many requests miss everything")
	for _, kind := range []string{"redirects", "direct responses", "aborted", "503", "500"} {
		assert.Positive(t, all[kind], kind)
	}
}

func TestTally(t *testing.T) {
	n := tally{}
	for _, answer := range []string{
		"200\nfrom echo v1, which saw:\n", "200\nbody \"own r1\\n\"\n", "301\n  Location: [\"/\"]\nbody \"\"\n",
		"404\nbody \"\"\n", "404\n", "400\nbody \"fault filter abort\"\n", "no answer\n",
	} {
		n.add(answer)
	}
	assert.Equal(t, "404 2, aborted 1, an application's 1, direct responses 1, no answer 1, redirects 1", n.String())
	assert.Equal(t, 7, n.sum())
}
