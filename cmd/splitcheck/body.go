package main

import (
	"io"
	"net/http"
	"time"
)

// bodiesInTime bounds how long a client may take to send the body of a request.
// http.Server.ReadTimeout would bound the answer as well, which the simulated mesh
// may delay by an hour.
func bodiesInTime(handler http.Handler, limit time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength != 0 {
			control := http.NewResponseController(w)
			// The only error is that of a writer without deadlines.
			_ = control.SetReadDeadline(time.Now().Add(limit))
			r.Body = &timelyBody{r.Body, control}
		}
		handler.ServeHTTP(w, r)
	})
}

// A timelyBody ends the time limit when all of it is there.
type timelyBody struct {
	io.ReadCloser
	control *http.ResponseController
}

// Read implements io.Reader.
func (b *timelyBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
		_ = b.control.SetReadDeadline(time.Time{})
	}
	return n, err
}
