package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

// A client that does not send what it has announced is not waited for.
func TestBodiesHaveATimeLimit(t *testing.T) {
	read := make(chan error, 1)
	server := httptest.NewServer(bodiesInTime(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, err := io.Copy(io.Discard, r.Body)
		read <- err
	}), time.Millisecond))
	defer server.Close()
	body, end := io.Pipe()
	defer end.Close()
	go func() { _, _ = end.Write([]byte("the first half")) }()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, body)
	assert.NoError(t, err)
	go func() { _, _ = new(http.Transport).RoundTrip(request) }()
	assert.ErrorContains(t, <-read, "timeout")
}

// An answer may take longer than a body may.
func TestAnswersHaveNoTimeLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		deadlines := &deadlined{ResponseRecorder: httptest.NewRecorder()}
		body := httptest.NewRequest(http.MethodPost, "/", io.LimitReader(zeros{}, 10))
		bodiesInTime(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_, err := io.Copy(io.Discard, r.Body)
			assert.NoError(t, err)
		}), time.Second).ServeHTTP(deadlines, body)
		assert.Equal(t, []time.Time{time.Now().Add(time.Second), {}}, deadlines.set)
	})
}

type deadlined struct {
	*httptest.ResponseRecorder
	set []time.Time
}

func (d *deadlined) SetReadDeadline(at time.Time) error {
	d.set = append(d.set, at)
	return nil
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }
