package loadgen

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/splitcheck/splitcheck/identify"
	"github.com/splitcheck/splitcheck/split"
)

// vegetaSeq is how vegeta hands the number of a request on. It is taken off
// before the request is sent.
const vegetaSeq = "X-Vegeta-Seq"

// errEnded is returned to vegeta for what was not sent because the run was over.
var errEnded = errors.New("the run has ended")

// An exchanger stands between vegeta and the transport: it identifies each
// answer as it arrives and gives vegeta one without header and body, because
// vegeta would keep both whole.
type exchanger struct {
	ctx       context.Context // of the run
	plan      Plan
	transport http.RoundTripper
	collector *collector
	sent      atomic.Int64
}

// RoundTrip implements http.RoundTripper. request is vegeta's own and used for
// nothing else, so its headers may be changed.
func (x *exchanger) RoundTrip(request *http.Request) (*http.Response, error) {
	number, err := strconv.ParseUint(request.Header.Get(vegetaSeq), 10, 64)
	if err != nil {
		return nil, err
	}
	delete(request.Header, vegetaSeq)
	delete(request.Header, "Host") // it stands in request.Host
	if x.ctx.Err() != nil {
		return nil, errEnded
	}
	ctx, cancel := context.WithTimeout(x.ctx, x.plan.Timeout)
	defer cancel()
	exchange := &split.Exchange{Number: number}
	x.sent.Add(1)
	began := time.Now()
	answer, err := x.exchange(request.WithContext(split.WithExchange(ctx, exchange)))
	if err != nil {
		if x.ctx.Err() != nil {
			return nil, errEnded // cut by us, no error of the target
		}
		answer = Failure(err)
	}
	answer.Number, answer.Connection = number, exchange.Connection
	if err == nil {
		answer.Latency = max(time.Since(began), 1) // 0 would say that it is not known
	}
	x.collector.add(answer, err != nil)
	if err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: answer.Status, Body: http.NoBody, Request: request}, nil
}

func (x *exchanger) exchange(request *http.Request) (split.Answer, error) {
	response, err := x.transport.RoundTrip(request)
	if err != nil {
		return split.Answer{}, err
	}
	defer response.Body.Close()
	buffer := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(buffer)
	buffer.Reset()
	more, err := readBody(response, x.plan.MaxBody, buffer)
	if err != nil {
		return split.Answer{}, err
	}
	answer := Classify(x.plan.Identify, identify.Answer{
		Status: response.StatusCode,
		Header: response.Header,
		Body:   buffer.Bytes(),
	})
	if more && answer.Outcome == split.Unidentified {
		answer.Kind += fmt.Sprintf(", of which %d bytes were read", x.plan.MaxBody)
	}
	return answer, nil
}
