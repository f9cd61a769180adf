package loadgen

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/splitcheck/splitcheck/split"
)

// vegetaSeq is how vegeta hands the number of a request on.
const vegetaSeq = "X-Vegeta-Seq"

// errEnded is returned to vegeta for what was not sent because the run was over.
var errEnded = errors.New("the run has ended")

// An exchanger stands between vegeta and what is asked. vegeta says when, and
// takes it for a transport: each of its requests, which goes nowhere, is one to
// the Asker, and each answer to it is empty, because vegeta would keep it whole.
type exchanger struct {
	ctx       context.Context // of the run
	asker     Asker
	timeout   time.Duration
	collector *collector
	sent      atomic.Int64
}

// RoundTrip implements http.RoundTripper.
func (x *exchanger) RoundTrip(request *http.Request) (*http.Response, error) {
	number, err := strconv.ParseUint(request.Header.Get(vegetaSeq), 10, 64)
	if err != nil {
		return nil, err
	}
	if x.ctx.Err() != nil {
		return nil, errEnded
	}
	ctx, cancel := context.WithTimeout(x.ctx, x.timeout)
	defer cancel()
	x.sent.Add(1)
	began := time.Now()
	answer := x.asker.Ask(ctx, number)
	nothing := answer.Outcome == split.Error && answer.Status == 0
	if nothing && x.ctx.Err() != nil {
		return nil, errEnded // cut by us, no error of the target
	}
	answer.Number = number
	if !nothing {
		answer.Latency = max(time.Since(began), 1) // 0 would say that it is not known
	}
	x.collector.add(answer, nothing)
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: request}, nil
}
