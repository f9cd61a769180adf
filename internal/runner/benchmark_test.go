package runner_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/internal/mesh"
	"github.com/splitcheck/splitcheck/internal/runner"
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/loadgen"
	"github.com/splitcheck/splitcheck/scenarios"
)

// BenchmarkSimulated is identified requests through the simulated mesh, load
// generator included: version-test is one hop behind the gateway, bookinfo's
// API is productpage, reviews and ratings behind it.
func BenchmarkSimulated(b *testing.B) {
	for _, c := range []struct{ scenario, step string }{
		{"version-test-90-10", "90-10"},
		{"bookinfo-shift", "50-50"},
	} {
		b.Run(c.scenario, func(b *testing.B) {
			s, found := scenarios.Builtin(c.scenario)
			require.Empty(b, found)
			world := mesh.New(mesh.Options{ApplyDelay: -1})
			defer func() { require.NoError(b, world.Close(b.Context())) }()
			_, err := runner.Prepare(b.Context(), s, c.step, world)
			require.NoError(b, err)
			entry, err := world.Enter(target.Via{}, target.Load{Connections: 10, Reuse: 10})
			require.NoError(b, err)
			request, rules := s.Steps[0].Checks[0].Request, s.Steps[0].Checks[0].Identify
			b.ReportAllocs()
			b.ResetTimer()
			result, err := loadgen.Generate(b.Context(), loadgen.Plan{
				Request: loadgen.Request{Method: request.Method, URL: entry.URL + request.Path, Identify: rules},
				Load:    loadgen.Load{Requests: int64(b.N), Connections: 10, Reuse: 10},
			}, entry.Opener, loadgen.Options{})
			require.NoError(b, err)
			require.EqualValues(b, b.N, result.Tally.Hits())
			b.ReportMetric(float64(b.N)/result.Duration.Seconds(), "requests/s")
		})
	}
}
