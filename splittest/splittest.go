// Package splittest checks in a Go test whether a function that asks once and
// names the version that answered does so as often as the weights say.
//
// It plans how many times to ask, asks, judges the answers at error rates that
// are stated beforehand, and fails the test with the reasons. It knows no
// network: what asking means is the function's business. It never asks again
// because a verdict did not please: a sample that is repeated until it passes
// passes in the end, whatever the split.
package splittest

import (
	"context"
	"time"

	"github.com/splitcheck/splitcheck/analysis"
)

// TB is what Verify needs of a *testing.T, *testing.B or *testing.F. Where it
// has a Deadline, as a *testing.T has, Verify ends in time before it.
type TB interface {
	Helper()
	Context() context.Context
	Errorf(format string, args ...any)
	Logf(format string, args ...any)
}

// Weights are the relative weights of the versions. Only the ratios count, and a
// weight of zero means "never".
type Weights map[string]float64

// Verify fails t unless the versions that ask names are shown to be drawn by the
// weights: each with its share, to within its margin (5 percentage points, or
// its own weight where that is less, unless an option says otherwise). It
// reports whether they are.
//
// ask asks once and returns the name of the version that answered. Several
// workers call it at once. An error is counted as an error: that answer may have
// been any version's. An empty name is an answer that does not say whose it is.
// Its context ends with the test, with the sample, or after a timeout.
//
// A correct split fails with a probability of at most one in a thousand, and one
// in which a version is off by its margin passes with a probability of at most
// one in two thousand. A sample that cannot tell fails too, and says so.
func Verify(t TB, ask func(context.Context) (string, error), weights Weights, options ...Option) bool {
	t.Helper()
	ctx, cancel := inTime(t)
	defer cancel()
	result, err := Check(ctx, ask, weights, options...)
	switch {
	case err != nil:
		t.Errorf("splittest: %v", err)
	case result.Verdict != analysis.Verified:
		t.Errorf("splittest: %s", result)
	default:
		t.Logf("splittest: %s", result)
		return true
	}
	return false
}

// inTime is the context of t. It ends a twentieth of the time that is left before
// t's deadline, so that the test says what was counted before it is killed.
func inTime(t TB) (context.Context, context.CancelFunc) {
	if limited, ok := t.(interface{ Deadline() (time.Time, bool) }); ok {
		if deadline, set := limited.Deadline(); set {
			return context.WithDeadline(t.Context(), deadline.Add(-time.Until(deadline)/20))
		}
	}
	return context.WithCancel(t.Context())
}

// Check is Verify without a test to fail: it returns what the sample shows. A
// negative control compares the result's verdict with analysis.Violated.
//
// When ctx ends before the sample is complete, the result is of what was counted
// until then and is never verified. The error is of a question that cannot be
// asked, with every mistake in it, or of an ask that panicked.
func Check(ctx context.Context, ask func(context.Context) (string, error), weights Weights, options ...Option) (*Result, error) {
	s, plan, err := settingsOf(weights, options)
	if err != nil {
		return nil, err
	}
	return draw(ctx, ask, plan, s)
}
