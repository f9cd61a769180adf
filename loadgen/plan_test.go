package loadgen_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/splitcheck/splitcheck/loadgen"
)

func TestPlanNamesEveryMistake(t *testing.T) {
	_, err := (&loadgen.Generator{}).Generate(t.Context(), loadgen.Plan{
		Method: "GET X", URL: "localhost:8080", Host: "a b", Rate: math.NaN(), Connections: -1, Reuse: -1,
		Headers: map[string]string{"A B": "x", "C": "x\r\ny: z"},
	})
	for _, want := range []string{"invalid method", "0 requests are not a sample", "a rate of NaN", "-1 connections", "not negative",
		`"A B"`, `"x\r\ny: z"`, `the host "a b"`} {
		assert.ErrorContains(t, err, want)
	}
	for _, url := range []string{"localhost:8080", "", "/x", "ftp://x/", "http://", "http://[::1", "\x00"} {
		_, err := (&loadgen.Generator{}).Generate(t.Context(), loadgen.Plan{URL: url, Requests: 1})
		assert.Error(t, err, url)
	}
}

func TestDeadlineFollowsFromThePlan(t *testing.T) {
	for _, test := range []struct {
		plan loadgen.Plan
		want time.Duration
	}{
		{loadgen.Plan{Requests: 1}, 30 * time.Second},
		{loadgen.Plan{Requests: 2000, Connections: 10, Timeout: time.Second}, 410 * time.Second},
		{loadgen.Plan{Requests: 2001, Connections: 10, Timeout: time.Second}, 412 * time.Second},
		{loadgen.Plan{Requests: 2000, Connections: 10, Timeout: time.Second, Rate: 100}, 450 * time.Second},
		{loadgen.Plan{Requests: math.MaxInt64, Timeout: math.MaxInt64}, 100 * 365 * 24 * time.Hour},
	} {
		assert.Equal(t, test.want, test.plan.Deadline())
	}
}
