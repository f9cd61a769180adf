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
// connection afresh after a number of requests. It sets Connection of the
// split.Exchange in a request's context.
//
// It sends no request twice. One that was lost, because the server closed a
// connection that had carried others before, is an error, and from then on each
// request has a connection of its own.
//
// It heeds no proxy settings of the environment: load goes where it is sent.
// Names are looked up for each connection, and certificates are checked.
type Network struct {
	lanes  chan *lane
	reuse  int
	last   atomic.Uint64 // number of the newest connection
	lost   atomic.Int64
	closed atomic.Bool
}

// A lane carries one request at a time.
type lane struct {
	transport *http.Transport
	// connection is what carried the last request, used how many it has
	// carried.
	connection uint64
	used       int
}

// NewNetwork returns a transport with connections lanes (DefaultConnections if
// 0), each opening a new connection after reuse requests (never if 0). timeout
// bounds the opening of a connection.
func NewNetwork(connections, reuse int, timeout time.Duration) *Network {
	if connections < 1 {
		connections = DefaultConnections
	}
	if timeout <= 0 {
		timeout = DefaultTimeout
	}
	n := &Network{lanes: make(chan *lane, connections), reuse: reuse}
	var http1 http.Protocols
	http1.SetHTTP1(true)
	dialer := &net.Dialer{Timeout: timeout}
	for range connections {
		n.lanes <- &lane{transport: &http.Transport{
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				if delivery, ok := ctx.Value(deliveryKey{}).(*delivery); ok && delivery.refused.Load() {
					return nil, errLost
				}
				conn, err := dialer.DialContext(ctx, network, address)
				if err != nil {
					return nil, err
				}
				return &numbered{Conn: conn, number: n.last.Add(1)}, nil
			},
			Protocols:              &http1,
			TLSHandshakeTimeout:    timeout,
			MaxIdleConnsPerHost:    1,
			MaxResponseHeaderBytes: 1 << 20,
		}}
	}
	return n
}

// numbered is a connection that knows its number, so that a connection which the
// server closed early, or which was opened for a request that gave up, is never
// taken for another. It knows as well how many bytes were written on it.
type numbered struct {
	net.Conn
	number  uint64
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
	var l *lane
	select {
	case l = <-n.lanes:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if n.lost.Load() > 0 {
		l.transport.CloseIdleConnections()
	}
	delivery := &delivery{}
	trace := delivery.trace(func(conn *numbered) {
		if conn.number != l.connection {
			l.connection, l.used = conn.number, 0
		}
		l.used++
		if exchange := split.ExchangeOf(ctx); exchange != nil {
			exchange.Connection = l.connection
		}
	})
	traced := httptrace.WithClientTrace(context.WithValue(ctx, deliveryKey{}, delivery), trace)
	response, err := l.transport.RoundTrip(request.WithContext(traced))
	if err != nil {
		if ctx.Err() == nil && delivery.lost() {
			n.lost.Add(1)
		}
		n.free(l)
		return nil, err
	}
	response.Body = &laneBody{ReadCloser: response.Body, free: func() { n.free(l) }}
	return response, nil
}

// free gives l back. The connection is idle by then, if it can be used again.
func (n *Network) free(l *lane) {
	if n.closed.Load() || n.lost.Load() > 0 || n.reuse > 0 && l.used >= n.reuse {
		l.transport.CloseIdleConnections()
	}
	n.lanes <- l
}

// Lost returns how many requests were sent on a connection that had carried others
// before, and not answered because the server closed it.
func (n *Network) Lost() int64 { return n.lost.Load() }

// Close closes the connections that are idle, and each of the others as soon as
// its request is done.
func (n *Network) Close() {
	n.closed.Store(true)
	for range cap(n.lanes) {
		select {
		case l := <-n.lanes:
			n.free(l)
		default:
			return
		}
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
