package splittest_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/split"
)

// A recorder is a test that is watched.
type recorder struct {
	ctx            context.Context
	failed, logged string
}

func (r *recorder) Helper()                           {}
func (r *recorder) Context() context.Context          { return r.ctx }
func (r *recorder) Errorf(format string, args ...any) { r.failed += fmt.Sprintf(format, args...) }
func (r *recorder) Logf(format string, args ...any)   { r.logged += fmt.Sprintf(format, args...) }

// A limited is a test with a deadline, as go test sets one.
type limited struct {
	recorder
	deadline time.Time
}

func (l *limited) Deadline() (time.Time, bool) { return l.deadline, true }

// seedOf is a number that nobody picked: it is a hash of the checksums of the
// modules that this one uses.
func seedOf(t testing.TB, name string) uint64 {
	t.Helper()
	sums, err := os.ReadFile("../go.sum")
	require.NoError(t, err)
	hash := sha256.Sum256(append(sums, name...))
	return binary.LittleEndian.Uint64(hash[:])
}

// drawn is an ask whose answers are drawn from shares. Which version the nth
// request gets depends on seed and n alone, however many workers there are.
func drawn(seed uint64, shares split.Weights) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		draw := rand.New(rand.NewPCG(seed, split.ExchangeOf(ctx).Number)).Float64()
		for _, each := range shares {
			if draw -= shares.Share(each.Version); draw < 0 {
				return each.Version, nil
			}
		}
		return shares[len(shares)-1].Version, nil
	}
}

func weights(t testing.TB, text string) split.Weights {
	t.Helper()
	w, err := split.ParseWeights(text)
	require.NoError(t, err)
	return w
}

// printing is a test that says on standard output how it ends, for examples.
type printing struct{ testing.TB }

func (printing) Helper()                           {}
func (printing) Context() context.Context          { return context.Background() }
func (printing) Logf(string, ...any)               { fmt.Println("PASS") }
func (printing) Errorf(format string, args ...any) { fmt.Printf("FAIL: "+format+"\n", args...) }
