package loadgen

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// The defaults of a Plan.
const (
	DefaultConnections = 10
	DefaultTimeout     = 10 * time.Second
	DefaultMaxBody     = 1 << 20 // bytes
)

// A Plan says what is asked, how often, and how. It can be written down as JSON
// and carried out elsewhere; the fields of a Request say which of them may hold
// what should not be read by others.
type Plan struct {
	Request
	Load
}

// A Load says how often something is asked, and how.
type Load struct {
	// Requests is the exact number of requests, or, where the run may be stopped
	// before, the greatest.
	Requests int64 `json:"requests"`
	// Rate is in requests per second; 0 is as fast as it goes.
	Rate float64 `json:"rate,omitempty"`
	// Connections is the greatest number of requests in flight at once;
	// default 10.
	Connections int `json:"connections,omitempty"`
	// Reuse is the greatest number of requests on one connection, 0 if
	// unbounded. Whatever is asked keeps it; here it is noted in the tally.
	Reuse int `json:"reuse,omitempty"`
	// Timeout is the deadline of each request, its body included; default
	// 10 s.
	Timeout time.Duration `json:"timeout_ns,omitempty"`
}

// withDefaults fills in what l leaves open. The error names every mistake.
func (l Load) withDefaults() (Load, error) {
	if l.Connections == 0 {
		l.Connections = DefaultConnections
	}
	if l.Timeout == 0 {
		l.Timeout = DefaultTimeout
	}
	var mistakes []error
	mistake := func(format string, args ...any) { mistakes = append(mistakes, fmt.Errorf(format, args...)) }
	if l.Requests < 1 {
		mistake("%d requests are not a sample", l.Requests)
	}
	if l.Rate < 0 || math.IsNaN(l.Rate) || math.IsInf(l.Rate, 0) {
		mistake("a rate of %g requests per second is not possible", l.Rate)
	}
	if l.Connections < 0 || l.Connections > maxConnections {
		mistake("%d connections are not possible: between 1 and %d are", l.Connections, maxConnections)
	}
	if l.Reuse < 0 || l.Timeout < 0 {
		mistake("reuse and timeout are not negative")
	}
	return l, errors.Join(mistakes...)
}

// maxConnections keeps a slip of the finger from starting a million goroutines.
const maxConnections = 1 << 16

// Deadline is how long the run may take at most:
//
//	2·(Requests/Rate + ceil(Requests/Connections)·Timeout) + 10 s
//
// that is twice the time of the schedule and of all requests if each uses up its
// own deadline, so that it never cuts a run that only answers slowly. It is the
// last resort: a target that answers nothing is given up long before.
func (l Load) Deadline() time.Duration {
	l, _ = l.withDefaults()
	seconds := math.Ceil(float64(l.Requests)/float64(l.Connections)) * l.Timeout.Seconds()
	if l.Rate > 0 {
		seconds += float64(l.Requests) / l.Rate
	}
	// A hundred years, so that the sum stays a Duration.
	return time.Duration(min(2*seconds+10, 100*365*24*3600) * float64(time.Second))
}
