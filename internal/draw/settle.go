package draw

import (
	"context"
	"time"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/scenarios"
	"github.com/splitcheck/splitcheck/split"
)

const (
	// leastWindow and mostWindow are how many answers a window has; in between it
	// is a tenth of the sample. Two of the least are more than the few answers of
	// the old weights that a change of routes leaves behind.
	leastWindow, mostWindow = 100, 200
	// mostWindows is how many windows are read at most.
	mostWindows = 20
	// agreeAbove is the p-value above which two windows agree. A split that is
	// steady disagrees in a fifth of all pairs at most, which costs one window
	// more each time.
	agreeAbove = 0.2
)

// A Settling is what was read before a sample, to see that the split has stopped
// changing. It is reported and never judged.
type Settling struct {
	// Windows are the answers in dispatch order, so many at a time.
	Windows []*split.Tally
	// Settled says that the last two windows agree.
	Settled bool
	Took    time.Duration
}

// Answers is how many answers were read.
func (s *Settling) Answers() int64 {
	var n int64
	for _, each := range s.Windows {
		n += each.Requests()
	}
	return n
}

// Window is how many answers a window has before a sample of so many requests.
func Window(requests int64) int64 { return min(max(requests/10, leastWindow), mostWindow) }

// Unseen reports whether nothing but the answers tells that a change of the target
// is in effect.
func (d *Drawing) Unseen() bool { return d.entry.Unseen }

// Settle reads windows of answers until two successive ones agree, at least two and
// at most twenty, and no more than two once the time is over. The requests are those
// of the check, each on a connection of its own, so that what is chosen once for each
// connection does not look like a change.
//
// Two windows that agree do not show that what they have seen is the new split: if
// the old weights last longer than both, what follows is judged, and the gates are
// all that is left to notice the change.
//
// The error says why nothing can be measured, as that of Draw does; what was read
// until then is in the sample.
func Settle(ctx context.Context, at target.Target, c scenarios.Check, plan *analysis.Plan, o Options) (*Settling, *Sample, error) {
	window := Window(plan.Requests)
	c.Load.Requests, c.Load.Reuse = int(window*mostWindows), 1
	d, err := Enter(ctx, at, c, plan, o)
	if err != nil {
		return nil, nil, err
	}
	defer d.Close()
	w := windows{size: window, limit: o.Settle, began: time.Now()}
	d.Stop = w.stop
	sample, err := d.Draw(ctx, nil)
	w.Took = time.Since(w.began)
	return &w.Settling, sample, err
}

// windows counts answers until two successive windows of them agree.
type windows struct {
	Settling
	size  int64
	limit time.Duration
	began time.Time
}

// stop is told each answer in dispatch order and says whether it was the last.
func (w *windows) stop(_ *split.Tally, last split.Answer) bool {
	if n := len(w.Windows); n == 0 || w.Windows[n-1].Requests() == w.size {
		w.Windows = append(w.Windows, &split.Tally{})
	}
	n := len(w.Windows)
	current := w.Windows[n-1]
	current.Add(last)
	if current.Requests() < w.size || n < 2 {
		return false
	}
	w.Settled = analysis.Agree(w.Windows[n-2], current) > agreeAbove
	return w.Settled || n == mostWindows || time.Since(w.began) > w.limit
}
