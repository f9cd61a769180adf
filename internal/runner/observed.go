package runner

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/reports"
	"github.com/splitcheck/splitcheck/scenarios"
	"github.com/splitcheck/splitcheck/split"
)

func source(s scenarios.Source) *reports.Source {
	if s == (scenarios.Source{}) {
		return nil
	}
	known := reports.Source(s)
	return &known
}

// A timeline notes when things happened in a step.
type timeline struct {
	reports.Timeline
	began time.Time
}

func (t *timeline) changed(live target.Convergence) {
	if live.Applied > 0 {
		t.AppliedSeconds = reports.Num(live.Applied.Seconds())
	}
	for _, p := range live.Proxies {
		if p.Converged {
			t.Programmed = append(t.Programmed, reports.ProgrammedAt{Name: p.Name, Seconds: reports.Num(p.Took.Seconds())})
		}
	}
	slices.SortStableFunc(t.Programmed, func(a, b reports.ProgrammedAt) int {
		return cmp.Compare(a.Seconds.Or(0), b.Seconds.Or(0))
	})
}

func (t *timeline) report() *reports.Timeline {
	if t.AppliedSeconds.IsZero() && len(t.Programmed)+len(t.FirstAnswers) == 0 {
		return nil
	}
	return &t.Timeline
}

// traffic gathers the graphs of a scenario's steps.
type traffic struct {
	grapher target.Grapher // nil where the target draws none
	all     []*split.Graph
	gap     bool
}

// since returns what was sent since the step before ended. It is nil where the
// target could not be asked, and for the next step too: what is seen then is of
// both, and is in the graph of the scenario alone.
func (t *traffic) since(ctx context.Context) *split.Graph {
	if t.grapher == nil {
		return nil
	}
	drawn, err := t.grapher.Graph(ctx)
	if err != nil {
		t.gap = true
		return nil
	}
	t.all = append(t.all, drawn)
	if t.gap {
		t.gap = false
		return nil
	}
	return drawn
}
