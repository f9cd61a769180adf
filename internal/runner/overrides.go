package runner

import (
	"maps"
	"time"

	"github.com/splitcheck/splitcheck/scenarios"
)

// Overrides are settings of the command line that take precedence over those
// of every check. Zero values set nothing.
type Overrides struct {
	Requests, Connections, Reuse int
	// Rate is per second; 0 is as fast as it goes and nil sets nothing.
	Rate    *float64
	Timeout time.Duration
	// Margin is for every version that has a positive weight; Margins are for
	// versions by name.
	Margin             float64
	Margins            map[string]float64
	Alpha, Power, Leak float64
	// MaxErrors is a share; nil sets nothing.
	MaxErrors *float64
	// Method is one of package analysis. Checks of mirrored copies keep theirs.
	Method string
}

func (o Overrides) apply(c *scenarios.Check) {
	set(&c.Load.Requests, o.Requests)
	set(&c.Load.Connections, o.Connections)
	set(&c.Load.Reuse, o.Reuse)
	set(&c.Load.Timeout, o.Timeout)
	set(&c.Alpha, o.Alpha)
	set(&c.Power, o.Power)
	set(&c.Leak, o.Leak)
	set(&c.Method, o.Method)
	if o.Rate != nil {
		c.Load.Rate, c.Load.RateSet = *o.Rate, true
	}
	if o.MaxErrors != nil {
		c.MaxErrors = *o.MaxErrors
	}
	if o.Margin == 0 && len(o.Margins) == 0 {
		return
	}
	margins := maps.Clone(c.Margins)
	if margins == nil {
		margins = map[string]float64{}
	}
	for _, each := range c.Expect {
		switch own, named := o.Margins[each.Version]; {
		case named:
			margins[each.Version] = own
		case o.Margin > 0 && each.Weight > 0:
			margins[each.Version] = o.Margin
		}
	}
	c.Margins = margins
}

func set[T comparable](to *T, value T) {
	var zero T
	if value != zero {
		*to = value
	}
}
