package proxies

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/httpstream" //lint:ignore SA1019 client-go opens its sessions in these words still
	"k8s.io/client-go/tools/portforward"

	"github.com/splitcheck/splitcheck/internal/kube"
)

// A tunnel is an open session of port-forwarding to one pod. Its connections
// are streams of that session: nothing listens on this machine. (client-go's own
// PortForwarder would, and reports what goes wrong to a logger of the process
// instead of to us.)
type tunnel struct {
	session httpstream.Connection
	pod     string
	next    atomic.Int64
}

// openTunnel opens a session.
func openTunnel(ctx context.Context, client *kube.Client, namespace, name string) (*tunnel, error) {
	dialer, err := client.Session(namespace, name)
	if err != nil {
		return nil, err
	}
	type result struct {
		session httpstream.Connection
		err     error
	}
	// The dialer takes no context; one that comes too late is closed again.
	done := make(chan result, 1)
	go func() {
		session, _, err := dialer.Dial(portforward.PortForwardProtocolV1Name)
		done <- result{session, err}
	}()
	select {
	case r := <-done:
		if r.err != nil {
			return nil, r.err
		}
		return &tunnel{session: r.session, pod: namespace + "/" + name}, nil
	case <-ctx.Done():
		go func() {
			if r := <-done; r.err == nil {
				r.session.Close()
			}
		}()
		return nil, context.Cause(ctx)
	}
}

// broken says whether the session has ended.
func (t *tunnel) broken() bool {
	select {
	case <-t.session.CloseChan():
		return true
	default:
		return false
	}
}

func (t *tunnel) close() { t.session.Close() }

// dial connects to a port of the pod.
func (t *tunnel) dial(port int) (net.Conn, error) {
	header := http.Header{}
	header.Set(corev1.PortHeader, strconv.Itoa(port))
	header.Set(corev1.PortForwardRequestIDHeader, strconv.FormatInt(t.next.Add(1), 10))
	header.Set(corev1.StreamType, corev1.StreamTypeError)
	failures, err := t.session.CreateStream(header)
	if err != nil {
		return nil, fmt.Errorf("the session to pod %s is over: %w", t.pod, err)
	}
	failures.Close() // We have nothing to say on it.
	header.Set(corev1.StreamType, corev1.StreamTypeData)
	data, err := t.session.CreateStream(header)
	if err != nil {
		failures.Reset()
		t.session.RemoveStreams(failures)
		return nil, fmt.Errorf("the session to pod %s is over: %w", t.pod, err)
	}
	c := &conn{Stream: data, tunnel: t, failures: failures, failed: make(chan struct{})}
	go c.listen()
	return c, nil
}

// A conn is one connection through a tunnel.
type conn struct {
	httpstream.Stream
	tunnel   *tunnel
	failures httpstream.Stream
	// failed is closed when the kubelet has said all that went wrong, which
	// failure then holds.
	failed  chan struct{}
	failure error
	once    sync.Once
}

// listen waits for what the kubelet has to say, such as that nobody listens.
func (c *conn) listen() {
	message, err := io.ReadAll(c.failures)
	if len(message) > 0 {
		err = errors.New(strings.TrimSpace(string(message)))
	}
	c.failure = err
	close(c.failed)
	if err != nil {
		c.Stream.Reset() // Wakes whoever reads.
	}
}

func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Stream.Read(p)
	if err != nil {
		select {
		case <-c.failed:
			if c.failure != nil {
				return n, c.failure
			}
		default:
		}
	}
	return n, err
}

func (c *conn) Close() error {
	c.once.Do(func() {
		c.Stream.Reset()
		c.failures.Reset()
		c.tunnel.session.RemoveStreams(c.Stream, c.failures)
	})
	return nil
}

// Deadlines are the context's affair: http.Transport closes a connection whose
// request is cancelled.
func (c *conn) SetDeadline(time.Time) error      { return nil }
func (c *conn) SetReadDeadline(time.Time) error  { return nil }
func (c *conn) SetWriteDeadline(time.Time) error { return nil }
func (c *conn) LocalAddr() net.Addr              { return address("splitcheck") }
func (c *conn) RemoteAddr() net.Addr             { return address(c.tunnel.pod) }

type address string

func (a address) Network() string { return "port-forward" }
func (a address) String() string  { return string(a) }
