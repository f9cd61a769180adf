package loadgen

import (
	"bytes"
	"context"
	"io"
	"net/http"

	"github.com/splitcheck/splitcheck/identify"
	"github.com/splitcheck/splitcheck/split"
)

// HTTP asks over HTTP. Its transport carries the requests: it sets Connection
// of the split.Exchange in a request's context and heeds that context.
type HTTP struct{ http.RoundTripper }

// An httpAsker asks by one HTTP request, and identifies each answer as it arrives:
// what is kept of an answer is its version.
type httpAsker struct {
	request   Request
	prototype *http.Request
	transport http.RoundTripper
	opening   *Opening
}

// Open implements Opener.
func (h HTTP) Open(ctx context.Context, request Request) (Asker, error) {
	request, err := request.withDefaults()
	if err != nil {
		return nil, err
	}
	if request.Login != nil {
		if request.Cookies, err = request.logIn(ctx, h.RoundTripper); err != nil {
			return nil, err
		}
	}
	prototype, err := http.NewRequest(request.Method, request.URL, nil)
	if err != nil {
		return nil, err
	}
	prototype.Header = request.header()
	if host := request.host(); host != "" {
		prototype.Host = host
	}
	prototype.ContentLength = int64(len(request.Body))
	opening := NewOpening(request.Identify, request.Expected)
	return &httpAsker{request: request, prototype: prototype, transport: h.RoundTripper, opening: opening}, nil
}

// Ask implements Asker.
func (h *httpAsker) Ask(ctx context.Context, number uint64) split.Answer {
	exchange := &split.Exchange{Number: number}
	request := h.prototype.WithContext(split.WithExchange(ctx, exchange))
	// A transport may change the header, though it is not meant to.
	request.Header = h.prototype.Header.Clone()
	if h.request.Body != "" {
		request.GetBody = func() (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader([]byte(h.request.Body))), nil
		}
		request.Body, _ = request.GetBody()
	}
	answer, err := h.exchange(request, number)
	if err != nil {
		answer = Failure(err)
	}
	answer.Connection, answer.Address = exchange.Connection, exchange.Address
	answer.Place, answer.Ends = exchange.Place, exchange.Ends
	return answer
}

// Lost is how many requests the transport lost, as a Network does.
func (h *httpAsker) Lost() int64 { return lost(h.transport) }

// Unasked are the addresses that the transport could not reach, as a Network's.
func (h *httpAsker) Unasked() map[string]string { return unasked(h.transport) }

// First are the answers that the function First returns.
func (h *httpAsker) First() []identify.Answer { return h.opening.answers() }

// Fault is what the first answers show to be wrong.
func (h *httpAsker) Fault(first *split.Tally) *Fault { return h.opening.Fault(first) }

func (h *httpAsker) exchange(request *http.Request, number uint64) (split.Answer, error) {
	response, err := h.transport.RoundTrip(request)
	if err != nil {
		return split.Answer{}, err
	}
	defer response.Body.Close()
	return classifyBody(h.request.Identify, response.StatusCode, response.Header, response.Body, h.request.MaxBody,
		func(a identify.Answer) { h.opening.Keep(number, a) })
}
