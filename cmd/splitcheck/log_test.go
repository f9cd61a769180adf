package main

import (
	"bytes"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
)

// A server that answers twice is no reason to write a line for each request.
func TestAnswersThatNobodyAskedFor(t *testing.T) {
	var written, kept bytes.Buffer
	log.SetOutput(io.MultiWriter(&written, logSink{&kept}))
	t.Cleanup(func() { log.SetOutput(logSink{io.Discard}) })
	// The client closes the connection after it has written its line.
	closed := make(chan struct{}, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if assert.NoError(t, err) {
			answer := "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nv1"
			_, _ = io.WriteString(conn, answer+answer)
			_, _ = io.Copy(io.Discard, conn)
			_ = conn.(*net.TCPConn).Close()
			closed <- struct{}{}
		}
	}))
	defer server.Close()
	response, err := new(http.Transport).RoundTrip(httptest.NewRequest("GET", server.URL, nil))
	if assert.NoError(t, err) {
		_, _ = io.Copy(io.Discard, response.Body)
		<-closed
	}
	log.Print("something else")
	assert.Contains(t, written.String(), "Unsolicited response", "net/http still says so")
	assert.NotContains(t, kept.String(), "Unsolicited")
	assert.Contains(t, kept.String(), "something else")
}
