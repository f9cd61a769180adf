package loadgen

import (
	"context"
	"crypto/tls"
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
// It heeds no proxy settings of the environment: load goes where it is sent.
// Names are looked up for each connection, and certificates are checked.
type Network struct {
	lanes  chan *lane
	reuse  int
	last   atomic.Uint64 // number of the newest connection
	resent atomic.Int64
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
// taken for another.
type numbered struct {
	net.Conn
	number uint64
}

func numberOf(conn net.Conn) uint64 {
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	if n, ok := conn.(*numbered); ok {
		return n.number
	}
	return 0
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
	tries := 0
	trace := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		if tries++; tries > 1 {
			n.resent.Add(1)
		}
		if number := numberOf(info.Conn); number != l.connection {
			l.connection, l.used = number, 0
		}
		l.used++
		if exchange := split.ExchangeOf(ctx); exchange != nil {
			exchange.Connection = l.connection
		}
	}}
	response, err := l.transport.RoundTrip(request.WithContext(httptrace.WithClientTrace(ctx, trace)))
	if err != nil {
		n.free(l)
		return nil, err
	}
	response.Body = &laneBody{ReadCloser: response.Body, free: func() { n.free(l) }}
	return response, nil
}

// free gives l back. The connection is idle by then, if it can be used again.
func (n *Network) free(l *lane) {
	if n.closed.Load() || n.reuse > 0 && l.used >= n.reuse {
		l.transport.CloseIdleConnections()
	}
	n.lanes <- l
}

// Resent returns how many requests were sent a second time: net/http does so
// where a connection that was used before is closed without an answer and the
// method may be repeated.
func (n *Network) Resent() int64 { return n.resent.Load() }

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
