package main

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/identify"
	"github.com/splitcheck/splitcheck/internal/liveroutes"
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/loadgen"
	"github.com/splitcheck/splitcheck/scenarios"
	"github.com/splitcheck/splitcheck/split"
)

// A blackHole takes requests and answers none.
type blackHole struct {
	target.Target
	sent int
}

func (b *blackHole) Enter(target.Via, target.Load) (target.Entry, error) {
	return target.Entry{URL: "http://shop.example", Opener: loadgen.HTTP{RoundTripper: b}}, nil
}

func (b *blackHole) RoundTrip(r *http.Request) (*http.Response, error) {
	b.sent++
	<-r.Context().Done()
	return nil, context.Cause(r.Context())
}

// TestNamesOfAnAddressThatDoesNotAnswer asks it once, for as long as --timeout
// allows: the sample is what reports it.
func TestNamesOfAnAddressThatDoesNotAnswer(t *testing.T) {
	rules, err := identify.ParseAll([]string{"body:(v[12])"})
	require.NoError(t, err)
	synctest.Test(t, func(t *testing.T) {
		hole, began := &blackHole{}, time.Now()
		check := scenarios.Check{
			Request: scenarios.Request{Path: "/"}, Identify: rules, Expect: split.Weights{{Version: "v1", Weight: 1}},
			Load: scenarios.Load{Timeout: 2 * time.Second},
		}
		assert.NoError(t, (&verifyFlags{}).sameNames(t.Context(), hole, check, &liveroutes.Weights{}))
		assert.Equal(t, 1, hole.sent)
		assert.Equal(t, 2*time.Second, time.Since(began))
	})
}
