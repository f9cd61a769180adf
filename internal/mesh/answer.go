package mesh

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// A failure says how a try ended without an answer of the application.
type failure uint8

const (
	answered failure = iota
	refused          // no connection came about
	reset            // the connection ended before the answer did
	expired          // the time for one try was over
	local            // the proxy answered for itself, without any try
)

// An answer is the ResponseWriter that an application writes to, and then the
// response and its body. It is one allocation, because there is one for each
// hop of each request.
type answer struct {
	header   http.Header
	status   int
	body     []byte
	text     string // a body written as one string, which needs no copy
	read     int
	failure  failure
	response http.Response
}

func newAnswer() *answer { return &answer{header: make(http.Header, 6)} }

// Header implements http.ResponseWriter.
func (a *answer) Header() http.Header { return a.header }

// WriteHeader implements http.ResponseWriter. Informational statuses are not
// passed on.
func (a *answer) WriteHeader(status int) {
	if a.status == 0 && status >= 200 {
		a.status = status
	}
}

// Write implements http.ResponseWriter.
func (a *answer) Write(p []byte) (int, error) {
	a.begin()
	a.body = append(a.body, p...)
	return len(p), nil
}

// WriteString implements io.StringWriter. Strings do not change, so that the
// first one is kept as it is.
func (a *answer) WriteString(s string) (int, error) {
	a.begin()
	if a.body == nil && a.text == "" {
		a.text = s
		return len(s), nil
	}
	a.body = append(a.body, s...)
	return len(s), nil
}

// begin fixes the status, and gives up the kept string if more is to follow.
func (a *answer) begin() {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	if a.text != "" {
		a.body = append(make([]byte, 0, 2*len(a.text)), a.text...)
		a.text = ""
	}
}

// finish completes what the application has written, as net/http does.
func (a *answer) finish(r *http.Request) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	if r.Method == http.MethodHead || a.status == http.StatusNoContent || a.status == http.StatusNotModified {
		a.body, a.text = nil, ""
	}
	if types, typed := a.header["Content-Type"]; typed && len(types) == 0 {
		delete(a.header, "Content-Type") // The application set none, so none is guessed.
	} else if !typed && a.length() > 0 {
		a.header["Content-Type"] = []string{http.DetectContentType(a.start())}
	}
}

func (a *answer) length() int { return len(a.body) + len(a.text) }

func (a *answer) start() []byte {
	if a.body != nil {
		return a.body
	}
	return []byte(a.text[:min(len(a.text), 512)])
}

// toResponse makes the http.Response that answers r.
func (a *answer) toResponse(r *http.Request) *http.Response {
	if r.Method == http.MethodHead {
		a.body, a.text = nil, "" // Of a proxy's own answer; applications have none.
	}
	a.response = http.Response{
		Status:        statusLine(a.status),
		StatusCode:    a.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        a.header,
		ContentLength: int64(a.length()),
		Request:       r,
		Body:          a,
	}
	if a.length() == 0 {
		a.response.Body = http.NoBody
	}
	return &a.response
}

func statusLine(status int) string {
	if status == http.StatusOK {
		return "200 OK"
	}
	return strconv.Itoa(status) + " " + http.StatusText(status)
}

// Read implements io.Reader over the body.
func (a *answer) Read(p []byte) (int, error) {
	if a.read >= a.length() {
		return 0, io.EOF
	}
	var n int
	if a.text != "" {
		n = copy(p, a.text[a.read:])
	} else {
		n = copy(p, a.body[a.read:])
	}
	a.read += n
	return n, nil
}

// WriteTo implements io.WriterTo, so that io.Copy needs no buffer.
func (a *answer) WriteTo(w io.Writer) (int64, error) {
	from := min(a.read, a.length())
	a.read = a.length()
	if a.text != "" {
		n, err := io.WriteString(w, a.text[from:])
		return int64(n), err
	}
	n, err := w.Write(a.body[from:])
	return int64(n), err
}

// Close implements io.Closer; what has not been read is dropped.
func (a *answer) Close() error {
	a.read = a.length()
	return nil
}

// The bodies of Envoy's own answers (source/common/http/utility.cc and the
// fault and router filters of Envoy 1.3x).
//
//differential:virtualservice/own-answers sidecar/failures
const (
	bodyNoHealthy = "no healthy upstream"
	bodyTimeout   = "upstream request timeout"
	bodyAbort     = "fault filter abort"
	bodyRefused   = "upstream connect error or disconnect/reset before headers. reset reason: remote connection failure"
	bodyReset     = "upstream connect error or disconnect/reset before headers. reset reason: connection termination"
)

// again is how Envoy words the failure of a request that it has tried more than
// once.
//
//differential:virtualservice/own-answers virtualservice/shares-of-failures
func again(body string) string {
	return strings.Replace(body, "reset reason", "retried and the latest reset reason", 1)
}

var plainText = []string{"text/plain"}

// reply is an answer that a proxy makes itself.
func reply(status int, body string) *answer {
	a := newAnswer()
	a.status, a.text, a.failure = status, body, local
	if body != "" {
		a.header["Content-Type"] = plainText
	}
	return a
}

// failed is the answer that a proxy gives if a try brought no answer.
func failed(how failure) *answer {
	a := reply(http.StatusServiceUnavailable, bodyRefused)
	switch how {
	case reset:
		a.text = bodyReset
	case expired:
		a.status, a.text = http.StatusGatewayTimeout, bodyTimeout
	}
	a.failure = how
	return a
}

const serviceTime = "X-Envoy-Upstream-Service-Time"

// smallNumbers holds the header values that nearly all answers need.
var smallNumbers = func() (values [64][]string) {
	for i := range values {
		values[i] = []string{strconv.Itoa(i)}
	}
	return values
}()

// took stamps the time that the upstream needed.
func (a *answer) took(d time.Duration) {
	a.header[serviceTime] = small(int(d / time.Millisecond))
}
