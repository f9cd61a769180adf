// Package targettest is the one suite that every target.Target must pass, the
// simulated mesh and real ones alike. It asks for nothing that a target could
// not know, and judges no split: that is the business of scenarios.
package targettest

import (
	"context"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/loadgen"
	"github.com/splitcheck/splitcheck/split"
)

// A Suite says what to open and what may be asked of it.
type Suite struct {
	// Open returns a target that has not been changed yet.
	Open func(t *testing.T) target.Target
	// Objects are applied first. A target that is read-only has none: it must
	// then refuse every change.
	Objects []manifests.Object
	// Path is answered with 200 by the gateway once the objects are there.
	Path string
	// Service is one that can be entered past the gateway, or empty for a
	// target that has none to offer.
	Service string
	// Serial says that connections are told apart by the network alone, so
	// that their reuse is only defined for one request at a time.
	Serial bool
}

// Run runs the suite.
func (s Suite) Run(t *testing.T) {
	for name, test := range map[string]func(*testing.T, target.Target){
		"Answers":      s.answers,
		"Connections":  s.connections,
		"Concurrency":  s.concurrency,
		"Deadlines":    s.deadlines,
		"Services":     s.services,
		"Changes":      s.changes,
		"Graphs":       s.graphs,
		"CloseTwice":   s.closeTwice,
		"RequestsStay": s.requestsStay,
	} {
		t.Run(name, func(t *testing.T) {
			opened := s.Open(t)
			t.Cleanup(func() { assert.NoError(t, opened.Close(context.WithoutCancel(t.Context()))) })
			if len(s.Objects) > 0 {
				got, err := opened.Change(t.Context(), target.Change{Apply: s.Objects, Timeout: time.Minute})
				require.NoError(t, err)
				require.True(t, got.Converged, got.Detail)
				assert.Positive(t, got.Applied)
				assert.LessOrEqual(t, got.Applied, got.Took)
			}
			test(t, opened)
		})
	}
}

// enter returns the way in, and closes it with the test.
func enter(t *testing.T, in target.Target, via target.Via, load target.Load) target.Entry {
	t.Helper()
	entry, err := in.Enter(via, load)
	require.NoError(t, err)
	require.NotNil(t, entry.Opener)
	require.NotEmpty(t, entry.URL)
	if entry.Close != nil {
		t.Cleanup(entry.Close)
	}
	return entry
}

// ask sends one request and returns its status and connection.
func (s Suite) ask(ctx context.Context, entry target.Entry, number uint64) (status int, connection uint64, err error) {
	// A connection that nobody set would stand out.
	exchange := &split.Exchange{Number: number, Connection: 1<<64 - 1}
	r, err := http.NewRequestWithContext(split.WithExchange(ctx, exchange), http.MethodGet, entry.URL+s.Path, nil)
	if err != nil {
		return 0, 0, err
	}
	response, err := entry.Opener.(loadgen.HTTP).RoundTrip(r)
	if err != nil {
		return 0, 0, err
	}
	connection = exchange.Connection
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode, connection, err
}

func (s Suite) answers(t *testing.T, in target.Target) {
	entry := enter(t, in, target.Via{}, target.Load{Connections: 1, Timeout: 10 * time.Second})
	for number := range uint64(10) {
		status, _, err := s.ask(t.Context(), entry, number)
		require.NoError(t, err)
		assert.Equal(t, http.StatusOK, status)
	}
}

// connections asks one after the other: no connection may carry more requests
// than were allowed, and none may come back once it was left.
func (s Suite) connections(t *testing.T, in target.Target) {
	entry := enter(t, in, target.Via{}, target.Load{Connections: 1, Reuse: 3, Timeout: 10 * time.Second})
	carried := map[uint64]int{}
	var last uint64
	for number := range uint64(30) {
		_, connection, err := s.ask(t.Context(), entry, number)
		require.NoError(t, err)
		require.NotEqual(t, uint64(1<<64-1), connection, "the transport sets the connection")
		if connection != last {
			require.Zero(t, carried[connection], "connection %d came back", connection)
		}
		carried[connection]++
		last = connection
	}
	for connection, n := range carried {
		assert.LessOrEqual(t, n, 3, "connection %d", connection)
	}
	assert.GreaterOrEqual(t, len(carried), 10)
}

func (s Suite) concurrency(t *testing.T, in target.Target) {
	const workers, each = 8, 25
	entry := enter(t, in, target.Via{}, target.Load{Connections: workers, Reuse: 5, Timeout: 10 * time.Second})
	var (
		mu      sync.Mutex
		carried = map[uint64]int{}
		group   sync.WaitGroup
	)
	for worker := range workers {
		group.Go(func() {
			for i := range each {
				status, connection, err := s.ask(t.Context(), entry, uint64(i*workers+worker))
				if !assert.NoError(t, err) || !assert.Equal(t, http.StatusOK, status) {
					return
				}
				mu.Lock()
				carried[connection]++
				mu.Unlock()
			}
		})
	}
	group.Wait()
	var sum int
	for connection, n := range carried {
		sum += n
		if !s.Serial {
			assert.LessOrEqual(t, n, 5, "connection %d", connection)
		}
	}
	assert.Equal(t, workers*each, sum)
}

// deadlines gives up before it has begun: that is an error, and at once.
func (s Suite) deadlines(t *testing.T, in target.Target) {
	entry := enter(t, in, target.Via{}, target.Load{Connections: 1, Timeout: 10 * time.Second})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err := s.ask(ctx, entry, 0)
	assert.ErrorIs(t, err, context.Canceled)
}

func (s Suite) services(t *testing.T, in target.Target) {
	_, err := in.Enter(target.Via{Service: "nobody-has-this-service"}, target.Load{})
	require.Error(t, err)
	assert.Contains(t, err.Error(), "nobody-has-this-service")
	if s.Service == "" {
		return
	}
	entry := enter(t, in, target.Via{Service: s.Service}, target.Load{Connections: 1, Reuse: 1, Timeout: 10 * time.Second})
	status, _, err := s.ask(t.Context(), entry, 0)
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, status)
}

func (s Suite) changes(t *testing.T, in target.Target) {
	got, err := in.Change(t.Context(), target.Change{})
	require.NoError(t, err)
	assert.True(t, got.Converged, "a change of nothing is in effect")
	if len(s.Objects) > 0 {
		got, err := in.Change(t.Context(), target.Change{Apply: s.Objects, Timeout: time.Minute})
		require.NoError(t, err, "objects can be applied again")
		assert.True(t, got.Converged, got.Detail)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = in.Change(ctx, target.Change{Apply: s.Objects})
		assert.ErrorIs(t, err, context.Canceled)
		return
	}
	_, err = in.Change(t.Context(), target.Change{Delete: []manifests.Key{{Kind: "Service", Namespace: "default", Name: "a"}}})
	assert.Error(t, err, "a read-only target refuses what would change it")
}

// graphs asks a target that draws its traffic after each of two rounds of requests:
// what was sent in the first is not in the second.
func (s Suite) graphs(t *testing.T, in target.Target) {
	grapher, ok := in.(target.Grapher)
	if !ok {
		return
	}
	const requests = 20
	entry := enter(t, in, target.Via{}, target.Load{Connections: 1, Timeout: 10 * time.Second})
	count := func() (entered, sent int64) {
		graph, err := grapher.Graph(t.Context())
		require.NoError(t, err)
		known := map[string]bool{}
		for _, n := range graph.Nodes {
			known[n.ID] = true
		}
		for _, e := range graph.Edges {
			assert.True(t, known[e.From] && known[e.To], "%s to %s", e.From, e.To)
			switch {
			case e.From == "client":
				entered += e.Requests
			case e.Service != "":
				sent += e.Requests
			}
		}
		return entered, sent
	}
	count()
	for range 2 {
		for number := range uint64(requests) {
			_, _, err := s.ask(t.Context(), entry, number)
			require.NoError(t, err)
		}
		entered, sent := count()
		assert.EqualValues(t, requests, entered)
		assert.GreaterOrEqual(t, sent, int64(requests), "a proxy may try again")
		assert.Less(t, sent, int64(2*requests))
	}
}

func (s Suite) closeTwice(t *testing.T, in target.Target) {
	require.NoError(t, in.Close(t.Context()))
	require.NoError(t, in.Close(t.Context()))
}

// requestsStay holds a transport to the contract of http.RoundTripper: the
// request is the caller's.
func (s Suite) requestsStay(t *testing.T, in target.Target) {
	entry := enter(t, in, target.Via{}, target.Load{Connections: 1, Timeout: 10 * time.Second})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, entry.URL+s.Path, nil)
	require.NoError(t, err)
	r.Header.Set("X-Mine", "1")
	url, header := *r.URL, r.Header.Clone()
	response, err := entry.Opener.(loadgen.HTTP).RoundTrip(r)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	assert.Equal(t, url, *r.URL)
	assert.Equal(t, header, r.Header)
}
