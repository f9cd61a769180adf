package apps

import "net/http"

// contextHeaders are those that bookinfo's services pass from the request they
// serve to the requests they make: tracing, and what tells one user from
// another. (samples/bookinfo/src: productpage.py getForwardHeaders,
// LibertyRestEndpoint.java headers_to_propagate.)
var contextHeaders = []string{
	"X-Request-Id",
	"X-Ot-Span-Context",
	"X-Datadog-Trace-Id", "X-Datadog-Parent-Id", "X-Datadog-Sampling-Priority",
	"Traceparent", "Tracestate",
	"X-Cloud-Trace-Context", "Grpc-Trace-Bin",
	"X-B3-Traceid", "X-B3-Spanid", "X-B3-Parentspanid", "X-B3-Sampled", "X-B3-Flags",
	"Sw8",
	"User-Agent", "Cookie", "Authorization", "Jwt",
}

// endUser names the user to the services behind productpage. Only productpage
// sets it, from its session; the others pass on what they were told.
const endUser = "End-User"

// forwarded picks the context headers of a request. The result is the caller's.
func forwarded(in http.Header) http.Header {
	out := make(http.Header, 8)
	for _, name := range contextHeaders {
		pass(in, out, name)
	}
	return out
}

// pass copies a header without its slice's spare capacity, so a value that is
// added to one does not appear in the other.
func pass(in, out http.Header, name string) {
	if values := in[name]; len(values) > 0 {
		out[name] = values[:len(values):len(values)]
	}
}
