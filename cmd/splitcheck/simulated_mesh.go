package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/identify"
	"github.com/splitcheck/splitcheck/internal/draw"
	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/mesh"
	"github.com/splitcheck/splitcheck/internal/simulate"
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/scenarios"
	"github.com/splitcheck/splitcheck/split"
)

// A defectiveMesh draws samples from simulated meshes that have a defect, each
// from a mesh of its own.
type defectiveMesh struct {
	plan          *analysis.Plan
	before, after []manifests.Object
	defects       []target.Defect
	check         scenarios.Check
	seed          uint64
}

// mesh returns a source of samples. One sample of one request is drawn at once,
// so that a defect that makes no sense is refused before anything else happens.
func (f *simulateFlags) mesh(plan *analysis.Plan, defects []target.Defect) (simulate.Source, error) {
	m, err := f.defective(plan, defects)
	if err != nil {
		return nil, err
	}
	if _, err := m.sample(context.Background(), -1, 1); err != nil {
		return nil, err
	}
	return m.sample, nil
}

func (f *simulateFlags) defective(plan *analysis.Plan, defects []target.Defect) (*defectiveMesh, error) {
	m := &defectiveMesh{plan: plan, defects: defects, seed: f.seed}
	m.check.Request.Path, m.check.Expect, m.check.Load.Reuse = "/", plan.Question.Weights, f.reuse
	// Samples of other sizes go by the same connections.
	m.check.Load.Reuse = draw.Load(m.check, plan, draw.Options{}).Reuse
	var err error
	if m.check.Identify, err = identify.ParseAll([]string{`body:version-test ([-a-z0-9]+)`}); err != nil {
		return nil, err
	}
	var even split.Weights
	for _, each := range plan.Question.Weights {
		if !label.MatchString(each.Version) {
			return nil, fmt.Errorf("--defect: %q cannot be a version of the simulated mesh: use small letters, digits and -", each.Version)
		}
		even = append(even, split.Weight{Version: each.Version, Weight: 1})
	}
	// The weights before the change matter to stale ones.
	if m.before, err = canaryObjects(even); err != nil {
		return nil, err
	}
	m.after, err = canaryObjects(plan.Question.Weights)
	return m, err
}

// label is what Kubernetes allows for a name: that of a subset, here.
var label = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`)

// options are those of the mesh of one sample.
func (m *defectiveMesh) options(run int64) mesh.Options {
	return mesh.Options{Seed: m.seed + uint64(run)*0x9E3779B97F4A7C15, ApplyDelay: -1, Stagger: -1}
}

func (m *defectiveMesh) sample(ctx context.Context, run, requests int64) (sample simulate.Drawn, err error) {
	world := mesh.New(m.options(run))
	defer func() { err = errors.Join(err, world.Close(context.WithoutCancel(ctx))) }()
	for _, change := range []target.Change{
		{Apply: m.before, Timeout: meshTimeout},
		{Apply: m.after, Defects: m.defects, SetsDefects: true, Timeout: meshTimeout},
	} {
		live, err := world.Change(ctx, change)
		if err != nil {
			return sample, err
		}
		if !live.Converged {
			return sample, fmt.Errorf("the simulated mesh did not take the weights: %s", live.Detail)
		}
	}
	check := m.check
	check.Load.Requests = int(requests)
	drawing, err := draw.Enter(ctx, world, check, m.plan, draw.Options{})
	if err != nil {
		return sample, err
	}
	defer drawing.Close()
	drawn, err := drawing.Draw(ctx, nil)
	switch {
	case drawn == nil:
		return sample, err
	case err != nil:
		// What leaves nothing to judge is a verdict of a run, too.
		return simulate.Drawn{Tally: drawn.Tally, Judge: func() *analysis.Judgement {
			return &analysis.Judgement{Verdict: analysis.NotMeasured}
		}}, nil
	}
	return simulate.Drawn{Tally: drawn.Counted, Judge: drawn.Judge}, nil
}

// canaryObjects are the objects of an application with a Deployment for each
// version, behind the ingress gateway, split by a VirtualService.
func canaryObjects(weights split.Weights) ([]manifests.Object, error) {
	var deployments, subsets, routes []string
	whole := wholeWeights(weights)
	for i, each := range weights {
		version, image := strconv.Quote(each.Version), strconv.Quote("splitcheck.dev/apps/version-test:"+each.Version)
		deployments = append(deployments, fmt.Sprintf(`
apiVersion: apps/v1
kind: Deployment
metadata: {name: app-%d}
spec:
  selector: {matchLabels: {app: app, version: %s}}
  template:
    metadata: {labels: {app: app, version: %s}}
    spec: {containers: [{name: app, image: %s, ports: [{containerPort: 80}]}]}
`, i, version, version, image))
		subsets = append(subsets, fmt.Sprintf("{name: %s, labels: {version: %s}}", version, version))
		routes = append(routes, fmt.Sprintf("{destination: {host: app, subset: %s}, weight: %d}", version, whole[i]))
	}
	text := canaryFrame + strings.Join(deployments, "---") + fmt.Sprintf(`---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: app}
spec: {host: app, subsets: [%s]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: app}
spec: {hosts: ["*"], gateways: [app], http: [{route: [%s]}]}
`, strings.Join(subsets, ", "), strings.Join(routes, ", "))
	objects, problems := manifests.Decode("simulate.yaml", []byte(text))
	return objects, problems.Err()
}

const canaryFrame = `
{apiVersion: v1, kind: Namespace, metadata: {name: default, labels: {istio-injection: enabled}}}
---
{apiVersion: v1, kind: Service, metadata: {name: app}, spec: {selector: {app: app}, ports: [{port: 80}]}}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: app}
spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}
---`

// wholeWeights are the same weights in whole numbers, as a VirtualService has
// them: as they are, or in parts of a thousand million.
func wholeWeights(weights split.Weights) []int64 {
	scale := 1.
	for _, each := range weights {
		if each.Weight != math.Trunc(each.Weight) || weights.Sum() > 1e9 {
			scale = 1e9 / weights.Sum()
		}
	}
	whole := make([]int64, len(weights))
	for i, each := range weights {
		whole[i] = int64(math.Round(each.Weight * scale))
	}
	return whole
}
