package draw

import (
	"context"
	"errors"

	"github.com/splitcheck/splitcheck/identify"
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/scenarios"
	"github.com/splitcheck/splitcheck/split"
)

// everyAnswer identifies each complete answer, by its status.
var everyAnswer = func() identify.Rules {
	rules, err := identify.ParseAll([]string{"status"})
	if err != nil {
		panic(err)
	}
	return rules
}()

// copies count the mirrored requests that reach a workload.
type copies struct {
	counter  target.MirrorCounter
	workload string
	before   int64
	login    bool
}

func countCopies(ctx context.Context, at target.Target, workload string, login bool) (*copies, error) {
	counter, ok := at.(target.MirrorCounter)
	if !ok {
		return nil, errors.New("this target cannot count mirrored requests")
	}
	before, err := counter.Mirrored(ctx, workload)
	return &copies{counter: counter, workload: workload, before: before, login: login}, err
}

// instead makes a tally of the copies since out of a tally of answers. Copies have
// no order and no connection of their own.
func (c *copies) instead(ctx context.Context, answers *split.Tally) (*split.Tally, error) {
	after, err := c.counter.Mirrored(ctx, c.workload)
	if err != nil {
		return nil, err
	}
	n := after - c.before
	copied := min(n, answers.Hits())
	counted := &split.Tally{
		Versions: map[string]int64{scenarios.Mirrored: copied, scenarios.Unmirrored: answers.Hits() - copied},
		Errors:   answers.Errors, Unidentified: answers.Unidentified, Examples: answers.Examples,
	}
	// A request without an answer may have been copied too, and so may the login.
	most := answers.Requests()
	if c.login {
		most++
	}
	if n > most {
		counted.Versions[split.MirroredAgain] = n - most
	}
	return counted, nil
}
