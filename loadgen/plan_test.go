package loadgen_test

import (
	"encoding/json"
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/loadgen"
)

func TestPlanNamesEveryMistake(t *testing.T) {
	_, err := loadgen.Generate(t.Context(), loadgen.Plan{
		Request: loadgen.Request{Method: "GET X", URL: "localhost:8080", Host: "a b", Headers: map[string]string{"A B": "x", "C": "x\r\ny: z"}},
		Load:    loadgen.Load{Rate: math.NaN(), Connections: -1, Reuse: -1},
	}, loadgen.HTTP{}, loadgen.Options{})
	for _, want := range []string{"invalid method", "0 requests are not a sample", "a rate of NaN", "-1 connections", "not negative",
		`"A B"`, `"C": "REDACTED"`, `the host "a b"`} {
		assert.ErrorContains(t, err, want)
	}
	for _, url := range []string{"localhost:8080", "", "/x", "ftp://x/", "http://", "http://[::1", "\x00"} {
		_, err := loadgen.Generate(t.Context(), loadgen.Plan{Request: loadgen.Request{URL: url}, Load: loadgen.Load{Requests: 1}}, loadgen.HTTP{}, loadgen.Options{})
		assert.Error(t, err, url)
	}
}

func TestDeadlineFollowsFromThePlan(t *testing.T) {
	for _, test := range []struct {
		plan loadgen.Plan
		want time.Duration
	}{
		{loadgen.Plan{Load: loadgen.Load{Requests: 1}}, 30 * time.Second},
		{loadgen.Plan{Load: loadgen.Load{Requests: 2000, Connections: 10, Timeout: time.Second}}, 410 * time.Second},
		{loadgen.Plan{Load: loadgen.Load{Requests: 2001, Connections: 10, Timeout: time.Second}}, 412 * time.Second},
		{loadgen.Plan{Load: loadgen.Load{Requests: 2000, Connections: 10, Timeout: time.Second, Rate: 100}}, 450 * time.Second},
		{loadgen.Plan{Load: loadgen.Load{Requests: math.MaxInt64, Timeout: math.MaxInt64}}, 100 * 365 * 24 * time.Hour},
	} {
		assert.Equal(t, test.want, test.plan.Deadline())
	}
}

// A plan that was written down is the same plan: what else goes with a run stays
// where it was made.
func TestAPlanCanBeWrittenDown(t *testing.T) {
	plan := loadgen.Plan{
		Request: loadgen.Request{
			Method: "POST", URL: "https://shop.example/api?x=1", Host: "shop.internal",
			Headers: map[string]string{"Authorization": "Bearer x"}, Cookies: map[string]string{"session": "s"},
			Body: "{}", Login: &loadgen.Login{Path: "/in", Form: map[string]string{"username": "tester", "passwd": "x"}},
			Identify: rules(t, "header:X-Version:(v[0-9]+)", "json:reviews.0.version", "status"), MaxBody: 4096,
			Expected: []string{"v1"},
		},
		Load: loadgen.Load{Requests: 5000, Rate: 12.5, Connections: 7, Reuse: 3, Timeout: 1500 * time.Millisecond},
	}
	for _, value := range []reflect.Value{reflect.ValueOf(plan.Request), reflect.ValueOf(plan.Load)} {
		for i := range value.NumField() {
			assert.False(t, value.Field(i).IsZero(), "%s is not in the test", value.Type().Field(i).Name)
		}
	}
	written, err := json.Marshal(plan)
	require.NoError(t, err)
	var read loadgen.Plan
	require.NoError(t, json.Unmarshal(written, &read))
	assert.Equal(t, plan, read)
}
