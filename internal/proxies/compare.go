package proxies

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/splitcheck/splitcheck/internal/envoy"
	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/split"
)

// A Difference is one thing in which a proxy departs from what was applied.
type Difference struct {
	// Proxy is the proxy's String.
	Proxy string
	// Object is whose route it is, and Source the rule's: routing.Rule.Source,
	// zero where the difference is not of one rule. File and Line are where
	// the rule or the object stands, if that is known.
	Object manifests.Key
	Source manifests.Source
	File   string
	Line   int
	// Host is the virtual host in which it was seen first, "*:80": the
	// others that the object names are as likely to differ.
	Host string
	// Configured and Programmed say in words what stands on either side: "v1
	// 90, v2 10" and "v1 100".
	Configured, Programmed string
	// Rejected is what the proxy said of an update that it refused, if it did.
	Rejected string
	// Withheld is set where the proxy is a sidecar without any route of Object,
	// and a Sidecar object may be what keeps them from it: whoever asks for
	// what is in effect finds nothing wrong then, and whoever asks what a proxy
	// should have does not find it among its routes.
	Withheld bool
}

// Finding returns the difference as data.
func (d Difference) Finding() split.Finding {
	return split.Found("proxy-differs", split.Values{
		"proxy": d.Proxy, "rule": cmp.Or(d.Source.String(), d.Object.String()), "file": d.File, "line": d.Line,
		"configured": d.Configured, "programmed": d.Programmed, "host": d.Host, "rejected": d.Rejected,
	})
}

// Compare says in what the routes of p depart from what routing makes of
// objects, which are all that were applied, in order of creation. It is nil
// when the proxy carries exactly what they say. Routes of objects that are not
// among them are none of its business.
//
// Whoever knows when they were created hands them over in the order of
// inventory.Older.
func Compare(objects []manifests.Object, p Proxy, routes envoy.Routes) []Difference {
	c := newComparison(objects, p, routes)
	withheld := narrowed(objects, p)
	var found []Difference
	for _, at := range c.places() {
		for _, d := range c.compare(c.want[at], c.have[at]) {
			d.Proxy = p.String()
			d.Withheld = withheld && !c.any(d.Object)
			if o, ok := c.object[d.Object]; ok {
				d.File, d.Line = o.File, o.Line
				if d.Source.Place != "" {
					d.Line, _ = o.Position(d.Source.Path())
				}
			}
			// One rule stands under many hosts, and has the same to say each time.
			d.Host = at.host + ":" + strconv.Itoa(at.port)
			if !slices.ContainsFunc(found, func(f Difference) bool { f.Host = d.Host; return f == d }) {
				found = append(found, d)
			}
		}
	}
	if len(found) > 0 {
		words := refusals(routes)
		for i := range found {
			found[i].Rejected = words
		}
	}
	return found
}

// refusals are the words of a proxy on what it refused. It goes on with the
// former routes until an update comes that it takes.
func refusals(routes envoy.Routes) string {
	var words []string
	for _, r := range routes {
		if r.Rejected != "" {
			words = append(words, r.Config+": "+r.Rejected)
		}
	}
	return strings.Join(words, "; ")
}

// compare holds the routes of one virtual host against each other: each wanted
// one against the first that asks the same of a request. What is alike in every
// route can still differ in their order.
func (c *comparison) compare(want []wanted, have []envoy.Route) []Difference {
	var found []Difference
	used := make([]bool, len(have))
	order := make([]int, 0, len(want))
	for i, w := range want {
		j := c.partner(w, i, have, used)
		if j < 0 {
			found = append(found, c.missing(w, have))
			continue
		}
		used[j] = true
		order = append(order, j)
		if configured, programmed := c.contents(w, have[j]); configured != programmed {
			found = append(found, Difference{Object: w.object, Source: w.split.Rule.Source, Configured: configured, Programmed: programmed})
		}
	}
	for j, r := range have {
		if !used[j] {
			key, _ := c.resolve(r)
			found = append(found, Difference{Object: key, Configured: "no such route", Programmed: "a route for " + matchWords(conditionsOf(r.Match)) + " to " + action(r, namesOf(r.Arms))})
		}
	}
	if found == nil && !slices.IsSorted(order) {
		w := want[0]
		found = append(found, Difference{Object: w.object, Configured: "another order of the routes of " + w.split.Host, Programmed: "them in the order " + orderWords(want, order)})
	}
	return found
}

func orderWords(want []wanted, order []int) string {
	names := make([]string, 0, len(order))
	sorted := slices.Clone(order)
	slices.Sort(sorted)
	for _, j := range sorted {
		w := want[slices.Index(order, j)]
		names = append(names, w.split.Rule.Source.String()+" for "+w.split.Match)
	}
	return strings.Join(names, "; ")
}

// partner finds the route that w should be: the one in its place if that asks the
// same, else the first that does and has what w says; else the first that asks
// the same.
func (c *comparison) partner(w wanted, place int, have []envoy.Route, used []bool) int {
	same := func(j int) bool {
		return !used[j] && c.of(w, have[j]) && slices.Equal(w.conditions, conditionsOf(have[j].Match))
	}
	if place < len(have) && same(place) {
		return place
	}
	first := -1
	for j := range have {
		if !same(j) {
			continue
		}
		if configured, programmed := c.contents(w, have[j]); configured == programmed {
			return j
		}
		if first < 0 {
			first = j
		}
	}
	return first
}

// missing says of a wanted route that it is not there.
func (c *comparison) missing(w wanted, have []envoy.Route) Difference {
	d := Difference{Object: w.object, Source: w.split.Rule.Source, Programmed: "no route of " + w.object.String()}
	d.Configured, _ = c.contents(w, envoy.Route{})
	for _, r := range have {
		if c.of(w, r) {
			d.Programmed = "no route for " + w.split.Match
			break
		}
	}
	return d
}
