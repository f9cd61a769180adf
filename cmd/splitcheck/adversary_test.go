package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/splitcheck/splitcheck/reports"
)

// The adversary makes servers, records and meshes at random whose split is wrong,
// and hides it as well as it can: what it serves, cuts, repeats or marks twice is
// chosen so that whoever only counts markers sees exactly the expected shares. Its
// twin makes some whose split is right, with oddities that ought not to matter.
//
// How many of each is in SPLITCHECK_ADVERSARY. Every draw comes from SPLITCHECK_SEED, or else from the hash of the
// commit, so that nobody chooses it.
const (
	adversaryTrials = "SPLITCHECK_ADVERSARY"
	adversarySeed   = "SPLITCHECK_SEED"
)

// A truth is what one trial is about: what is expected, what is so, and how the
// difference is hidden.
type truth struct {
	rng      *rand.Rand
	versions []string
	weights  []int // of the question, in percent
	margin   float64
	shares   []float64 // in effect
	// off is the largest difference between a share in effect and the expected
	// one, in margins; of a version of weight 0, in leaks.
	off float64
	// over has more than its share, and under less; equal if nothing is wrong.
	over, under int
	said        []string
}

// expect and margins are the flags that ask the question.
func (q *truth) flags() []string {
	var pairs []string
	for i, v := range q.versions {
		pairs = append(pairs, fmt.Sprintf("%s=%d", v, q.weights[i]))
	}
	margin := strconv.FormatFloat(q.margin, 'g', -1, 64)
	return []string{"--expect", strings.Join(pairs, ","), "--margin", margin, "--leak", margin, "-o", "json"}
}

// note says how something was hidden, for whoever looks at a failure.
func (q *truth) note(format string, args ...any) {
	q.said = append(q.said, fmt.Sprintf(format, args...))
}

func (q *truth) String() string {
	return fmt.Sprintf("%v asked %v ± %g, in effect %.4f (off by %.2f margins): %s",
		q.versions, q.weights, q.margin, q.shares, q.off, strings.Join(q.said, "; "))
}

// draw is the version that serves one request.
func (q *truth) draw(u float64) int {
	for i, share := range q.shares {
		if u < share {
			return i
		}
		u -= share
	}
	return len(q.shares) - 1
}

// newQuestion draws a question of two to four versions, one of them of weight 0
// now and then. Margins are wide, so that a trial needs only some hundred requests.
func newQuestion(rng *rand.Rand) *truth {
	q := &truth{rng: rng, margin: 0.12 + 0.01*float64(rng.IntN(9))}
	k := 2 + rng.IntN(3)*rng.IntN(2)
	for i := range k {
		q.versions = append(q.versions, "v"+strconv.Itoa(i+1))
	}
	if rng.IntN(5) == 0 {
		q.versions, q.weights, q.margin = q.versions[:2], []int{100, 0}, 0.02
	} else {
		q.weights = make([]int, k)
		rest := 100 - 10*k
		for i := range k - 1 {
			extra := rng.IntN(rest + 1)
			q.weights[i], rest = 10+extra, rest-extra
		}
		q.weights[k-1] = 10 + rest
	}
	rng.Shuffle(len(q.weights), func(i, j int) { q.weights[i], q.weights[j] = q.weights[j], q.weights[i] })
	for _, w := range q.weights {
		q.shares = append(q.shares, float64(w)/100)
	}
	return q
}

// newWrong is a question whose answer is off by at least low and less than high
// margins: one version has what another lacks.
func newWrong(rng *rand.Rand, low, high float64) *truth {
	for {
		q := newQuestion(rng)
		q.over, q.under = rng.IntN(len(q.weights)), rng.IntN(len(q.weights))
		q.off = low + rng.Float64()*(high-low)
		d := q.off * q.margin
		if q.over == q.under || q.shares[q.under] < d || q.shares[q.over]+d > 1 {
			continue
		}
		// The only version that can be short beside one of weight 0 is the other.
		if zero := index(q.weights, 0); zero >= 0 && q.over != zero {
			continue
		}
		q.shares[q.over] += d
		q.shares[q.under] -= d
		return q
	}
}

func index(weights []int, w int) int {
	for i, each := range weights {
		if each == w {
			return i
		}
	}
	return -1
}

// posing is the part of the answers of the version that has too many which must
// pass for the one that has too few, so that the markers show the expected shares.
func (q *truth) posing() float64 {
	return (q.shares[q.over] - float64(q.weights[q.over])/100) / q.shares[q.over]
}

// losing is, by version, the part of the answers that must be lost so that the
// rest shows the expected shares.
func (q *truth) losing() []float64 {
	keep := math.Inf(1)
	for i, w := range q.weights {
		if w > 0 {
			keep = min(keep, q.shares[i]/(float64(w)/100))
		}
	}
	lost := make([]float64, len(q.weights))
	for i, w := range q.weights {
		lost[i] = 1
		if w > 0 {
			lost[i] = 1 - keep*float64(w)/100/q.shares[i]
		}
	}
	return lost
}

// A trial asks splitcheck about one truth and returns its exit code and words.
type trial func(t *testing.T, q *truth) (code int, said string)

// ask runs a command of splitcheck within this process.
func ask(t *testing.T, dir string, stdin []byte, args ...string) (int, string) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var out, errs bytes.Buffer
	code := execute(ctx, args, streams{in: bytes.NewReader(stdin), out: &out, err: &errs, workDir: dir})
	var report struct {
		Scenarios []struct {
			Steps []struct {
				Checks []struct {
					Verdict   string
					Requests  int
					Errors    int
					Reasons   []string
					Diagnosis []string
					Versions  []struct {
						Version string
						Count   int
					}
				}
			}
		}
	}
	if json.Unmarshal(out.Bytes(), &report) == nil && len(report.Scenarios) > 0 {
		return code, fmt.Sprintf("exit %d: %+v %s", code, report.Scenarios, errs.String())
	}
	return code, fmt.Sprintf("exit %d: %s", code, errs.String())
}

func commitSeed(t *testing.T) uint64 {
	words := os.Getenv(adversarySeed)
	if words == "" {
		if out, err := exec.CommandContext(t.Context(), "git", "rev-parse", "HEAD").Output(); err == nil {
			words = strings.TrimSpace(string(out))
		}
	}
	h := fnv.New64a()
	h.Write([]byte(words))
	t.Logf("seed %q", words)
	return h.Sum64()
}

func trials(t *testing.T) int {
	n := 60
	if words := os.Getenv(adversaryTrials); words != "" {
		var err error
		n, err = strconv.Atoi(words)
		require.NoError(t, err, adversaryTrials)
	}
	return n
}

// repeat makes n trials, each from a source of its own, and returns the truths for
// which count is true with what was said of them.
func repeat(t *testing.T, n int, salt string, one func(rng *rand.Rand) (*truth, trial), count func(code int) bool) []string {
	seed := commitSeed(t)
	h := fnv.New64a()
	h.Write([]byte(salt))
	var mu sync.Mutex
	var found []string
	var all sync.WaitGroup
	turns := make(chan int)
	for range 2 * runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for i := range turns {
				q, try := one(rand.New(rand.NewPCG(seed^h.Sum64(), uint64(i))))
				code, said := try(t, q)
				if count(code) {
					mu.Lock()
					found = append(found, fmt.Sprintf("trial %d: %s\n    %s", i, q, said))
					mu.Unlock()
				}
			}
		})
	}
	for i := range n {
		turns <- i
	}
	close(turns)
	all.Wait()
	return found
}

// atMost is the 99.9 % point of how often something of a probability p happens.
func atMost(n int, p float64) int {
	b := distuv.Binomial{N: float64(n), P: p}
	k := 0
	for b.CDF(float64(k)) < 0.999 {
		k++
	}
	return k
}

func verified(code int) bool { return code == reports.ExitVerified }

func (q *truth) report(found []string) string {
	return fmt.Sprintf("%d:\n%s", len(found), strings.Join(found[:min(len(found), 10)], "\n"))
}

// TestAdversary: no wrong split is verified, however it is hidden.
func TestAdversary(t *testing.T) {
	n := trials(t)
	wrong := func(low, high float64) func(*rand.Rand) (*truth, trial) {
		return func(rng *rand.Rand) (*truth, trial) {
			q := newWrong(rng, low, high)
			return q, hidden(q)
		}
	}
	t.Run("far", func(t *testing.T) {
		found := repeat(t, n, "far", wrong(1.5, 4), verified)
		assert.Empty(t, found, (*truth)(nil).report(found))
		t.Logf("verified, of %d that are off by at least 1.5 margins: %d", n, len(found))
	})
	t.Run("near", func(t *testing.T) {
		n := (n + 3) / 4
		found := repeat(t, n, "near", wrong(1, 1.5), verified)
		assert.LessOrEqual(t, len(found), atMost(n, 0.0005), (*truth)(nil).report(found))
		t.Logf("verified, of %d that are off by 1 to 1.5 margins: %d", n, len(found))
	})
}

// TestTwin: a right split is verified, whatever else is odd about it.
func TestTwin(t *testing.T) {
	n := trials(t)
	found := repeat(t, n, "twin", func(rng *rand.Rand) (*truth, trial) {
		q := newQuestion(rng)
		return q, harmless(q)
	}, func(code int) bool { return !verified(code) })
	assert.LessOrEqual(t, len(found), atMost(n, 0.001), (*truth)(nil).report(found))
	t.Logf("not verified, of %d that are right: %d", n, len(found))
}
