package apps

import (
	"net/http"
	"strconv"
)

// Content types. The values of a header are shared between answers: whoever
// changes one replaces the slice.
var (
	htmlType  = []string{"text/html; charset=utf-8"}
	jsonType  = []string{"application/json"}
	plainType = []string{"text/plain; charset=utf-8"}
)

// An answer is a response whose bytes are known before the request: sending it
// allocates next to nothing.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func prebuilt(status int, contentType []string, body string) *answer {
	return &answer{status: status, body: []byte(body), header: http.Header{
		"Content-Type":   contentType,
		"Content-Length": {strconv.Itoa(len(body))},
	}}
}

// with adds a header to an answer under construction.
func (a *answer) with(name, value string) *answer {
	a.header[name] = []string{value}
	return a
}

// ServeHTTP sends the answer whatever the request; the method decides only
// whether its body goes along.
func (a *answer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	for name, values := range a.header {
		header[name] = values
	}
	w.WriteHeader(a.status)
	if r.Method != http.MethodHead {
		w.Write(a.body)
	}
}

// send writes an answer that was made for this request.
func send(w http.ResponseWriter, r *http.Request, status int, contentType []string, body []byte) {
	header := w.Header()
	header["Content-Type"] = contentType
	header["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		w.Write(body)
	}
}

// reads says whether a request only asks. A request that wants more of an
// application that has nothing to change is answered 405.
func reads(w http.ResponseWriter, r *http.Request) bool {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return true
	}
	w.Header().Set("Allow", "GET, HEAD")
	send(w, r, http.StatusMethodNotAllowed, plainType, []byte("Method Not Allowed\n"))
	return false
}

// serve answers reads by handler and everything else by 405.
func serve(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if reads(w, r) {
			handler.ServeHTTP(w, r)
		}
	})
}
