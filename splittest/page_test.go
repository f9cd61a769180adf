package splittest_test

import (
	"context"
	"flag"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/splittest"
)

var update = flag.Bool("update", false, "write what a failed test says in docs/splittest.md anew")

// What a failed test says stands in docs/splittest.md, and is held to it.
func TestTheFailureOnThePage(t *testing.T) {
	const page, begin, end = "../docs/splittest.md", "-update` -->\n```text\n", "```\n<!-- end -->"
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	head, rest, found := strings.Cut(string(text), begin)
	require.True(t, found)
	shown, tail, found := strings.Cut(rest, end)
	require.True(t, found)

	synctest.Test(t, func(t *testing.T) {
		watched := &recorder{ctx: t.Context()}
		draw := drawn(1, weights(t, "v1=80,v2=20"))
		splittest.Verify(watched, func(ctx context.Context) (string, error) {
			<-time.After(5 * time.Millisecond)
			return draw(ctx)
		}, splittest.Weights{"v1": 90, "v2": 10})
		if *update {
			require.NoError(t, os.WriteFile(page, []byte(head+begin+watched.failed+"\n"+end+tail), 0o644))
			return
		}
		assert.Equal(t, shown, watched.failed+"\n")
	})
}
