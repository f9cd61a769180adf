package mesh_test

import (
	"context"
	"io"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/internal/mesh"
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/loadgen"
	"github.com/splitcheck/splitcheck/split"
)

// benchmark sends numbered requests as a load generator does, and reads the
// answers.
func benchmark(b *testing.B, m *mesh.Mesh, via target.Via, path string) {
	entry, err := m.Enter(via, target.Load{Connections: 10, Reuse: 10})
	require.NoError(b, err)
	var number atomic.Uint64
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		r, err := http.NewRequest(http.MethodGet, entry.URL+path, nil)
		if err != nil {
			b.Error(err)
			return
		}
		for pb.Next() {
			ctx := split.WithExchange(context.Background(), &split.Exchange{Number: number.Add(1)})
			response, err := entry.Opener.(loadgen.HTTP).RoundTrip(r.WithContext(ctx))
			if err != nil {
				b.Error(err)
				return
			}
			if response.StatusCode != http.StatusOK {
				b.Errorf("status %d", response.StatusCode)
			}
			_, _ = io.Copy(io.Discard, response.Body)
			response.Body.Close()
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
}

// BenchmarkVersionTest is one hop behind the gateway, split 90 to 10.
func BenchmarkVersionTest(b *testing.B) {
	benchmark(b, open(b, mesh.Options{}, versionTest, weights(90, 10)), target.Via{}, "/version.html")
}

// BenchmarkVersionTestKubeProxy is the same application past the mesh.
func BenchmarkVersionTestKubeProxy(b *testing.B) {
	benchmark(b, open(b, mesh.Options{}, versionTest), target.Via{Service: "canary"}, "/version.html")
}

// BenchmarkBookinfoPage is the whole page: gateway, productpage, details,
// reviews and, for two of three versions, ratings.
func BenchmarkBookinfoPage(b *testing.B) {
	benchmark(b, open(b, mesh.Options{}, bookinfo(b)...), target.Via{}, "/productpage")
}

// BenchmarkBookinfoReviews is the same without the page: JSON over three hops.
func BenchmarkBookinfoReviews(b *testing.B) {
	benchmark(b, open(b, mesh.Options{}, bookinfo(b)...), target.Via{}, "/api/v1/products/0/reviews")
}
