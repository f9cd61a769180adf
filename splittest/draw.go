package splittest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/split"
)

const (
	// mostKinds bounds how many texts of errors are counted apart.
	mostKinds = 20
	// grace is how long calls have to return when the sample has ended, before
	// they are left to themselves.
	grace = time.Second
)

// OnConnection says that the request which ctx belongs to went over the
// connection with this number. An ask that calls it each time lets the check see
// whether a balancer chooses once for each connection instead of once for each
// request.
func OnConnection(ctx context.Context, number uint64) {
	if exchange := split.ExchangeOf(ctx); exchange != nil {
		exchange.Connection = number
	}
}

// unknown is the connection of a call that has not said which one it used.
const unknown = math.MaxUint64

// A drawing is a sample that is being drawn.
type drawing struct {
	ask  func(context.Context) (string, error)
	ctx  context.Context
	end  context.CancelCauseFunc
	set  settings
	plan *analysis.Plan

	mu      sync.Mutex
	flow    *split.Flow
	flying  map[uint64]bool // calls that have not returned
	strange map[string]bool // versions that the weights do not name
	kinds   map[string]bool // texts of errors
	apart   bool            // some call did not say which connection it used
	broken  error           // ask did not return
	closed  bool
}

// errDecided ends a sample that is decided.
var errDecided = errors.New("the sample is decided")

// A gaveUp is a reason to end a sample that is not the caller's.
type gaveUp string

func (g gaveUp) Error() string { return string(g) }

// draw asks as often as the plan says and judges the answers.
func draw(ctx context.Context, ask func(context.Context) (string, error), plan *analysis.Plan, set settings) (*Result, error) {
	d := &drawing{
		ask: ask, set: set, plan: plan,
		flow:   split.NewFlow(split.Ordered{Tally: &split.Tally{}}),
		flying: map[uint64]bool{}, strange: map[string]bool{}, kinds: map[string]bool{},
	}
	d.ctx, d.end = context.WithCancelCause(ctx)
	defer d.end(nil)

	judge := func(t *split.Tally) *analysis.Judgement { return analysis.Judge(plan, t) }
	d.flow.Looks = plan.Sizes()
	stop := func(t *split.Tally, last split.Answer) bool {
		_, look := slices.BinarySearch(d.flow.Looks, int64(last.Number)+1)
		return look && !plan.GoesOn(t)
	}
	if plan.Method == analysis.Sequentially {
		sequential := analysis.NewSequential(plan)
		judge, stop, d.flow.Looks = sequential.Judge, sequential.Stop, nil
	}
	d.flow.Stop = func(t *split.Tally, last split.Answer) bool {
		if d.apart {
			// Connections that are known in part tell nothing.
			t.Connections = split.Connections{}
		}
		return stop(t, last)
	}

	began := time.Now()
	d.run()
	result := &Result{Plan: plan, Duration: time.Since(began)}
	if err := d.close(result); err != nil {
		return nil, err
	}
	result.Judgement = judge(result.Tally)
	if result.Ended != "" {
		result.Judgement = analysis.EndedEarly(result.Judgement, plan, result.Ended)
	}
	return result, nil
}

// run makes the calls and returns when all have returned, or the sample has ended
// and those that are left do not let go.
func (d *drawing) run() {
	numbers := make(chan uint64)
	var workers sync.WaitGroup
	for range min(int64(d.set.workers), d.plan.Most()) {
		workers.Go(func() {
			for number := range numbers {
				d.request(number)
			}
		})
	}
	d.dispatch(numbers)
	close(numbers)
	returned := make(chan struct{})
	go func() {
		workers.Wait()
		close(returned)
	}()
	select {
	case <-returned:
		return
	case <-d.ctx.Done():
	}
	patience := time.NewTimer(grace)
	defer patience.Stop()
	select {
	case <-returned:
	case <-patience.C:
	}
}

// dispatch hands out the numbers of the calls in turn, each when it is due.
func (d *drawing) dispatch(numbers chan<- uint64) {
	began := time.Now()
	for number := range uint64(d.plan.Most()) {
		if d.set.rate > 0 {
			due := time.Duration(float64(number) / d.set.rate * float64(time.Second))
			wait := time.NewTimer(due - time.Since(began))
			select {
			case <-wait.C:
			case <-d.ctx.Done():
				wait.Stop()
			}
		}
		if !d.flow.Admit(d.ctx, number) || d.ctx.Err() != nil {
			return
		}
		select {
		case numbers <- number:
		case <-d.ctx.Done():
			return
		}
	}
}

// request makes one call and counts what came of it.
func (d *drawing) request(number uint64) {
	d.mu.Lock()
	d.flying[number] = true
	d.mu.Unlock()
	exchange := &split.Exchange{Number: number, Connection: unknown}
	ctx, cancel := context.WithTimeout(split.WithExchange(d.ctx, exchange), d.set.timeout)
	defer cancel()
	version, err := d.once(ctx)

	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed || d.ctx.Err() != nil {
		return // it was in flight when the sample ended
	}
	delete(d.flying, number)
	a := split.Answer{Number: number, Connection: exchange.Connection}
	switch {
	case err != nil:
		a.Outcome, a.Kind, a.Example = split.Error, oneLine(err.Error()), err.Error()
		if ctx.Err() != nil {
			a.Kind = fmt.Sprintf("no answer within %s", d.set.timeout)
		} else if !remember(d.kinds, a.Kind, mostKinds) {
			a.Kind = "other errors"
		}
	case version == "":
		a.Outcome, a.Kind = split.Unidentified, "answers that name no version"
	default:
		a.Outcome, a.Version = split.Hit, version
		d.apart = d.apart || exchange.Connection == unknown
	}
	d.count(a)
}

// once calls ask. An ask that panics or ends its goroutine ends the sample: that
// is a mistake in the test, and no answer of any version.
func (d *drawing) once(ctx context.Context) (version string, err error) {
	returned := false
	defer func() {
		if returned {
			return
		}
		broken := errors.New("ask ended its goroutine instead of returning, as t.FailNow, t.Fatal and require do; let it return an error")
		if panicked := recover(); panicked != nil {
			broken = fmt.Errorf("ask panicked: %v\n%s", panicked, debug.Stack())
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		d.broken = cmp.Or(d.broken, broken)
		d.end(broken)
	}()
	version, err = d.ask(ctx)
	returned = true
	return version, err
}

// count adds an answer and ends the sample where it decides or hopes for nothing
// more.
func (d *drawing) count(a split.Answer) {
	hit := a.Outcome == split.Hit
	silent, all := d.flow.Add(a, hit)
	switch {
	case d.flow.Stopped():
		d.end(errDecided)
	case hit:
		if !d.plan.Question.Weights.Has(a.Version) && !remember(d.strange, a.Version, split.MaxVersions) {
			d.end(gaveUp(fmt.Sprintf("ask named more than %d versions that the weights do not name, %q the last of them: it "+
				"may return something else than a version", split.MaxVersions, oneLine(a.Version))))
		}
	case silent > 0 && all:
		d.end(gaveUp(fmt.Sprintf("none of the first %d answers named a version (the last: %s)", silent, a.Kind)))
	case silent > 0:
		d.end(gaveUp(fmt.Sprintf("%d answers in a row named no version (the last: %s)", silent, a.Kind)))
	}
}

// remember adds name to those that are known; it returns false if it is a new one
// and they are as many as may be.
func remember(known map[string]bool, name string, most int) bool {
	if !known[name] && len(known) >= most {
		return false
	}
	known[name] = true
	return true
}

// close fills in what was counted; what arrives later is dropped. Calls that were
// in flight when the sample was ended may have been any version's: those of a slow
// one are always the last to return, and a correct split that is cut short would
// look wrong without them.
func (d *drawing) close(result *Result) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	result.Tally = d.flow.Tally
	if d.broken != nil || d.flow.Stopped() {
		d.flow.Cut()
		return d.broken
	}
	for _, number := range slices.Sorted(maps.Keys(d.flying)) {
		d.flow.Ordered.Add(split.Answer{Number: number, Outcome: split.Unidentified, Kind: "calls that had not returned at the end"})
	}
	d.flow.Close()
	if len(d.flying) == 0 && result.Tally.Requests() == d.plan.Requests {
		return nil
	}
	result.Ended = "it was ended"
	if cause := context.Cause(d.ctx); errors.Is(cause, context.DeadlineExceeded) {
		result.Ended = "the deadline came first; allow more time, or use more workers"
	} else if cause != nil {
		result.Ended = cause.Error()
	}
	return nil
}
