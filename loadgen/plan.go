package loadgen

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/splitcheck/splitcheck/identify"
	"github.com/splitcheck/splitcheck/split"
)

// The defaults of a Plan.
const (
	DefaultConnections = 10
	DefaultTimeout     = 10 * time.Second
	DefaultMaxBody     = 1 << 20 // bytes
)

// A Plan says which requests are sent, how many, and how.
type Plan struct {
	// Method defaults to GET. URL is absolute, with its path and query.
	Method, URL string
	// Host is the Host header, if it is not the URL's.
	Host             string
	Headers, Cookies map[string]string
	Body             string
	// Login is made once before the load, if set.
	Login *Login

	// Identify names the version of each answer.
	Identify identify.Rules

	// Requests is the exact number of requests, or, where Stop may end the
	// run before, the greatest.
	Requests int64
	// Stop, if set, is asked after each answer whether the run ends with it.
	// It sees answers in dispatch order, and none while an earlier request is
	// in flight; t is the tally so far, last included. Requests that are in
	// flight when it says yes, or were answered after others that are, are no
	// part of the tally. It is called by one goroutine at a time and must
	// return soon.
	Stop func(t *split.Tally, last split.Answer) bool
	// Rate is in requests per second; 0 is as fast as it goes.
	Rate float64
	// Connections is the greatest number of requests in flight at once;
	// default 10.
	Connections int
	// Reuse is the greatest number of requests on one connection, 0 if
	// unbounded. The transport keeps it; here it is noted in the tally.
	Reuse int
	// Timeout is the deadline of each request, its body included; default
	// 10 s.
	Timeout time.Duration
	// MaxBody is how many bytes of a decoded body are read; default 1 MiB.
	// The connection of a longer answer is closed, and its version is looked
	// for in what was read.
	MaxBody int64
}

// A Login is one form that is posted, with the Plan's URL as its Referer. The
// cookies that its answer sets go with every request of the load.
type Login struct {
	// Path is resolved against the Plan's URL; default "/login".
	Path string
	Form map[string]string
}

// withDefaults fills in what p leaves open. The error names every mistake.
func (p Plan) withDefaults() (Plan, error) {
	if p.Method == "" {
		p.Method = http.MethodGet
	}
	if p.Connections == 0 {
		p.Connections = DefaultConnections
	}
	if p.Timeout == 0 {
		p.Timeout = DefaultTimeout
	}
	if p.MaxBody == 0 {
		p.MaxBody = DefaultMaxBody
	}
	var mistakes []error
	mistake := func(format string, args ...any) { mistakes = append(mistakes, fmt.Errorf(format, args...)) }
	if _, err := http.NewRequest(p.Method, p.URL, nil); err != nil {
		mistakes = append(mistakes, err)
	} else if u, _ := url.Parse(p.URL); u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		mistake("%q is no URL of a server: it begins with http:// or https:// and a host", p.URL)
	}
	if p.Requests < 1 {
		mistake("%d requests are not a sample", p.Requests)
	}
	if p.Rate < 0 || math.IsNaN(p.Rate) || math.IsInf(p.Rate, 0) {
		mistake("a rate of %g requests per second is not possible", p.Rate)
	}
	if p.Connections < 0 || p.Connections > maxConnections {
		mistake("%d connections are not possible: between 1 and %d are", p.Connections, maxConnections)
	}
	if p.Reuse < 0 || p.Timeout < 0 || p.MaxBody < 0 {
		mistake("reuse, timeout and the greatest length of a body are not negative")
	}
	for name, value := range p.Headers {
		if name == "" || strings.ContainsFunc(name, notInToken) || strings.ContainsFunc(value, unicode.IsControl) {
			mistake("the header %q: %q cannot be sent", name, value)
		}
	}
	if strings.ContainsFunc(p.Host, func(r rune) bool { return r <= ' ' || r == '/' || r >= 0x7f }) {
		mistake("the host %q cannot be sent", p.Host)
	}
	return p, errors.Join(mistakes...)
}

// notInToken says which characters no name of a header has (RFC 9110, 5.6.2).
func notInToken(r rune) bool {
	return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
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
func (p Plan) Deadline() time.Duration {
	p, _ = p.withDefaults()
	seconds := math.Ceil(float64(p.Requests)/float64(p.Connections)) * p.Timeout.Seconds()
	if p.Rate > 0 {
		seconds += float64(p.Requests) / p.Rate
	}
	// A hundred years, so that the sum stays a Duration.
	return time.Duration(min(2*seconds+10, 100*365*24*3600) * float64(time.Second))
}

// target is what vegeta makes each request of.
func (p Plan) target() vegeta.Target {
	request := &http.Request{Header: http.Header{"User-Agent": {"splitcheck"}}}
	for name, value := range p.Headers {
		request.Header.Set(name, value)
	}
	for _, name := range slices.Sorted(maps.Keys(p.Cookies)) {
		request.AddCookie(&http.Cookie{Name: name, Value: p.Cookies[name]})
	}
	if host := p.host(); host != "" {
		request.Header.Set("Host", host) // vegeta makes it the request's Host
	}
	return vegeta.Target{Method: p.Method, URL: p.URL, Body: []byte(p.Body), Header: request.Header}
}

// host returns the Host that p asks for, by its field or among its headers.
func (p Plan) host() string {
	if p.Host != "" {
		return p.Host
	}
	for name, value := range p.Headers {
		if strings.EqualFold(name, "Host") {
			return value
		}
	}
	return ""
}
