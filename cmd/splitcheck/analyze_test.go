package main

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/reports"
)

// TestSortedAnswersAreNoAffinity: what sort has done is not for a balancer to answer
// for.
func TestSortedAnswersAreNoAffinity(t *testing.T) {
	text := strings.Repeat("v1\n", 1785) + strings.Repeat("v2\n", 215)
	out, errs, code := callIn(t, t.TempDir(), text, "analyze", "-", "--expect", "v1=90,v2=10")
	assert.Equal(t, reports.ExitInconclusive, code, "%s%s", out, errs)
	assert.Regexp(t, `stand together, as after sort`, out)
	assert.Contains(t, out, "Give the answers in the order in which they came")
	assert.NotContains(t, out, "affinity")
	assert.NotContains(t, out, "consistent")
}

// TestFilesThatGrowAreForOneLook is said beside the verdict, on either side of the
// planned sample.
func TestFilesThatGrowAreForOneLook(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	judge := func(n int, flags ...string) string {
		var text strings.Builder
		for range n {
			text.WriteString(map[bool]string{true: "v1\n", false: "v2\n"}[random.Float64() < 0.9])
		}
		folder := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(folder, "1.txt"), []byte(text.String()), 0o600))
		out, _, _ := callIn(t, folder, "", append([]string{"analyze", "1.txt", "--expect", "v1=90,v2=10"}, flags...)...)
		return strings.Join(strings.Fields(out), " ")
	}
	assert.Contains(t, judge(500), "hold only if it was not stopped because of what it showed")
	assert.Contains(t, judge(3000), "a file that grows and is looked at again and again is for --method sequential")
	assert.NotContains(t, judge(3000, "--method", "sequential"), "looked at again")
}
