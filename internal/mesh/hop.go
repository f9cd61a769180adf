package mesh

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
)

// An origin is what all hops of one request share.
type origin struct {
	seed       uint64
	number     uint64
	connection uint64
	place      uint64 // on the connection, from 0
	client     string
}

// A hop is one request at one workload, and the context that the workload's
// own calls carry: by it their draws follow from the request that caused them.
type hop struct {
	context.Context
	key    key
	origin origin

	mu    sync.Mutex
	calls []counted
}

type counted struct {
	host string
	n    int
}

type hopKey struct{}

// Value implements context.Context.
func (h *hop) Value(k any) any {
	if k == (hopKey{}) {
		return h
	}
	return h.Context.Value(k)
}

func hopOf(ctx context.Context) *hop {
	h, _ := ctx.Value(hopKey{}).(*hop)
	return h
}

// call returns the key of the workload's next call to host. Calls to one host
// that a workload makes at the same time are told apart by their order, which
// is then left to chance; those to different hosts are not affected.
func (h *hop) call(host string) key {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range h.calls {
		if h.calls[i].host == host {
			h.calls[i].n++
			return h.key.call(host, h.calls[i].n)
		}
	}
	h.calls = append(h.calls, counted{host: host})
	return h.key.call(host, 0)
}

// An arrival is a request that has come to a pod, with its answer.
type arrival struct {
	hop
	answer
}

// A call is one request on its way from a client through one proxy.
type call struct {
	key key
	// choice keys the draws of arm and pod. It is key, except where a
	// connection is what is balanced.
	choice  key
	origin  origin
	port    int    // of the service that is called, or the gateway's
	service string // "namespace/name" of what the client's connection goes to

	// request is the proxy's own copy, which it may change.
	request http.Request
	url     url.URL
	body    []byte
}

// maxBody bounds a request's body in bytes: it is kept for tries and mirrors.
const maxBody = 8 << 20

// newCall reads and closes the body of r and leaves r itself as it is, as an
// http.RoundTripper must.
func newCall(r *http.Request, k key, o origin, port int) (*call, error) {
	if r.URL == nil {
		return nil, fmt.Errorf("mesh: a request without a URL")
	}
	c := &call{key: k, choice: k, origin: o, port: port, request: *r, url: *r.URL}
	if r.Body != nil && r.Body != http.NoBody {
		body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
		r.Body.Close()
		if err != nil {
			return nil, fmt.Errorf("mesh: read the body of the request: %w", err)
		}
		if len(body) > maxBody {
			return nil, fmt.Errorf("mesh: the body of the request is longer than %d bytes", maxBody)
		}
		c.body = body
	}
	if c.request.Host == "" {
		c.request.Host = c.url.Host
	}
	if c.request.Method == "" {
		c.request.Method = http.MethodGet
	}
	c.url.Scheme, c.url.Host, c.url.User, c.url.Fragment = "", "", nil, ""
	if c.url.Path == "" {
		c.url.Path = "/"
	}
	c.request.URL = &c.url
	c.request.Header = cloneHeader(r.Header)
	c.request.Body, c.request.GetBody = http.NoBody, nil
	c.request.ContentLength = int64(len(c.body))
	c.request.TransferEncoding, c.request.Close = nil, false
	c.request.RemoteAddr = o.client
	c.request.Proto, c.request.ProtoMajor, c.request.ProtoMinor = "HTTP/1.1", 1, 1
	return c, nil
}

// cloneHeader copies the map and shares the values: to change a value, put a
// new slice in its place.
func cloneHeader(h http.Header) http.Header {
	c := make(http.Header, len(h)+2)
	for name, values := range h {
		c[name] = values[:len(values):len(values)]
	}
	return c
}

// arrive makes the request that a pod's application sees.
func (c *call) arrive(ctx context.Context, attempt int) (*arrival, *http.Request) {
	a := &arrival{
		hop:    hop{Context: ctx, key: c.key.attempt(attempt), origin: c.origin},
		answer: answer{header: make(http.Header, 6)},
	}
	r := c.request.WithContext(&a.hop)
	r.RequestURI = c.url.RequestURI()
	if c.body != nil {
		r.Body = io.NopCloser(bytes.NewReader(c.body))
	}
	return a, r
}

// header returns the first value of a header by its canonical name.
func header(h http.Header, canonical string) string {
	if values := h[canonical]; len(values) > 0 {
		return values[0]
	}
	return ""
}
