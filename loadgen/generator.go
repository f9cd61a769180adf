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

// Options go with a plan and stay where it was made.
type Options struct {
	// Stop, if set, is asked after each answer whether the run ends with it.
	// It sees answers in dispatch order, and none while an earlier request is
	// in flight; t is the tally so far, last included. Requests that are in
	// flight when it says yes, or were answered after others that are, are no
	// part of the tally. It is called by one goroutine at a time and must
	// return soon.
	Stop func(t *split.Tally, last split.Answer) bool
	// Looks, if set, are the numbers of requests, ascending, at which alone Stop
	// is asked. The run waits there until all that were sent are answered, so
	// nothing is in flight when it ends.
	Looks []int64
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
	// Decided says that Stop ended the run.
	Decided bool
	// Lost is how many of the errors were sent on a connection that had carried
	// others before, and not answered because the server closed it.
	Lost int64
	// Unasked are addresses of the target that could not be reached while others
	// could, each with the reason.
	Unasked map[string]string
	// Interrupted says that the context ended the run.
	Interrupted bool
	// Fault is set if the run was ended because of its first answers.
	Fault *Fault
	// GaveUp says why the run was ended before all requests were sent though
	// nobody interrupted it; it is nil for a run that was not.
	GaveUp *split.Finding
	// Duration is from the first request to the last answer.
	Duration time.Duration
	// First is when the first answer of each version came, counted from the
	// first request.
	First map[string]time.Duration
}

// grace is how long a transport has to return what was cut, before it is left
// to itself.
const grace = time.Second

// Generate carries out a plan of what opener opens. A target that does not answer is
// no error: that is in the tally. Errors are a plan that cannot be carried out and a
// login that fails.
func Generate(ctx context.Context, plan Plan, opener Opener, options Options) (*Result, error) {
	load, bad := plan.Load.withDefaults()
	if bad != nil {
		// All mistakes are named at once, and nobody logs in for a load that
		// cannot be.
		request := plan.Request
		request.Login = nil
		_, err := opener.Open(ctx, request)
		return nil, errors.Join(err, bad)
	}
	login, cancel := context.WithTimeout(ctx, load.Timeout)
	defer cancel()
	asker, err := opener.Open(login, plan.Request)
	switch {
	case err != nil && ctx.Err() != nil:
		return &Result{Tally: &split.Tally{}, Interrupted: true}, nil
	case err != nil:
		return nil, err
	}
	return Ask(ctx, asker, load, options)
}

// Ask asks as often as load says. What is not answered is no error: that is in the
// tally.
func Ask(ctx context.Context, asker Asker, load Load, options Options) (*Result, error) {
	load, err := load.withDefaults()
	if err != nil {
		return nil, err
	}
	run, end := context.WithCancelCause(ctx)
	defer end(nil)
	deadline := time.AfterFunc(load.Deadline(), func() {
		end(&gaveUp{split.Found("load-did-not-end", split.Values{"seconds": load.Deadline().Seconds()})})
	})
	defer deadline.Stop()

	result := &Result{Tally: &split.Tally{}}
	result.Tally.Connections.Reuse = load.Reuse
	began := time.Now()
	collector := newCollector(began, result.Tally, options.stop(),
		func(first *split.Tally) *Fault { return faultOf(asker, first) },
		func(reason split.Finding) { end(&gaveUp{reason}) }, func() { end(errDecided) })
	collector.flow.Looks = options.Looks
	exchanger := &exchanger{ctx: run, asker: asker, timeout: load.Timeout, collector: collector}
	before := lost(asker)

	// A finished client: vegeta's own options would reach into a transport
	// that is not its. An Attacker is good for one attack.
	attacker := vegeta.NewAttacker(
		vegeta.Client(&http.Client{Transport: exchanger}),
		vegeta.Workers(uint64(load.Connections)),
		vegeta.MaxWorkers(uint64(load.Connections)),
	)
	pacer := &pacer{ctx: run, requests: uint64(load.Requests), rate: load.Rate, collector: collector}
	answers := attacker.Attack(vegeta.NewStaticTargeter(nowhere), pacer, 0, "")

	var progress func()
	if options.Progress != nil {
		progress = func() {
			done, failed := collector.counts()
			options.Progress(Progress{Requests: load.Requests, Done: done, Errors: failed, Elapsed: time.Since(began)})
		}
	}
	refused := consume(run, answers, progress)
	result.Duration = time.Since(began)
	result.First = collector.close()
	result.Sent = exchanger.sent.Load()
	result.Cut = result.Sent - result.Tally.Requests()
	result.Lost = lost(asker) - before
	result.Unasked = unasked(asker)
	result.Fault = collector.fault
	result.Decided = collector.flow.Stopped() && result.Fault == nil
	if result.Decided || result.Tally.Requests() == load.Requests {
		return result, nil
	}
	var reason *gaveUp
	switch cause := context.Cause(run); {
	case errors.As(cause, &reason):
		result.GaveUp = &reason.why
	case cause != nil:
		result.Interrupted = true
	default:
		return nil, fmt.Errorf("%d of %d requests could not be made: %s", load.Requests-result.Tally.Requests(), load.Requests, refused)
	}
	return result, nil
}

// stop is Stop, asked at Looks alone.
func (o Options) stop() func(*split.Tally, split.Answer) bool {
	if o.Stop == nil || len(o.Looks) == 0 {
		return o.Stop
	}
	var counted int64
	left := o.Looks
	return func(t *split.Tally, last split.Answer) bool {
		counted++
		if len(left) == 0 || counted < left[0] {
			return false
		}
		left = left[1:]
		return o.Stop(t, last)
	}
}

// nowhere is what vegeta makes its requests of, which are not sent.
var nowhere = vegeta.Target{Method: http.MethodGet, URL: "http://nowhere"}

// consume reads what vegeta reports until it has reported all, or the run is
// over and the transport does not let go. It returns the first complaint of
// vegeta's about a request without an answer.
func consume(run context.Context, answers <-chan *vegeta.Result, progress func()) (refused string) {
	var (
		tick     <-chan time.Time
		ended    = run.Done()
		patience <-chan time.Time
	)
	if progress != nil {
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
type gaveUp struct{ why split.Finding }

func (g *gaveUp) Error() string { return g.why.ID }
