// Package loadgen carries out a plan of requests with vegeta and tells from each
// answer, as it arrives, which version served it. Nothing of an answer is kept
// but its count, so memory does not grow with the number of requests. It judges
// nothing, follows no redirect and tries nothing twice.
//
// It is the only importer of vegeta.
package loadgen

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/splitcheck/splitcheck/split"
)

// A Generator carries out plans through one transport.
type Generator struct {
	// Transport carries the requests. It sets Connection of the
	// split.Exchange in a request's context and heeds that context.
	Transport http.RoundTripper
	// Progress, if set, is called about ten times a second and once at the
	// end, by one goroutine at a time. It must return soon.
	Progress func(Progress)
}

// Progress is how far a run has come.
type Progress struct {
	// Requests is how many are planned, Done how many have ended, and Errors
	// how many of those are errors.
	Requests, Done, Errors int64
	Elapsed                time.Duration
}

// A Result is what came of a plan.
type Result struct {
	// Tally counts what was answered, in dispatch order. It is complete if it
	// holds as many requests as were planned, or Decided is set.
	Tally *split.Tally
	// Sent is how many requests were sent. Cut is how many of them were still
	// in flight when the run ended early, or waited for one that was, in a run
	// that may be stopped; they are not in the tally.
	Sent, Cut int64
	// Decided says that the plan's Stop ended the run.
	Decided bool
	// Resent is how many requests the transport sent a second time, because
	// the server had closed the connection that it keeps open.
	Resent int64
	// Interrupted says that the context ended the run.
	Interrupted bool
	// GaveUp says why the run was ended before all requests were sent though
	// nobody interrupted it; it is empty for a run that was not.
	GaveUp string
	// Duration is from the first request to the last answer.
	Duration time.Duration
	// First is when the first answer of each version came, counted from the
	// first request.
	First map[string]time.Duration
}

// Rate returns the answers and errors per second.
func (r *Result) Rate() float64 {
	if r.Duration <= 0 {
		return 0
	}
	return float64(r.Tally.Requests()) / r.Duration.Seconds()
}

// grace is how long a transport has to return what was cut, before it is left
// to itself.
const grace = time.Second

// Generate carries out plan. A target that does not answer is no error: that is
// in the tally. Errors are a plan that cannot be carried out and a login that
// fails.
func (g *Generator) Generate(ctx context.Context, plan Plan) (*Result, error) {
	plan, err := plan.withDefaults()
	if err != nil {
		return nil, err
	}
	if plan.Login != nil {
		if plan.Cookies, err = plan.logIn(ctx, g.Transport); ctx.Err() != nil {
			return &Result{Tally: &split.Tally{}, Interrupted: true}, nil
		} else if err != nil {
			return nil, err
		}
	}
	run, end := context.WithCancelCause(ctx)
	defer end(nil)
	deadline := time.AfterFunc(plan.Deadline(), func() {
		end(gaveUp(fmt.Sprintf("the run did not end within %s", plan.Deadline())))
	})
	defer deadline.Stop()

	result := &Result{Tally: &split.Tally{}}
	result.Tally.Connections.Reuse = plan.Reuse
	began := time.Now()
	collector := newCollector(began,
		split.Ordered{Tally: result.Tally, Stop: plan.Stop},
		func(reason string) { end(gaveUp(reason)) }, func() { end(errDecided) })
	exchanger := &exchanger{ctx: run, plan: plan, transport: g.Transport, collector: collector}
	resent := g.resent()

	// A finished client: vegeta's own options would reach into a transport
	// that is not its. An Attacker is good for one attack.
	attacker := vegeta.NewAttacker(
		vegeta.Client(&http.Client{Transport: exchanger}),
		vegeta.Workers(uint64(plan.Connections)),
		vegeta.MaxWorkers(uint64(plan.Connections)),
	)
	pacer := &pacer{ctx: run, requests: uint64(plan.Requests), rate: plan.Rate, collector: collector}
	answers := attacker.Attack(vegeta.NewStaticTargeter(plan.target()), pacer, 0, "")

	refused := g.consume(run, answers, func() {
		done, failed := collector.counts()
		g.Progress(Progress{Requests: plan.Requests, Done: done, Errors: failed, Elapsed: time.Since(began)})
	})
	result.Duration = time.Since(began)
	result.First = collector.close()
	result.Sent = exchanger.sent.Load()
	result.Cut = result.Sent - result.Tally.Requests()
	result.Resent = g.resent() - resent
	result.Decided = collector.ordered.Stopped()
	if result.Decided || result.Tally.Requests() == plan.Requests {
		return result, nil
	}
	var reason gaveUp
	switch cause := context.Cause(run); {
	case errors.As(cause, &reason):
		result.GaveUp = string(reason)
	case cause != nil:
		result.Interrupted = true
	default:
		return nil, fmt.Errorf("%d of %d requests could not be made: %s", plan.Requests-result.Tally.Requests(), plan.Requests, refused)
	}
	return result, nil
}

// consume reads what vegeta reports until it has reported all, or the run is
// over and the transport does not let go. It returns the first complaint of
// vegeta's about a request without an answer.
func (g *Generator) consume(run context.Context, answers <-chan *vegeta.Result, progress func()) (refused string) {
	var (
		tick     <-chan time.Time
		ended    = run.Done()
		patience <-chan time.Time
	)
	if g.Progress != nil {
		ticker := time.NewTicker(100 * time.Millisecond)
		defer ticker.Stop()
		tick = ticker.C
		defer progress()
	}
	for {
		select {
		case answer, more := <-answers:
			if !more {
				return refused
			}
			if answer.Code == 0 && refused == "" {
				refused = answer.Error
			}
		case <-tick:
			progress()
		case <-ended:
			ended = nil
			patience = time.After(grace)
		case <-patience:
			go func() {
				for range answers {
				}
			}()
			return refused
		}
	}
}

// errDecided ends a run whose Stop has said yes.
var errDecided = errors.New("the run is decided")

// A gaveUp is a reason to end a run that is not the user's.
type gaveUp string

func (g gaveUp) Error() string { return string(g) }

func (g *Generator) resent() int64 {
	if t, ok := g.Transport.(interface{ Resent() int64 }); ok {
		return t.Resent()
	}
	return 0
}
