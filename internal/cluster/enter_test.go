package cluster

import (
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type sender func(*http.Request) (*http.Response, error)

func (s sender) RoundTrip(r *http.Request) (*http.Response, error) { return s(r) }

// Whoever has the port of a way that has ended must not be asked: the answer
// would be counted as the gateway's.
func TestWayThatEnds(t *testing.T) {
	var (
		why  error
		sent int
		send sender
	)
	way := &leading{sender(func(r *http.Request) (*http.Response, error) {
		sent++
		return send(r)
	}), func() error { return why }}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://gateway.example", nil)
	require.NoError(t, err)

	answer := &http.Response{StatusCode: http.StatusTeapot, Body: http.NoBody}
	send = func(*http.Request) (*http.Response, error) { return answer, nil }
	got, err := way.RoundTrip(request)
	require.NoError(t, err)
	defer got.Body.Close()
	assert.Same(t, answer, got)

	ended := errors.New("the pod has gone")
	send = func(*http.Request) (*http.Response, error) {
		why = ended
		return nil, io.EOF
	}
	_, err = way.RoundTrip(request)
	assert.Equal(t, ended, err, "why, and not only that nothing came")
	assert.Equal(t, 2, sent)

	_, err = way.RoundTrip(request)
	assert.Equal(t, ended, err)
	assert.Equal(t, 2, sent, "nothing is sent any more")
}
