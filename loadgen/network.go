package loadgen

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
	"time"

	"github.com/splitcheck/splitcheck/split"
)

// A Network is a transport over real sockets that keeps count of connections:
// it has a fixed number of lanes with one HTTP/1.1 connection each, and opens a
// connection afresh after a number of requests, which split.Length draws. It sets
// Connection, Place and Ends of the split.Exchange in a request's context.
//
// It sends no request twice. One that was lost, because the server closed a
// connection that had carried others before, is an error, and from then on each
// request has a connection of its own.
//
// It heeds no proxy settings of the environment: load goes where it is sent.
// Names are looked up for each connection. Where one has several addresses,
// connections are spread evenly over them, and the one that answered is the
// Address of the split.Exchange. Certificates are asked for and checked by the
// name in the Host header.
type Network struct {
	way     Way
	timeout time.Duration // for opening a connection
	spread  spread
	lanes   *lanes
	reuse   int
	last    atomic.Uint64 // number of the newest connection
	lost    atomic.Int64
	closed  atomic.Bool
}

// NewNetwork returns the transport of the system's Way.
func NewNetwork(connections, reuse int, timeout time.Duration) *Network {
	return Way{}.Network(connections, reuse, timeout)
}

// dial opens a connection for the request that asked for one.
func (n *Network) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	delivery := ctx.Value(deliveryKey{}).(*delivery)
	if delivery.refused.Load() {
		return nil, errLost
	}
	conn, address, err := n.connect(ctx, network, delivery.place)
	if err != nil {
		return nil, err
	}
	return &numbered{Conn: conn, number: n.last.Add(1), address: address}, nil
}

// numbered is a connection that knows its number, so that a connection which the
// server closed early, or which was opened for a request that gave up, is never
// taken for another. It knows as well how many bytes were written on it.
type numbered struct {
	net.Conn
	number  uint64
	address string // that was dialled
	written atomic.Int64
}

func (c *numbered) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.written.Add(int64(n))
	return n, err
}

func numberedOf(conn net.Conn) *numbered {
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	return conn.(*numbered)
}

// A delivery is what became of one request. net/http sends a request again, on
// another connection, where one that was used before is closed without an answer
// and the method may be repeated; it has no switch for that. But it looks for the
// other connection first, and there it can be refused.
type delivery struct {
	place    Place     // where to connect to
	on       *numbered // the connection that was found
	before   int64     // bytes written on it by then
	used     bool      // it had carried others
	answered atomic.Bool
	refused  atomic.Bool
}

type deliveryKey struct{}

// errLost is what became of a request that would have been sent again.
var errLost = errors.New("the server closed a used connection without an answer")

// sent says whether anything was written. Under TLS the goodbye of a connection
// that is closed counts as well.
func (d *delivery) sent() bool { return d.on != nil && d.on.written.Load() > d.before }

// lost says of a request that failed whether a used connection was closed without
// a byte of an answer to it.
func (d *delivery) lost() bool { return d.used && d.sent() && !d.answered.Load() }

// trace follows the request. report is called with each connection that it has.
func (d *delivery) trace(report func(*numbered)) *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GetConn: func(string) {
			if d.sent() {
				d.refused.Store(true)
			}
		},
		GotConn: func(info httptrace.GotConnInfo) {
			if d.refused.Load() {
				_ = info.Conn.Close() // an idle one: it was not dialled
				return
			}
			d.on, d.used = numberedOf(info.Conn), info.Reused
			d.before = d.on.written.Load()
			report(d.on)
		},
		GotFirstResponseByte: func() { d.answered.Store(true) },
	}
}

// RoundTrip implements http.RoundTripper. It waits for a free lane, and has the
// lane until the answer's body is closed.
func (n *Network) RoundTrip(request *http.Request) (*http.Response, error) {
	ctx := request.Context()
	l, err := n.lanes.take(ctx)
	if err != nil {
		return nil, err
	}
	if n.lost.Load() > 0 {
		l.transport.CloseIdleConnections()
	}
	delivery := &delivery{place: n.way.place(request.URL)}
	trace := delivery.trace(func(conn *numbered) {
		l.carries(conn.number, n.reuse)
		if exchange := split.ExchangeOf(ctx); exchange != nil {
			exchange.Connection, exchange.Address = l.connection, conn.address
			exchange.Place, exchange.Ends = l.used, l.usedUp() || n.lost.Load() > 0
		}
	})
	traced := httptrace.WithClientTrace(context.WithValue(ctx, deliveryKey{}, delivery), trace)
	request = request.WithContext(traced)
	request.URL = named(request)
	response, err := l.transport.RoundTrip(request)
	if err != nil {
		if ctx.Err() == nil && delivery.lost() {
			n.lost.Add(1)
		}
		n.free(l)
		return nil, err
	}
	if response.Close {
		if exchange := split.ExchangeOf(ctx); exchange != nil {
			exchange.Ends = true
		}
	}
	response.Body = &laneBody{ReadCloser: response.Body, free: func() { n.free(l) }}
	return response, nil
}

// free gives l back. The connection is idle by then, if it can be used again.
func (n *Network) free(l *lane) {
	if n.closed.Load() || n.lost.Load() > 0 || l.usedUp() {
		l.transport.CloseIdleConnections()
	}
	n.lanes.give(l)
}

// Lost returns how many requests were sent on a connection that had carried others
// before, and not answered because the server closed it.
func (n *Network) Lost() int64 { return n.lost.Load() }

// Unasked returns the addresses that could not be connected to while others of
// the same names could, each with the reason: what they would have answered is not
// known.
func (n *Network) Unasked() map[string]string { return n.spread.unasked() }

// Close closes the connections that are idle, and each of the others as soon as
// its request is done.
func (n *Network) Close() {
	n.closed.Store(true)
	var idle []*lane
	for l := n.lanes.takeIdle(); l != nil; l = n.lanes.takeIdle() {
		idle = append(idle, l)
	}
	for _, l := range idle {
		n.free(l)
	}
}

type laneBody struct {
	io.ReadCloser
	once sync.Once
	free func()
}

func (b *laneBody) Close() error {
	err := b.ReadCloser.Close()
	b.once.Do(b.free)
	return err
}
