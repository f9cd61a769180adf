package scenarios

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/strict"
	"github.com/splitcheck/splitcheck/split"
)

// Bounds on a check. The number of requests is one that no run could finish;
// the others are what a machine has to give.
const (
	mostRequests    = 1_000_000_000_000
	mostConnections = 10_000
	mostRate        = 1e7
)

// The names of a check that counts mirrored copies.
const (
	Mirrored   = "mirrored"
	Unmirrored = "unmirrored"
)

var verdicts = []string{"verified", "violated", "inconclusive", "not-converged", "error"}

func (r *reading) check(n *yaml.Node, at string) Check {
	c := Check{
		File: r.File, Line: n.Line, Column: n.Column, Method: "chi-square", ExpectVerdict: "verified", MaxErrors: -1,
		places: map[string]place{},
	}
	b := r.scenario.bundle
	if b != nil {
		c.Request, c.Identify = b.request.clone(), b.identify
	} else {
		c.Request = Request{Method: "GET", Path: "/"}
	}
	in := func(name string) string { return at + "." + name }
	share := func(to *float64, name string, most float64) func(*yaml.Node) {
		return func(n *yaml.Node) { *to = r.ProperShare(n, in(name), most) }
	}
	r.Object(n, at,
		strict.Required("name", func(n *yaml.Node) { c.Name, c.Source = r.name(n, in("name")), r.sourceOf(n) }),
		strict.Optional("request", func(n *yaml.Node) { r.request(n, in("request"), &c.Request) }),
		strict.Optional("identify", func(n *yaml.Node) { c.Identify, c.ownIdentify = r.rules(n, in("identify")), true }),
		strict.Optional("mirrored", func(n *yaml.Node) { c.Mirrored, _ = r.Text(n, in("mirrored")) }),
		strict.Required("expect", func(n *yaml.Node) { c.Expect = r.weights(n, in("expect")) }),
		strict.Optional("margin", func(n *yaml.Node) { c.Margins = r.margins(n, in("margin"), c.Expect) }),
		strict.Optional("alpha", share(&c.Alpha, "alpha", 0.5)),
		strict.Optional("power", share(&c.Power, "power", 1)),
		strict.Optional("leak", share(&c.Leak, "leak", 1)),
		strict.Optional("maxErrors", func(n *yaml.Node) {
			if value, ok := r.Share(n, in("maxErrors")); ok {
				c.MaxErrors = value
			}
		}),
		strict.Optional("method", func(n *yaml.Node) {
			if method, ok := r.OneOf(n, in("method"), "chi-square", "sequential"); ok {
				c.Method = method
			}
		}),
		strict.Optional("requests", func(n *yaml.Node) { c.Load.Requests, _ = r.Whole(n, in("requests"), 1, mostRequests) }),
		strict.Optional("rate", func(n *yaml.Node) { c.Load.Rate, c.Load.RateSet = r.Number(n, in("rate"), 0, mostRate) }),
		strict.Optional("connections", func(n *yaml.Node) { c.Load.Connections, _ = r.Whole(n, in("connections"), 1, mostConnections) }),
		strict.Optional("reuse", func(n *yaml.Node) { c.Load.Reuse, _ = r.Whole(n, in("reuse"), 1, math.MaxInt32) }),
		strict.Optional("timeout", func(n *yaml.Node) { c.Load.Timeout, _ = r.Duration(n, in("timeout"), longest) }),
		strict.Optional("expectVerdict", func(n *yaml.Node) {
			if verdict, ok := r.OneOf(n, in("expectVerdict"), verdicts...); ok {
				c.ExpectVerdict = verdict
			}
		}))
	for key, value := range strict.Entries(n) {
		c.places[key.Value] = place{key.Line, key.Column}
		for inner := range strict.Entries(value) {
			c.places[key.Value+"."+inner.Value] = place{inner.Line, inner.Column}
		}
	}
	r.wholeCheck(n, at, &c)
	return c
}

// wholeCheck reports what no field shows by itself.
func (r *reading) wholeCheck(n *yaml.Node, at string, c *Check) {
	if c.Mirrored != "" {
		if c.Method == "sequential" {
			r.At(n, at+".method: copies are counted when all have been sent, so there is nothing to stop", "use chi-square, or leave it out")
		}
		for _, w := range c.Expect {
			if w.Version != Mirrored && w.Version != Unmirrored {
				r.At(n, fmt.Sprintf("%s.expect: a check of mirrored copies has no version %q", at, w.Version), "expect {mirrored: 20, unmirrored: 80}")
				break
			}
		}
		if !r.knowsWorkload(c.Mirrored) {
			r.At(n, fmt.Sprintf("%s.mirrored: there is no Deployment %q at this point", at, c.Mirrored), r.knownDeployments(c.Mirrored))
		}
		return
	}
	// A bundle that could not be read has been reported, and would have brought
	// its own.
	if len(c.Identify) == 0 && !c.ownIdentify && !r.namesApp && n.Kind == yaml.MappingNode {
		r.At(n, at+": nothing says how to tell the versions apart", "write identify: {body: REGEXP}, header, json or status; a bundle (spec.app) brings its own")
	}
	if c.Power > 0 && c.Power <= 0.5 {
		r.At(n, fmt.Sprintf("%s.power: a power of %g would be missed as often as met", at, c.Power), "write a power above 0.5, such as 0.999")
	}
}

func (r *reading) knowsWorkload(name string) bool {
	return slices.ContainsFunc(r.there.Objects(), func(o manifests.Object) bool { return o.Kind == "Deployment" && o.Name == name })
}

// weights reads {v1: 90, v2: 10} in the order of the file.
func (s *fields) weights(n *yaml.Node, at string) split.Weights {
	var weights split.Weights
	before := len(s.Found)
	s.Mapping(n, at, "write it as {v1: 90, v2: 10}", func(key, value *yaml.Node, at string) {
		if strings.TrimSpace(key.Value) == "" {
			s.At(key, at+": a version has no name", "")
			return
		}
		if value.Kind == yaml.ScalarNode && strings.HasSuffix(value.Value, "%") {
			copied := *value
			copied.Value = strings.TrimSuffix(value.Value, "%")
			value = &copied
		}
		if weight, ok := s.Number(value, at, 0, 1e15); ok {
			weights = append(weights, split.Weight{Version: key.Value, Weight: weight})
		}
	})
	if len(s.Found) > before {
		return nil
	}
	if mistakes := weights.Mistakes(); len(mistakes) > 0 {
		s.At(n, fmt.Sprintf("%s: %s", at, strings.Join(mistakes, "; ")), "write it as {v1: 90, v2: 10}")
		return nil
	}
	return weights
}

// margins reads one margin for every version, or one for each.
func (s *fields) margins(n *yaml.Node, at string, expect split.Weights) map[string]float64 {
	margins := map[string]float64{}
	if n.Kind == yaml.ScalarNode {
		margin := s.ProperShare(n, at, 1)
		for _, w := range expect {
			if margin > 0 {
				margins[w.Version] = margin
			}
		}
		return margins
	}
	s.Mapping(n, at, "write it as 0.05, 5% or {v1: 5%, v2: 1%}", func(key, value *yaml.Node, at string) {
		if len(expect) > 0 && !expect.Has(key.Value) {
			s.At(key, fmt.Sprintf("%s: expect has no version %q", at, strict.Brief(key.Value)), "the versions are those of expect: "+versions(expect))
		}
		if margin := s.ProperShare(value, at, 1); margin > 0 {
			margins[key.Value] = margin
		}
	})
	return margins
}

func versions(w split.Weights) string {
	names := make([]string, len(w))
	for i := range w {
		names[i] = w[i].Version
	}
	return strings.Join(names, ", ")
}
