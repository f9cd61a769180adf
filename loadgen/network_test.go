package loadgen_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/loadgen"
	"github.com/splitcheck/splitcheck/split"
)

// counting is a server that counts its connections.
func counting(t *testing.T, handler http.HandlerFunc) (url string, opened func() int) {
	t.Helper()
	var (
		mu    sync.Mutex
		count int
	)
	server := httptest.NewUnstartedServer(handler)
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			mu.Lock()
			defer mu.Unlock()
			count++
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	return server.URL, func() int {
		mu.Lock()
		defer mu.Unlock()
		return count
	}
}

func v1(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "v1") }

// inTurn are the lengths of connections that carry a hundred requests one after
// the other; the last one has not ended.
func inTurn(reuse int) map[int]int64 {
	lengths := map[int]int64{}
	left := 100
	for connection := uint64(1); left >= split.Length(connection, reuse); connection++ {
		left -= split.Length(connection, reuse)
		lengths[split.Length(connection, reuse)]++
	}
	return lengths
}

func TestConnectionsAndTheirReuse(t *testing.T) {
	for _, test := range []struct {
		name               string
		connections, reuse int
		handler            http.HandlerFunc
		sizes              map[int]int64 // connections that have ended, by the hits on them
	}{
		{"a connection per request", 4, 1, v1, map[int]int64{1: 100}},
		{"ten requests on each", 1, 10, v1, inTurn(10)},
		{"a last one with fewer", 1, 30, v1, inTurn(30)},
		{"one for ever", 1, 0, v1, map[int]int64{2: 2, 4: 1, 8: 1, 16: 1, 32: 2}},
		{"the server closes each", 1, 10, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Connection", "close")
			v1(w, r)
		}, map[int]int64{1: 100}},
		{"bodies that are cut", 1, 10, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, "v1")
			_, _ = w.Write(make([]byte, 2<<20))
		}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			url, opened := counting(t, test.handler)
			result := overNetwork(t, loadgen.Plan{Request: loadgen.Request{URL: url}, Load: loadgen.Load{Requests: 100, Connections: test.connections, Reuse: test.reuse}})
			require.EqualValues(t, 100, result.Tally.Hits())
			assert.Equal(t, test.sizes, result.Tally.Connections.Sizes)
			assert.EqualValues(t, opened(), result.Tally.Connections.Count)
			assert.Zero(t, result.Lost)
		})
	}
}

func TestSeveralConnectionsInUse(t *testing.T) {
	url, opened := counting(t, v1)
	result := overNetwork(t, loadgen.Plan{Request: loadgen.Request{URL: url}, Load: loadgen.Load{Requests: 1000, Connections: 5, Reuse: 10}})
	require.EqualValues(t, 1000, result.Tally.Hits())
	assert.EqualValues(t, opened(), result.Tally.Connections.Count)
	ended := 0
	for size, count := range result.Tally.Connections.Sizes {
		assert.True(t, size >= 5 && size <= 10, "%d requests", size)
		ended += int(count)
	}
	// Each lane's last connection may not have ended.
	assert.LessOrEqual(t, ended, opened())
	assert.GreaterOrEqual(t, ended, opened()-5)
	// 7.5 requests on each in the mean; the standard deviation of their number is 3.
	assert.InDelta(t, 133, opened(), 15)
}

func TestNoMoreInFlightThanConnections(t *testing.T) {
	var (
		mu               sync.Mutex
		inFlight, atMost int
	)
	result := overSockets(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		inFlight++
		atMost = max(atMost, inFlight)
		mu.Unlock()
		v1(w, r)
		mu.Lock()
		inFlight--
		mu.Unlock()
	}, loadgen.Plan{Load: loadgen.Load{Requests: 500, Connections: 3}})
	require.EqualValues(t, 500, result.Tally.Hits())
	assert.LessOrEqual(t, atMost, 3)
}

// A request that a used connection was closed on is an error and reaches the
// server once, whatever its method; from then on no connection is used twice.
func TestLostRequestsAreErrors(t *testing.T) {
	for _, request := range []loadgen.Request{
		{Method: "GET"},
		{Method: "GET", Body: "question"},
		{Method: "POST", Body: "question"},
		{Method: "POST", Headers: map[string]string{"Idempotency-Key": "1"}},
	} {
		var (
			mu    sync.Mutex
			on    = map[string]int{}
			asked int
		)
		plan := loadgen.Plan{Request: request, Load: loadgen.Load{Requests: 20, Connections: 1, Reuse: 10}}
		result := overSockets(t, func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			asked++
			if on[r.RemoteAddr]++; on[r.RemoteAddr] == 3 {
				hijack(func(net.Conn) {})(w, r)
				return
			}
			v1(w, r)
		}, plan)
		assert.EqualValues(t, 19, result.Tally.Hits())
		assert.Equal(t, map[string]int64{"connection closed without an answer": 1}, result.Tally.Errors)
		assert.EqualValues(t, 1, result.Lost)
		assert.Equal(t, 20, asked, "none twice")
		assert.Equal(t, map[int]int64{1: 17}, result.Tally.Connections.Sizes, "the lost one did not end by itself")
	}
}

// With several connections each may lose one before the first loss is known.
func TestAFewRequestsAreLostAtMost(t *testing.T) {
	var (
		mu    sync.Mutex
		on    = map[string]int{}
		asked int64
	)
	result := overSockets(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked++
		if on[r.RemoteAddr]++; on[r.RemoteAddr] > 1 {
			hijack(func(net.Conn) {})(w, r)
			return
		}
		v1(w, r)
	}, loadgen.Plan{Load: loadgen.Load{Requests: 500, Connections: 5, Reuse: 10}})
	assert.LessOrEqual(t, result.Lost, int64(5))
	assert.Positive(t, result.Lost)
	assert.Equal(t, result.Lost, result.Tally.Failed())
	assert.EqualValues(t, 500, result.Tally.Requests())
	assert.EqualValues(t, 500, asked)
}

func TestNetworkSaysWhichConnectionItUsed(t *testing.T) {
	url, _ := counting(t, v1)
	network := loadgen.NewNetwork(1, 2, 0)
	var used []uint64
	var ends []bool
	for range 5 {
		exchange := &split.Exchange{}
		request, err := http.NewRequestWithContext(split.WithExchange(t.Context(), exchange), "GET", url, nil)
		require.NoError(t, err)
		response, err := network.RoundTrip(request)
		require.NoError(t, err)
		_, _ = io.Copy(io.Discard, response.Body)
		require.NoError(t, response.Body.Close())
		require.NoError(t, response.Body.Close(), "a second time gives nothing back twice")
		used, ends = append(used, exchange.Connection), append(ends, exchange.Ends)
	}
	// One request or two on each, as drawn.
	assert.Equal(t, []uint64{1, 2, 2, 3, 4}, used)
	assert.Equal(t, []bool{true, false, true, true, false}, ends)

	// The only lane is taken until the body is closed.
	request, err := http.NewRequest("GET", url, nil)
	require.NoError(t, err)
	response, err := network.RoundTrip(request)
	require.NoError(t, err)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = network.RoundTrip(request.WithContext(ended))
	assert.ErrorIs(t, err, context.Canceled)
	network.Close()
	require.NoError(t, response.Body.Close())
}

// A server whose versions take turns: from a queue, each of two lanes would meet
// one of them alone.
func TestLanesDoNotTakeTurns(t *testing.T) {
	url, _ := counting(t, v1)
	network := loadgen.NewNetwork(2, 0, 0)
	defer network.Close()
	even, odd := map[uint64]int{}, map[uint64]int{}
	for i := range 64 {
		exchange := &split.Exchange{}
		request, err := http.NewRequestWithContext(split.WithExchange(t.Context(), exchange), "GET", url, nil)
		require.NoError(t, err)
		response, err := network.RoundTrip(request)
		require.NoError(t, err)
		_, _ = io.Copy(io.Discard, response.Body)
		require.NoError(t, response.Body.Close())
		if i%2 == 0 {
			even[exchange.Connection]++
		} else {
			odd[exchange.Connection]++
		}
	}
	// By chance one is left out with a probability of 2^-30.
	assert.Len(t, even, 2)
	assert.Len(t, odd, 2)
}
