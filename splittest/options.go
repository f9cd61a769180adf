package splittest

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/split"
)

// The defaults of what is not asked of the sample but of how it is drawn.
const (
	DefaultWorkers = 10
	DefaultTimeout = 10 * time.Second
)

// An Option changes how the question is asked. Options that are not given have
// the defaults of package analysis.
type Option func(*settings)

type settings struct {
	question analysis.Question
	margin   float64 // of every version; 0 is the default
	requests int64
	checks   int
	workers  int
	rate     float64
	timeout  time.Duration
}

// Margin is how far off the share of a version may be before it matters, as a
// part of 1: 0.02 is two percentage points. A smaller one takes a larger sample:
// half the margin takes four times as many requests.
func Margin(share float64) Option { return func(s *settings) { s.margin = share } }

// Margins are those of single versions, for which they replace that of Margin.
func Margins(shares map[string]float64) Option {
	return func(s *settings) { s.question.Margins = shares }
}

// Alpha bounds the probability of a wrong verdict of either kind.
func Alpha(alpha float64) Option { return func(s *settings) { s.question.Alpha = alpha } }

// Power is the least probability of a right verdict.
func Power(power float64) Option { return func(s *settings) { s.question.Power = power } }

// Leak is the share of a version of weight zero that must be excluded.
func Leak(share float64) Option { return func(s *settings) { s.question.Leak = share } }

// MaxErrors is the share of errors beyond which nothing was measured.
func MaxErrors(share float64) Option { return func(s *settings) { s.question.MaxErrors = share } }

// Sequentially lets the sample end as soon as it is decided, at the same error
// rates. Half of the correct splits are verified by less than a fixed sample
// takes, and a gross error is found after a few dozen requests; a split that is
// off by less than its margin may take longer.
func Sequentially() Option {
	return func(s *settings) { s.question.Method = analysis.Sequentially }
}

// Requests fixes the size of the sample, which is otherwise planned. One that is
// too small for the question is inconclusive, however well it fits.
func Requests(n int) Option { return func(s *settings) { s.requests = int64(n) } }

// OneOf says that this is one of so many checks that are judged together, such
// as the cases of a table: each is planned a little more strictly, so that all
// of them together keep the error rates of analysis.Suite.
func OneOf(checks int) Option { return func(s *settings) { s.checks = checks } }

// Workers is how many calls of ask are made at once, by default 10.
func Workers(n int) Option { return func(s *settings) { s.workers = n } }

// Rate is the greatest number of calls per second. The default, 0, is as fast as
// it goes.
func Rate(perSecond float64) Option { return func(s *settings) { s.rate = perSecond } }

// Timeout is when the context of each call of ask ends, by default after ten
// seconds.
func Timeout(d time.Duration) Option { return func(s *settings) { s.timeout = d } }

// Seed is for p-values that are drawn, where they are too many to be summed. It
// decides no verdict of two versions.
func Seed(seed uint64) Option { return func(s *settings) { s.question.Seed = seed } }

// settingsOf applies the options and plans the sample. The error names every
// mistake.
func settingsOf(weights Weights, options []Option) (settings, *analysis.Plan, error) {
	s := settings{workers: DefaultWorkers, timeout: DefaultTimeout, checks: 1}
	s.question.MaxErrors = -1 // the default
	for _, version := range slices.Sorted(maps.Keys(weights)) {
		s.question.Weights = append(s.question.Weights, split.Weight{Version: version, Weight: weights[version]})
	}
	for _, option := range options {
		option(&s)
	}
	var mistakes []error
	mistake := func(format string, args ...any) { mistakes = append(mistakes, fmt.Errorf(format, args...)) }
	if s.workers < 1 || s.workers > mostWorkers {
		mistake("%d workers are not possible: between 1 and %d are", s.workers, mostWorkers)
	}
	if s.requests < 0 {
		mistake("%d requests are not a sample", s.requests)
	}
	if s.checks < 1 {
		mistake("this cannot be one of %d checks", s.checks)
	}
	if s.rate < 0 || math.IsNaN(s.rate) || math.IsInf(s.rate, 0) {
		mistake("a rate of %g calls per second is not possible", s.rate)
	}
	if s.timeout <= 0 {
		mistake("a timeout of %s leaves no time to answer", s.timeout)
	}
	plan, err := s.plan()
	return s, plan, errors.Join(append(mistakes, err)...)
}

// mostWorkers keeps a slip of the finger from starting a million goroutines.
const mostWorkers = 1 << 16

func (s settings) plan() (*analysis.Plan, error) {
	q := s.question
	if s.margin != 0 {
		margins := map[string]float64{}
		for _, each := range q.Weights {
			margins[each.Version] = s.margin
		}
		maps.Copy(margins, q.Margins)
		q.Margins = margins
	}
	if s.checks > 1 {
		q = analysis.Suite(s.checks, q)
	}
	if s.requests > 0 {
		return analysis.PlanFor(q, s.requests)
	}
	return analysis.NewPlan(q)
}
