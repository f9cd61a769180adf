package runner_test

import (
	"context"
	"errors"
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/internal/mesh"
	"github.com/splitcheck/splitcheck/internal/runner"
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/reports"
	"github.com/splitcheck/splitcheck/scenarios"
	"github.com/splitcheck/splitcheck/split"
)

// simulated runs a scenario of the library.
func simulated(t *testing.T, name string) reports.Scenario {
	t.Helper()
	s, found := scenarios.Builtin(name)
	require.NotNil(t, s, found)
	report := runner.Run(t.Context(), []*scenarios.Scenario{s}, runner.Options{
		Open: func(context.Context, *scenarios.Scenario) (target.Target, error) {
			return mesh.New(mesh.Options{Seed: 5}), nil
		},
		Seed: 5,
	})
	require.Empty(t, report.Scenarios[0].Failure)
	return report.Scenarios[0]
}

// The traffic of a step is that of its checks, and that of the scenario the sum of
// its steps.
func TestGraphOfEachStep(t *testing.T) {
	type path struct{ from, to string }
	for _, name := range []string{"bookinfo-canary", "bookinfo-mirror", "header-canary", "too-many-errors", "stuck-proxy"} {
		t.Run(name, func(t *testing.T) {
			s := simulated(t, name)
			sum, whole := map[path][3]int64{}, map[path][3]int64{}
			for _, step := range s.Steps {
				var sent int64
				for _, c := range step.Checks {
					sent += c.Requests
				}
				require.NotNil(t, step.Graph)
				var entered int64
				for _, e := range step.Graph.Edges {
					n := sum[path{e.From, e.To}]
					sum[path{e.From, e.To}] = [3]int64{n[0] + e.Requests, n[1] + e.Errors, n[2] + e.Mirrored}
					if e.From == "client" {
						entered += e.Requests
					}
					assert.Regexp(t, `^[a-z-]+\.[a-z-]+\.svc\.cluster\.local$`, e.Service)
				}
				assert.Equal(t, sent, entered, "step %s", step.Name)
			}
			for _, e := range s.Graph.Edges {
				whole[path{e.From, e.To}] = [3]int64{e.Requests, e.Errors, e.Mirrored}
			}
			assert.Equal(t, sum, whole)
		})
	}
}

// What is seen of each check adds up to its counts.
func TestWhatIsSeenOfASample(t *testing.T) {
	for _, name := range []string{"bookinfo-canary", "bookinfo-mirror", "too-many-errors", "leak-at-zero", "version-test-90-10"} {
		for _, step := range simulated(t, name).Steps {
			require.NotNil(t, step.Timeline, name)
			assert.Positive(t, step.Timeline.AppliedSeconds.Or(0))
			assert.Len(t, step.Timeline.Programmed, len(step.Convergence.Proxies))
			first := map[string]bool{}
			for _, f := range step.Timeline.FirstAnswers {
				first[f.Version] = true
				assert.GreaterOrEqual(t, f.Seconds.Or(0), step.Timeline.AppliedSeconds.Or(0))
				assert.LessOrEqual(t, f.Seconds.Or(0), step.DurationSeconds.Or(0))
			}
			for _, c := range step.Checks {
				if name == "bookinfo-mirror" && c.Course == nil {
					assert.Empty(t, c.Versions[0].Statuses, "copies are not answered")
					assert.NotNil(t, c.Latency)
					continue
				}
				last := len(c.Course.Requests) - 1
				assert.Equal(t, c.Requests, c.Course.Requests[last])
				counts := map[string]int64{}
				for _, v := range c.Course.Versions {
					counts[v.Version] = v.Counts[last]
				}
				for _, v := range c.Versions {
					assert.Equal(t, v.Count, counts[v.Version])
					assert.Equal(t, v.Count, total(v.Statuses), "the simulated mesh always knows the status")
					assert.Equal(t, v.Count > 0, v.Latency != nil)
					assert.Equal(t, v.Count > 0, first[v.Version], v.Version)
				}
				assert.LessOrEqual(t, total(c.ErrorStatuses), c.Errors)
				assert.Equal(t, c.Unidentified, total(c.UnidentifiedStatuses))
			}
		}
	}
}

func total(counts map[int]int64) (sum int64) {
	for n := range maps.Values(counts) {
		sum += n
	}
	return sum
}

// A grapher cannot always be asked.
type grapher struct {
	scripted
	graphs []error
}

func (g *grapher) Graph(context.Context) (*split.Graph, error) {
	err := g.graphs[0]
	g.graphs = g.graphs[1:]
	return &split.Graph{Edges: []split.Edge{{From: "a", To: "b", Requests: 10}}}, err
}

// What was sent in two steps is not shown as that of the second.
func TestGraphAfterOneThatIsMissing(t *testing.T) {
	s := &grapher{graphs: []error{nil, errors.New("a proxy does not answer"), nil, nil}}
	c := check(t, "a", "v1=90,v2=10")
	c.Source = scenarios.Source{File: "s.yaml", Line: 7}
	report := runner.Run(t.Context(), []*scenarios.Scenario{{
		Name: "test", Steps: []scenarios.Step{changing("1", c), changing("2"), changing("3"), changing("4")},
	}}, runner.Options{Open: func(context.Context, *scenarios.Scenario) (target.Target, error) { return s, nil }})
	steps := report.Scenarios[0].Steps
	assert.NotNil(t, steps[0].Graph)
	assert.Nil(t, steps[1].Graph)
	assert.Nil(t, steps[2].Graph)
	assert.NotNil(t, steps[3].Graph)
	assert.EqualValues(t, 30, report.Scenarios[0].Graph.Edges[0].Requests)
	assert.Equal(t, &reports.Source{File: "s.yaml", Line: 7}, steps[0].Checks[0].Source)
	assert.Nil(t, steps[0].Source)
}

// The timeline is that of the target, but for proxies that never took the change.
func TestTimeline(t *testing.T) {
	s := &scripted{change: func(int) (target.Convergence, error) {
		return target.Convergence{Applied: time.Second, Took: 3 * time.Second, Proxies: []target.ProxyState{
			{Name: "late", Converged: true, Took: 3 * time.Second}, {Name: "never", Took: 3 * time.Second}, {Name: "soon", Converged: true, Took: 2 * time.Second},
		}}, nil
	}}
	step := run(t, s, changing("one", check(t, "a", "v1=90,v2=10"))).Scenarios[0].Steps[0]
	assert.Equal(t, &reports.Timeline{
		AppliedSeconds: reports.Num(1),
		Programmed:     []reports.ProgrammedAt{{Name: "soon", Seconds: reports.Num(2)}, {Name: "late", Seconds: reports.Num(3)}},
	}, step.Timeline)
	assert.Nil(t, run(t, s, scenarios.Step{Name: "nothing"}).Scenarios[0].Steps[0].Timeline)
}
