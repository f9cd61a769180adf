package mesh

import (
	"strconv"
	"strings"
)

// reserved are headers by which clients within a mesh control Envoy. A gateway
// removes them from requests that come from outside.
//
//differential:virtualservice/plain
var reserved = []string{
	"X-Envoy-Retry-On", "X-Envoy-Retry-Grpc-On", "X-Envoy-Max-Retries", "X-Envoy-Upstream-Rq-Timeout-Ms",
	"X-Envoy-Upstream-Rq-Per-Try-Timeout-Ms", "X-Envoy-Expected-Rq-Timeout-Ms", "X-Envoy-Original-Path", "X-Envoy-Original-Host",
}

const (
	requestID      = "X-Request-Id"
	forwardedFor   = "X-Forwarded-For"
	forwardedProto = "X-Forwarded-Proto"
	attemptCount   = "X-Envoy-Attempt-Count"
)

var plainHTTP = []string{"http"}

// receive does to a call what Envoy's connection manager does before it looks
// for a route: it normalises the path and says where the request comes from. A
// gateway ignores what the client says about that, but keeps the addresses.
//
//differential:virtualservice/plain virtualservice/paths
func (p *proxy) receive(c *call) {
	if path := c.url.EscapedPath(); normalize(path) != path {
		c.setPath(normalize(path))
	}
	h := c.request.Header
	if header(h, requestID) == "" {
		h[requestID] = []string{uuid(c.key.draw(forRequestID, 0), c.key.draw(forRequestID, 1))}
	}
	if !p.Gateway {
		if header(h, forwardedProto) == "" {
			h[forwardedProto] = plainHTTP
		}
		return
	}
	for _, name := range reserved {
		delete(h, name)
	}
	h[forwardedProto] = plainHTTP
	from := clientIP(c.origin.client)
	if before := header(h, forwardedFor); before != "" {
		from = before + "," + from
	}
	h[forwardedFor] = []string{from}
}

// take removes the headers by which a client controls its sidecar's retries and
// time-outs. A real sidecar obeys them; this one does not.
//
//differential:sidecar/unknown-host
func (c *call) take() {
	for _, name := range reserved {
		if !strings.HasPrefix(name, "X-Envoy-Original-") {
			delete(c.request.Header, name)
		}
	}
}

// numberTry numbers the try for the application, from 1.
func (c *call) numberTry(attempt int) {
	c.request.Header[attemptCount] = small(attempt + 1)
}

// small is a number as a header's value; small ones need no memory.
func small(n int) []string {
	if n < len(smallNumbers) {
		return smallNumbers[n]
	}
	return []string{strconv.Itoa(n)}
}
