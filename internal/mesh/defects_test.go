package mesh_test

import (
	"context"
	"math"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/internal/mesh"
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/loadgen"
	"github.com/splitcheck/splitcheck/split"
)

func TestDefects(t *testing.T) {
	for _, each := range []struct {
		name   string
		defect target.Defect
		v1, v2 int
		want   map[string]float64 // shares of 4000 requests, to five points
	}{
		{"other weights", target.Defect{Kind: "weights", Host: "canary", Weights: split.Weights{{Version: "v1", Weight: 70}, {Version: "v2", Weight: 30}}},
			90, 10, map[string]float64{"v1": 0.7, "v2": 0.3}},
		{"weights of an arm that the rule leaves out", target.Defect{Kind: "weights", Weights: split.Weights{{Version: "v1", Weight: 1}, {Version: "v2", Weight: 1}}},
			100, 0, map[string]float64{"v1": 0.5, "v2": 0.5}},
		{"a leak", target.Defect{Kind: "leak", Host: "canary.default", Version: "v2", Share: 0.25},
			100, 0, map[string]float64{"v1": 0.75, "v2": 0.25}},
		{"a dead version", target.Defect{Kind: "dead", Host: "canary", Version: "v2"},
			50, 50, map[string]float64{"v1": 0.5, "503": 0.5}},
		{"a dead version by its Deployment", target.Defect{Kind: "dead", Version: "appv2"},
			50, 50, map[string]float64{"v1": 0.5, "503": 0.5}},
		{"a failing version", target.Defect{Kind: "failing", Host: "canary", Version: "v2", Share: 0.5},
			0, 100, map[string]float64{"v2": 0.5, "500": 0.5}},
		{"errors at the gateway", target.Defect{Kind: "errors", Share: 0.25},
			100, 0, map[string]float64{"v1": 0.75, "503": 0.25}},
		{"sticky by client", target.Defect{Kind: "sticky-client", Host: "canary"},
			50, 50, map[string]float64{"v1": 1}}, // which one is the seed's choice
	} {
		t.Run(each.name, func(t *testing.T) {
			m := open(t, mesh.Options{}, versionTest, weights(each.v1, each.v2))
			before := drawEach(t, m, page)
			defects(t, m, each.defect)
			got := draw(t, m, page.of(4000))
			assert.Len(t, got, len(each.want))
			for name, share := range each.want {
				assert.InDelta(t, share, float64(got[name])/4000, 0.05, name)
			}
			assert.Equal(t, got, draw(t, m, page.of(4000).at(16)), "whatever the concurrency")

			defects(t, m)
			assert.Equal(t, before, drawEach(t, m, page), "switched off")
		})
	}
}

func TestStickyConnections(t *testing.T) {
	m := open(t, mesh.Options{}, versionTest, weights(50, 50))
	defects(t, m, target.Defect{Kind: "sticky-connection", Host: "canary"})
	names := drawEach(t, m, page.over(target.Load{Connections: 1, Reuse: 5}))
	arms, connections := map[string]int{}, onConnections(names, 5)
	for i, on := range connections {
		arms[on[0]]++
		for _, name := range on {
			require.Equal(t, on[0], name, "connection %d", i)
		}
	}
	assert.InDelta(t, len(connections)/2, arms["v1"], 50, "the connections themselves are drawn fairly")
}

func TestFirstRequests(t *testing.T) {
	m := open(t, mesh.Options{}, versionTest, weights(50, 50))
	defects(t, m, target.Defect{Kind: "first-request", Version: "v2"})
	later := map[string]int{}
	for _, on := range onConnections(drawEach(t, m, page.over(target.Load{Connections: 1, Reuse: 5})), 5) {
		require.Equal(t, "v2", on[0])
		for _, name := range on[1:] {
			later[name]++
		}
	}
	assert.InDelta(t, later["v1"], later["v2"], 150)
}

// onConnections cuts what one lane has drawn into its connections.
func onConnections(names []string, reuse int) [][]string {
	var connections [][]string
	for n := uint64(0); len(names) > 0; n++ {
		length := min(len(names), split.Length(n, reuse))
		connections, names = append(connections, names[:length]), names[length:]
	}
	return connections
}

// A lane changes its connection after the number of requests that is drawn for
// it, and of as many requests as there are lanes each has one.
func TestLanes(t *testing.T) {
	m := open(t, mesh.Options{}, versionTest, weights(50, 50))
	entry, err := m.Enter(target.Via{}, target.Load{Connections: 3, Reuse: 4})
	require.NoError(t, err)
	carried := map[uint64]int{}
	ended := map[uint64]bool{}
	orders := map[[3]uint64]bool{}
	for round := range uint64(200) {
		var order [3]uint64
		for i := range uint64(3) {
			exchange := &split.Exchange{Number: 3*round + i}
			r, err := http.NewRequestWithContext(split.WithExchange(t.Context(), exchange), http.MethodGet, entry.URL, nil)
			require.NoError(t, err)
			_, err = entry.Opener.(loadgen.HTTP).RoundTrip(r)
			require.NoError(t, err)
			require.False(t, ended[exchange.Connection])
			carried[exchange.Connection]++
			ended[exchange.Connection] = exchange.Ends
			require.Equal(t, exchange.Ends, carried[exchange.Connection] == split.Length(exchange.Connection, 4))
			order[i] = exchange.Connection % 3
		}
		require.NotEqual(t, order[0], order[1])
		require.NotEqual(t, order[1], order[2])
		orders[order] = true
	}
	assert.Len(t, orders, 3, "each lane is the first, now and then")

	login := &split.Exchange{Number: math.MaxUint64}
	r, err := http.NewRequestWithContext(split.WithExchange(t.Context(), login), http.MethodGet, entry.URL, nil)
	require.NoError(t, err)
	_, err = entry.Opener.(loadgen.HTTP).RoundTrip(r)
	require.NoError(t, err)
	assert.True(t, login.Ends, "it has a connection of its own")
}

func TestAlternation(t *testing.T) {
	m := open(t, mesh.Options{}, versionTest, weights(3, 1))
	defects(t, m, target.Defect{Kind: "alternating"})
	names := drawEach(t, m, page.of(400).at(8))
	for i := range 100 {
		// Smooth weighted round robin of 3 and 1, as nginx documents it.
		require.Equal(t, []string{"v1", "v1", "v2", "v1"}, names[4*i:4*i+4])
	}
}

func TestStaleWeightsLastForSomeRequests(t *testing.T) {
	m := open(t, mesh.Options{}, versionTest, weights(100, 0))
	got := change(t, m, target.Change{
		Apply:       objects(t, weights(0, 100)),
		Defects:     []target.Defect{{Kind: "stale", Host: "canary", Requests: 300}},
		SetsDefects: true,
	})
	assert.True(t, got.Converged, "the proxies say that they have it")
	names := drawEach(t, m, page)
	for i, name := range names {
		want := "v1"
		if i >= 300 {
			want = "v2"
		}
		require.Equal(t, want, name, "request %d", i)
	}
}

func TestDefectsOfAPlainService(t *testing.T) {
	m := open(t, mesh.Options{}, versionTest)
	fresh := target.Load{Connections: 1, Reuse: 1}
	defects(t, m, target.Defect{Kind: "weights", Host: "canary", Weights: split.Weights{{Version: "appv1", Weight: 9}, {Version: "appv2", Weight: 1}}})
	got := draw(t, m, page.of(4000).through("canary").over(fresh))
	assert.InDelta(t, 3600, got["v1"], 100)
	defects(t, m, target.Defect{Kind: "dead", Host: "canary", Version: "v2"})
	got = draw(t, m, page.of(4000).through("canary").over(fresh))
	assert.InDelta(t, 2000, got["503"], 160, "the sidecar of a dead application answers for it")
}

func TestDefectsThatDisturbNothingAreRefused(t *testing.T) {
	m := open(t, mesh.Options{}, versionTest, weights(50, 50))
	_, err := m.Change(context.Background(), target.Change{SetsDefects: true, Defects: []target.Defect{
		{Kind: "gremlins"},
		{Kind: "dead", Host: "reviews", Version: "v1"},
		{Kind: "leak", Host: "canary", Version: "v3", Share: 0.1},
		{Kind: "failing", Host: "canary", Version: "v1"},
		{Kind: "weights", Weights: split.Weights{{Version: "v9", Weight: 1}}},
		{Kind: "stale"},
		{Kind: "stuck-proxy", Proxy: 3},
		{Kind: "dead"},
	}})
	require.Error(t, err)
	for _, says := range []string{
		`defect "gremlins": there is no such kind; there are alternating, dead, errors, failing, first-request, leak, stale`,
		`defect "dead": no service is called "reviews"; there are default/canary`,
		`defect "leak": canary has no version "v3"; it has v1, v2`,
		`defect "failing": its share is 0; it must be above 0 and at most 1`,
		`defect "weights": the mesh has no version "v9"; it has v1, v2`,
		`defect "stale": it needs a number of requests`,
		`defect "stuck-proxy": there is no gateway pod 3; there are istio-ingressgateway-0`,
		`defect "dead": it needs a version; the mesh has v1, v2`,
	} {
		assert.ErrorContains(t, err, says)
	}
	assert.Len(t, draw(t, m, page.of(100)), 2, "the mesh is as it was")
}
