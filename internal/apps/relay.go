package apps

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/splitcheck/splitcheck/internal/istio"
)

const (
	// relayTimeout is how long relay waits for the answer.
	relayTimeout = 15 * time.Second
	// inCluster ends the names that relay connects to. It would be a way to any
	// address that its pod reaches if its caller could name others.
	inCluster = "." + istio.ServiceDomain
)

var messageType = []string{"message/http"}

// newRelay makes the request that stands in the body of the one it is sent, whole
// as HTTP/1.1 writes it, and answers with the answer, written likewise. The
// connection goes to the Service that the query names in full, to=HOST:PORT; path,
// Host and headers are whatever its caller wants a sidecar to see.
func newRelay(i Instance) (http.Handler, error) {
	client := *i.Client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	client.Timeout = relayTimeout
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/health" {
			send(w, r, http.StatusOK, plainType, []byte("ok\n"))
			return
		}
		to := r.URL.Query().Get("to")
		if host, _, err := net.SplitHostPort(to); err != nil || !strings.HasSuffix(host, inCluster) {
			send(w, r, http.StatusForbidden, plainType, fmt.Appendf(nil, "to=%s is not SERVICE.NAMESPACE%s:PORT\n", to, inCluster))
			return
		}
		text, err := readRequest(w, r)
		var asked *http.Request
		if err == nil {
			asked, err = http.ReadRequest(bufio.NewReader(bytes.NewReader(text)))
		}
		if err != nil {
			send(w, r, http.StatusBadRequest, plainType, fmt.Appendf(nil, "the body is not a request: %v\n", err))
			return
		}
		asked.RequestURI, asked.Close = "", true
		asked.URL = &url.URL{Scheme: "http", Host: to, Path: asked.URL.Path, RawPath: asked.URL.RawPath, RawQuery: asked.URL.RawQuery}
		answer, err := written(client.Do(asked.WithContext(r.Context())))
		if err != nil {
			send(w, r, http.StatusBadGateway, plainType, fmt.Appendf(nil, "no answer: %v\n", err))
			return
		}
		send(w, r, http.StatusOK, messageType, answer)
	}), nil
}

// written is an answer as HTTP/1.1 writes it, with its length and without what
// concerns one connection alone.
func written(response *http.Response, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := readAll(response.Body, -1)
	if err != nil {
		return nil, err
	}
	response.Body, response.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	response.TransferEncoding, response.Close = nil, false
	// How large a body may be depends on the method, which is not part of an
	// answer; the length tells the reader.
	response.Request = nil
	var text bytes.Buffer
	err = response.Write(&text)
	return text.Bytes(), err
}
