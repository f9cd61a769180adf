package draw_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/identify"
	"github.com/splitcheck/splitcheck/internal/draw"
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/loadgen"
	"github.com/splitcheck/splitcheck/scenarios"
	"github.com/splitcheck/splitcheck/split"
)

var frontDoor = split.Text("by the front door")

// An even target answers as v1 or v2 by the number of the request alone.
type even struct {
	target.Target
	load target.Load
	ask  func(number uint64) error
}

func (e *even) Enter(_ target.Via, load target.Load) (target.Entry, error) {
	e.load = load
	return target.Entry{URL: "http://even", Opener: loadgen.HTTP{RoundTripper: e}, Note: &frontDoor}, nil
}

func (e *even) RoundTrip(r *http.Request) (*http.Response, error) {
	exchange := split.ExchangeOf(r.Context())
	exchange.Connection = exchange.Number
	if e.ask != nil {
		if err := e.ask(exchange.Number); err != nil {
			return nil, err
		}
	}
	version := []string{"v1", "v2"}[rand.New(rand.NewPCG(3, exchange.Number)).IntN(2)]
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(version)), Request: r}, nil
}

func question(t *testing.T, weights, method string) (scenarios.Check, *analysis.Plan) {
	t.Helper()
	expect, err := split.ParseWeights(weights)
	require.NoError(t, err)
	rules, err := identify.ParseAll([]string{"body:v[12]"})
	require.NoError(t, err)
	plan, err := analysis.NewPlan(analysis.Question{Weights: expect, MaxErrors: -1, Method: method})
	require.NoError(t, err)
	return scenarios.Check{Expect: expect, Identify: rules, Request: scenarios.Request{Path: "/x"}}, plan
}

// drawn is a sample of a check; the target is even unless a test has another.
func drawn(ctx context.Context, t *testing.T, e *even, c scenarios.Check, plan *analysis.Plan, o draw.Options) (*draw.Drawing, *draw.Sample, error) {
	t.Helper()
	drawing, err := draw.Enter(ctx, e, c, plan, o)
	require.NoError(t, err)
	defer drawing.Close()
	sample, err := drawing.Draw(ctx, nil)
	return drawing, sample, err
}

// The least numbers of connections are ln(0.0005)/ln(1 - weight): 11 for an even
// split, 757 for one of 99/1 (numbers of the contract's formula, by hand).
func TestReuseLeavesEnoughConnections(t *testing.T) {
	for weights, want := range map[string]int{"v1=50,v2=50": 10, "v1=99,v2=1": 4, "v1=1,v2=0": 10} {
		c, plan := question(t, weights, "")
		assert.Equal(t, want, draw.Load(c, plan, draw.Options{}).Reuse, weights)
		c.Load.Reuse = 7
		assert.Equal(t, 7, draw.Load(c, plan, draw.Options{}).Reuse, weights)
	}
	c, plan := question(t, "v1=50,v2=50", analysis.Sequentially)
	assert.Equal(t, 1, draw.Load(c, plan, draw.Options{}).Reuse, "it would end sooner than there are enough")
}

// A plan that was written down and carried out elsewhere draws the same sample.
func TestAPlanCarriedOutElsewhere(t *testing.T) {
	c, plan := question(t, "v1=50,v2=50", "")
	_, here, err := drawn(t.Context(), t, &even{}, c, plan, draw.Options{})
	require.NoError(t, err)
	elsewhere := func(ctx context.Context, plan loadgen.Plan, opener loadgen.Opener, options loadgen.Options) (*loadgen.Result, error) {
		written, err := json.Marshal(plan)
		require.NoError(t, err)
		var read loadgen.Plan
		require.NoError(t, json.Unmarshal(written, &read))
		return loadgen.Generate(ctx, read, opener, options)
	}
	e := &even{}
	drawing, there, err := drawn(t.Context(), t, e, c, plan, draw.Options{Rate: 1e6, Generator: elsewhere})
	require.NoError(t, err)
	assert.Equal(t, here.Counted.Versions, there.Counted.Versions)
	assert.Equal(t, here.Judge().Verdict, there.Judge().Verdict)
	assert.Equal(t, "http://even/x", drawing.Load.URL)
	assert.Equal(t, &frontDoor, drawing.Note)
	assert.Equal(t, 1e6, drawing.Load.Rate)
	assert.Equal(t, target.Load{Connections: 10, Reuse: 10, Timeout: loadgen.DefaultTimeout}, e.load)
}

// Of a sample that is cut short, what was in flight may have been any version;
// one that may end anywhere is that of the first so many requests.
func TestWhatCountsOfASampleThatIsCut(t *testing.T) {
	for _, method := range []string{analysis.ChiSquare, analysis.Sequentially} {
		c, plan := question(t, "v1=50,v2=50", method)
		c.Load.Connections = 1
		ctx, cancel := context.WithCancel(t.Context())
		e := &even{ask: func(number uint64) error {
			if number == 40 {
				cancel()
				return ctx.Err()
			}
			return nil
		}}
		_, sample, err := drawn(ctx, t, e, c, plan, draw.Options{})
		require.NoError(t, err)
		assert.True(t, sample.Interrupted, method)
		assert.EqualValues(t, 40, sample.Counted.Hits(), method)
		assert.EqualValues(t, map[string]int64{analysis.ChiSquare: 1}[method], sample.Counted.Unknown(), method)
	}
}

// Who ends a sample may have seen what it shows: it verifies nothing, were it but
// one request that is missing.
func TestASampleThatIsCutVerifiesNothing(t *testing.T) {
	c, plan := question(t, "v1=50,v2=50", "")
	c.Load.Connections = 1
	ctx, cancel := context.WithCancel(t.Context())
	e := &even{ask: func(number uint64) error {
		if number == uint64(plan.Requests)-1 {
			cancel()
			return ctx.Err()
		}
		return nil
	}}
	_, sample, err := drawn(ctx, t, e, c, plan, draw.Options{})
	require.NoError(t, err)
	require.Equal(t, analysis.Verified, analysis.Judge(plan, sample.Counted).Verdict, "had it come to its end")
	judged := sample.Judge()
	assert.Equal(t, analysis.Inconclusive, judged.Verdict)
	assert.Equal(t, analysis.CutShort, judged.Withdrawn)
}

// What was counted before a target was given up is there, and the error says why.
func TestATargetThatIsGivenUp(t *testing.T) {
	c, plan := question(t, "v1=50,v2=50", "")
	c.Load.Connections = 1
	_, sample, err := drawn(t.Context(), t, &even{ask: func(number uint64) error {
		if number >= 5 {
			return errors.New("connection refused")
		}
		return nil
	}}, c, plan, draw.Options{})
	assert.ErrorContains(t, err, "100 requests in a row were not answered")
	require.NotNil(t, sample)
	assert.EqualValues(t, 5, sample.Tally.Hits())
	assert.EqualValues(t, 100, sample.Tally.Failed())
}

// Copies are counted by those targets that can.
func TestATargetThatCannotCountCopies(t *testing.T) {
	c, plan := question(t, "v1=50,v2=50", "")
	c.Mirrored = "v3"
	_, err := draw.Enter(t.Context(), &even{}, c, plan, draw.Options{})
	assert.ErrorContains(t, err, "cannot count mirrored requests")
}

// A sample goes on until its errors, which may have been those of the version of
// weight 0, are accounted for: one takes 7,210 requests, as the table of package
// analysis has it. As many as no size accounts for end it where it was to end.
func TestASampleGoesOnUntilItsErrorsAreAccountedFor(t *testing.T) {
	failing := func(every uint64) *even {
		return &even{ask: func(number uint64) error {
			if number%every == 99 {
				return errors.New("cut")
			}
			return nil
		}}
	}
	for _, method := range []string{analysis.ChiSquare, analysis.Sequentially} {
		c, plan := question(t, "v1=1,v2=1,v3=0", method)
		drawing, sample, err := drawn(t.Context(), t, failing(1e9), c, plan, draw.Options{})
		require.NoError(t, err)
		assert.EqualValues(t, 7210, sample.Counted.Requests(), method)
		assert.Equal(t, plan.Requests, drawing.Load.Requests, "what is planned")
		assert.False(t, sample.Interrupted)
		judged := sample.Judge()
		assert.Equal(t, analysis.Verified, judged.Verdict, "%v", judged.Reasons)

		_, sample, err = drawn(t.Context(), t, failing(150), c, plan, draw.Options{})
		require.NoError(t, err)
		assert.Equal(t, plan.Requests, sample.Counted.Requests(), method)
		assert.Equal(t, analysis.Inconclusive, sample.Judge().Verdict)
	}

	c, plan := question(t, "v1=1,v2=1,v3=0", "")
	c.Load.Requests = 5000
	plan, err := analysis.PlanFor(plan.Question, 5000)
	require.NoError(t, err)
	_, sample, err := drawn(t.Context(), t, failing(1e9), c, plan, draw.Options{})
	require.NoError(t, err)
	assert.EqualValues(t, 5000, sample.Counted.Requests(), "somebody chose the size")
}

// A spoken target is asked over no HTTP at all: its opener alone knows how.
type spoken struct {
	target.Target
	asked loadgen.Request
}

func (s *spoken) Enter(target.Via, target.Load) (target.Entry, error) {
	return target.Entry{URL: "grpc://even", Opener: s}, nil
}

func (s *spoken) Open(_ context.Context, request loadgen.Request) (loadgen.Asker, error) {
	s.asked = request
	return s, nil
}

func (s *spoken) Ask(_ context.Context, number uint64) split.Answer {
	return split.Answer{Version: []string{"v1", "v2"}[rand.New(rand.NewPCG(3, number)).IntN(2)], Connection: number}
}

// The sample of a check is the same whatever it is asked over.
func TestATargetThatIsNotHTTP(t *testing.T) {
	c, plan := question(t, "v1=50,v2=50", "")
	_, here, err := drawn(t.Context(), t, &even{}, c, plan, draw.Options{})
	require.NoError(t, err)
	s := &spoken{}
	drawing, err := draw.Enter(t.Context(), s, c, plan, draw.Options{})
	require.NoError(t, err)
	there, err := drawing.Draw(t.Context(), nil)
	require.NoError(t, err)
	assert.Equal(t, "grpc://even/x", s.asked.URL)
	assert.Equal(t, here.Counted.Versions, there.Counted.Versions)
	assert.Equal(t, here.Judge().Verdict, there.Judge().Verdict)
}
