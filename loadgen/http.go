package loadgen

import (
	"bytes"
	"context"
	"io"
	"net/http"

	"github.com/splitcheck/splitcheck/identify"
	"github.com/splitcheck/splitcheck/internal/outward"
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
	// secrets are what the request proves its sender by, and what the login's
	// answer gave for that: a server may repeat them.
	secrets *outward.Secrets
}

// Open implements Opener.
func (h HTTP) Open(ctx context.Context, request Request) (Asker, error) {
	request, err := request.withDefaults()
	if err != nil {
		return nil, err
	}
	if request.Login != nil {
		if request.Cookies, err = request.logIn(ctx, h.RoundTripper); err != nil {
			if hidden := request.secrets().Hide(err.Error()); hidden != err.Error() {
				err = &hiddenError{hidden, err}
			}
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
	return &httpAsker{request: request, prototype: prototype, transport: h.RoundTripper, opening: opening, secrets: request.secrets()}, nil
}

// A hiddenError is an error whose words are shown without credentials.
type hiddenError struct {
	words string
	cause error
}

func (h *hiddenError) Error() string { return h.words }
func (h *hiddenError) Unwrap() error { return h.cause }

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
	if answer.Example != "" {
		answer.Example = h.Hide(answer.Example)
	}
	answer.Connection, answer.Address = exchange.Connection, exchange.Address
	answer.Place, answer.Ends = exchange.Place, exchange.Ends
	return answer
}

// Hide returns a text that came of an answer without what the request proves its
// sender by.
func (h *httpAsker) Hide(text string) string { return h.secrets.Hide(text) }

// Lost is how many requests the transport lost, as a Network does.
func (h *httpAsker) Lost() int64 { return lost(h.transport) }

// Unasked are the addresses that the transport could not reach, as a Network's.
func (h *httpAsker) Unasked() map[string]string { return unasked(h.transport) }

// First are the answers that the function First returns.
func (h *httpAsker) First() []identify.Answer { return h.opening.answers() }

// Fault is what the first answers show to be wrong.
func (h *httpAsker) Fault(first *split.Tally) *Fault {
	fault := h.opening.Fault(first)
	if fault != nil {
		h.secrets.Document(fault)
		h.secrets.Document(&fault.why)
	}
	return fault
}

func (h *httpAsker) exchange(request *http.Request, number uint64) (split.Answer, error) {
	response, err := h.transport.RoundTrip(request)
	if err != nil {
		return split.Answer{}, err
	}
	defer response.Body.Close()
	return classifyBody(h.request.Identify, response.StatusCode, response.Header, response.Body, h.request.MaxBody,
		func(a identify.Answer) { h.opening.Keep(number, a) })
}
