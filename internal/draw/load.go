package draw

import (
	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/loadgen"
	"github.com/splitcheck/splitcheck/scenarios"
)

// defaultReuse is the greatest number of requests on a connection where nothing
// else is said.
const defaultReuse = 10

// Load is the load of a check: as the check says, or else as the plan and the
// target say. The address is left open.
func Load(c scenarios.Check, plan *analysis.Plan, o Options) loadgen.Plan {
	r := c.Request
	load := loadgen.Plan{
		Request: loadgen.Request{
			Method: r.Method, Host: r.Host, Headers: r.Headers, Cookies: r.Cookies, Body: r.Body,
			Login: r.Login, Identify: c.Identify,
		},
		Load: loadgen.Load{
			Requests: plan.Requests, Rate: o.Rate,
			Connections: loadgen.DefaultConnections, Reuse: Reuse(plan), Timeout: loadgen.DefaultTimeout,
		},
	}
	for _, each := range c.Expect {
		load.Expected = append(load.Expected, each.Version)
	}
	if c.Load.RateSet {
		load.Rate = c.Load.Rate
	}
	set(&load.Requests, int64(c.Load.Requests))
	set(&load.Connections, c.Load.Connections)
	set(&load.Reuse, c.Load.Reuse)
	set(&load.Timeout, c.Load.Timeout)
	return load
}

func set[T int | ~int64](to *T, value T) {
	if value > 0 {
		*to = value
	}
}

// Reuse is how many requests a connection may carry so that there are enough
// connections to tell a silent version from a sticky balancer: twice as many as
// the verdict asks for, so that the last, half-used ones do not matter.
func Reuse(plan *analysis.Plan) int {
	needed := 2 * plan.Connections()
	if needed == 0 {
		return defaultReuse
	}
	if plan.Method == analysis.Sequentially {
		return 1 // it would end sooner than there are enough
	}
	return int(min(defaultReuse, max(1, plan.Requests/needed)))
}
