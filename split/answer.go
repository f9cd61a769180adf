package split

import (
	"context"
	"time"
)

// An Outcome says how a request ended.
type Outcome int

const (
	// Hit is an answer that names the version which served it, whatever its
	// HTTP status.
	Hit Outcome = iota
	// Error is a request without a complete answer, or an answer that names
	// no version and has a status of 500 or more. It may have been any
	// version of positive weight.
	Error
	// Unidentified is any other answer that names no version. It may have
	// been any version at all.
	Unidentified
)

// An Answer is the result of one request.
type Answer struct {
	// Number is the place of the request in dispatch order, from 0.
	Number uint64
	// Connection tells the client's connections apart; numbers are not reused.
	Connection uint64
	// Place is which request of its connection it was, from 1; 0 if that is not
	// known, where it is taken to be the next one.
	Place int
	// Ends says that the connection carries no other request after this one, for
	// a reason that no answer has a part in: it has carried as many as it was to
	// carry, or the server closes it.
	Ends bool
	// Address is the network address that answered, as the client dialled it; the
	// empty string where it is not known. A name may have several.
	Address string
	Outcome Outcome
	// Version is set for a Hit.
	Version string
	// Status is the HTTP status; 0 if there was no answer, or none is known.
	Status int
	// Latency is from sending the request to the end of the answer; 0 if there
	// was none, or it is not known.
	Latency time.Duration
	// Kind says for the others, in a few words that are always the same, what
	// happened ("timeout", "status 503", "no marker in a 200 answer"): answers
	// are counted by it.
	Kind string
	// Example is a short excerpt for a person to look at; only the first of a
	// kind is kept.
	Example string
}

// An Exchange travels in the context of a request from the load generator to
// the transport that carries it. The generator sets Number; the transport sets
// Connection, and Place, Ends and Address where it knows them, before RoundTrip
// returns.
type Exchange struct {
	Number     uint64
	Connection uint64
	Place      int
	Ends       bool
	Address    string
}

type exchangeKey struct{}

// WithExchange returns a context that carries e.
func WithExchange(ctx context.Context, e *Exchange) context.Context {
	return context.WithValue(ctx, exchangeKey{}, e)
}

// ExchangeOf returns the Exchange that ctx carries, or nil.
func ExchangeOf(ctx context.Context) *Exchange {
	e, _ := ctx.Value(exchangeKey{}).(*Exchange)
	return e
}
