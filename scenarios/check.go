package scenarios

import (
	"fmt"
	"math"
	"strings"

	"go.yaml.in/yaml/v3"

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
		File: r.strict.file, Line: n.Line, Column: n.Column, Method: "chi-square", ExpectVerdict: "verified", MaxErrors: -1,
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
		return func(n *yaml.Node) { *to = r.properShare(n, in(name), most) }
	}
	r.object(n, at,
		field{"name", true, func(n *yaml.Node) { c.Name, c.Source = r.name(n, in("name")), r.sourceOf(n) }},
		field{"request", false, func(n *yaml.Node) { r.request(n, in("request"), &c.Request) }},
		field{"identify", false, func(n *yaml.Node) { c.Identify, c.ownIdentify = r.rules(n, in("identify")), true }},
		field{"mirrored", false, func(n *yaml.Node) { c.Mirrored, _ = r.text(n, in("mirrored")) }},
		field{"expect", true, func(n *yaml.Node) { c.Expect = r.weights(n, in("expect")) }},
		field{"margin", false, func(n *yaml.Node) { c.Margins = r.margins(n, in("margin"), c.Expect) }},
		field{"alpha", false, share(&c.Alpha, "alpha", 0.5)},
		field{"power", false, share(&c.Power, "power", 1)},
		field{"leak", false, share(&c.Leak, "leak", 1)},
		field{"maxErrors", false, func(n *yaml.Node) {
			if value, ok := r.share(n, in("maxErrors")); ok {
				c.MaxErrors = value
			}
		}},
		field{"method", false, func(n *yaml.Node) {
			if method, ok := r.oneOf(n, in("method"), "chi-square", "sequential"); ok {
				c.Method = method
			}
		}},
		field{"requests", false, func(n *yaml.Node) { c.Load.Requests, _ = r.whole(n, in("requests"), 1, mostRequests) }},
		field{"rate", false, func(n *yaml.Node) { c.Load.Rate, c.Load.RateSet = r.number(n, in("rate"), 0, mostRate) }},
		field{"connections", false, func(n *yaml.Node) { c.Load.Connections, _ = r.whole(n, in("connections"), 1, mostConnections) }},
		field{"reuse", false, func(n *yaml.Node) { c.Load.Reuse, _ = r.whole(n, in("reuse"), 1, math.MaxInt32) }},
		field{"timeout", false, func(n *yaml.Node) { c.Load.Timeout, _ = r.duration(n, in("timeout"), longest) }},
		field{"expectVerdict", false, func(n *yaml.Node) {
			if verdict, ok := r.oneOf(n, in("expectVerdict"), verdicts...); ok {
				c.ExpectVerdict = verdict
			}
		}})
	for key, value := range entries(n) {
		c.places[key.Value] = place{key.Line, key.Column}
		for inner := range entries(value) {
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
			r.at(n, at+".method: copies are counted when all have been sent, so there is nothing to stop", "use chi-square, or leave it out")
		}
		for _, w := range c.Expect {
			if w.Version != Mirrored && w.Version != Unmirrored {
				r.at(n, fmt.Sprintf("%s.expect: a check of mirrored copies has no version %q", at, w.Version), "expect {mirrored: 20, unmirrored: 80}")
				break
			}
		}
		if !r.knowsWorkload(c.Mirrored) {
			r.at(n, fmt.Sprintf("%s.mirrored: there is no Deployment %q at this point", at, c.Mirrored), r.knownDeployments(c.Mirrored))
		}
		return
	}
	// A bundle that could not be read has been reported, and would have brought
	// its own.
	if len(c.Identify) == 0 && !c.ownIdentify && !r.namesApp && n.Kind == yaml.MappingNode {
		r.at(n, at+": nothing says how to tell the versions apart", "write identify: {body: REGEXP}, header, json or status; a bundle (spec.app) brings its own")
	}
	if c.Power > 0 && c.Power <= 0.5 {
		r.at(n, fmt.Sprintf("%s.power: a power of %g would be missed as often as met", at, c.Power), "write a power above 0.5, such as 0.999")
	}
}

func (r *reading) knowsWorkload(name string) bool {
	for _, o := range r.there.Objects() {
		if o.Kind == "Deployment" && o.Name == name {
			return true
		}
	}
	return false
}

// weights reads {v1: 90, v2: 10} in the order of the file.
func (s *strict) weights(n *yaml.Node, at string) split.Weights {
	var weights split.Weights
	before := len(s.found)
	s.mapping(n, at, "write it as {v1: 90, v2: 10}", func(key, value *yaml.Node, at string) {
		if strings.TrimSpace(key.Value) == "" {
			s.at(key, at+": a version has no name", "")
			return
		}
		if value.Kind == yaml.ScalarNode && strings.HasSuffix(value.Value, "%") {
			copied := *value
			copied.Value = strings.TrimSuffix(value.Value, "%")
			value = &copied
		}
		if weight, ok := s.number(value, at, 0, 1e15); ok {
			weights = append(weights, split.Weight{Version: key.Value, Weight: weight})
		}
	})
	if len(s.found) > before {
		return nil
	}
	if err := weights.Validate(); err != nil {
		s.at(n, fmt.Sprintf("%s: %s", at, strings.TrimPrefix(err.Error(), "weights: ")), "write it as {v1: 90, v2: 10}")
		return nil
	}
	return weights
}

// margins reads one margin for every version, or one for each.
func (s *strict) margins(n *yaml.Node, at string, expect split.Weights) map[string]float64 {
	margins := map[string]float64{}
	if n.Kind == yaml.ScalarNode {
		margin := s.properShare(n, at, 1)
		for _, w := range expect {
			if margin > 0 {
				margins[w.Version] = margin
			}
		}
		return margins
	}
	s.mapping(n, at, "write it as 0.05, 5% or {v1: 5%, v2: 1%}", func(key, value *yaml.Node, at string) {
		if len(expect) > 0 && !expect.Has(key.Value) {
			s.at(key, fmt.Sprintf("%s: expect has no version %q", at, brief(key.Value)), "the versions are those of expect: "+versions(expect))
		}
		if margin := s.properShare(value, at, 1); margin > 0 {
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
