package terminal

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/reports"
)

// mesh writes the proxies' account beside that of the answers. Where the two
// agree with what is expected, one line says so; a simulated mesh does what it is
// told, so that even this is left out unless something is wrong.
func (t *text) mesh(c *reports.Check) {
	m := c.Mesh
	if m == nil || len(m.Destinations) == 0 {
		return
	}
	verified := c.Verdict == analysis.Verified
	switch {
	case t.Verbose:
	case t.simulated && (verified || agree(c)):
		return
	case verified && agree(c):
		t.say("Proxies", m.Rule+" decides; the proxies carry its weights, and counted what the answers say.")
		return
	}
	t.say("Proxies", decided(m, t.simulated))
	t.accounts(m)
	for n, p := range strays(m) {
		if n == shownProxies && !t.Verbose {
			t.say("", fmt.Sprintf("and %d more proxies; --verbose shows them", len(strays(m))-n))
			break
		}
		t.say("", sentence(carries(p)))
	}
	for _, note := range m.Notes {
		t.say("", sentence(note))
	}
}

// shownProxies is how many proxies are shown by name unless all were asked for.
const shownProxies = 5

// agree reports whether the rule, the proxies and the answers all say what is
// expected, so that their account says nothing that the rest of the check does
// not.
func agree(c *reports.Check) bool {
	if c.Mesh.Rule == "" {
		return false
	}
	for _, d := range c.Mesh.Destinations {
		expected := d.ConfiguredShare
		for _, v := range c.Versions {
			if v.Version == d.Version {
				expected = v.ExpectedShare
			}
		}
		if differ(d.ConfiguredShare, expected) || differ(d.ConfiguredShare, d.ProgrammedShare) || d.Counted != d.Observed {
			return false
		}
	}
	return true
}

func differ(a, b reports.Number) bool {
	x, known := a.Get()
	y, also := b.Get()
	return known != also || math.Abs(x-y) > 1e-9
}

// decided says what makes the choice and who carries it.
func decided(m *reports.Mesh, simulated bool) string {
	words := "No rule that is known beforehand decides"
	if m.Rule != "" {
		words = m.Rule + " decides"
	}
	if simulated {
		words += ", on the simulated proxies"
	}
	var names []string
	for _, p := range m.Proxies {
		if p.Counted.Or(0) > 0 {
			names = append(names, p.Name)
		}
	}
	switch {
	case len(names) == 1:
		words += "; " + names[0] + " sent the requests"
	case len(names) > 1:
		words += fmt.Sprintf("; %d proxies sent the requests", len(names))
	}
	return words + "."
}

// accounts writes the table: what was asked for, carried, answered and sent.
func (t *text) accounts(m *reports.Mesh) {
	indent, counts := strings.Repeat(" ", labels), titleCounted
	if t.Width < narrowest {
		indent, counts = "  ", titleByProxies
	}
	columns := []column{
		{title: titleVersion, least: 7}, {title: titleConfigured, right: true, yields: 3}, {title: titleProgrammed, right: true, yields: 4},
		{title: titleObserved, right: true, yields: 2}, {title: counts, right: true}, {title: titleFailed, right: true, yields: 1},
	}
	rows := m.Destinations
	if !t.Verbose && len(rows) > shownVersions {
		rows = rows[:shownVersions]
	}
	differing := ""
	if len(strays(m)) > 0 && !slices.ContainsFunc(rows, func(d reports.Destination) bool { return !d.ProgrammedShare.IsZero() }) {
		differing = "differs"
	}
	var table [][]string
	var known [6]bool
	for _, d := range rows {
		row := []string{
			d.Version, share(d.ConfiguredShare), cmp.Or(differing, share(d.ProgrammedShare)),
			counted(d.Observed, d.ObservedShare), counted(d.Counted, d.CountedShare), counted(d.Failed, reports.Number{}),
		}
		for i, cell := range row {
			known[i] = known[i] || cell != absent
		}
		table = append(table, row)
	}
	// A column of noughts says nothing.
	known[5] = slices.ContainsFunc(rows, func(d reports.Destination) bool { return d.Failed.Or(0) > 0 })
	for i := len(columns) - 1; i > 0; i-- {
		if known[i] {
			continue
		}
		columns = slices.Delete(columns, i, i+1)
		for n := range table {
			table[n] = slices.Delete(table[n], i, i+1)
		}
	}
	if len(columns) == 1 {
		return
	}
	t.table(indent, columns, table)
	if more := len(m.Destinations) - len(rows); more > 0 {
		t.say("", fmt.Sprintf("and %d more; --verbose shows them", more))
	}
}

func share(n reports.Number) string {
	x, ok := n.Get()
	if !ok {
		return absent
	}
	return percent(x, 2)
}

func counted(n, part reports.Number) string {
	x, ok := n.Get()
	if !ok {
		return absent
	}
	text := count(int64(x))
	if _, ok := part.Get(); ok {
		text += " (" + fixed(part.Or(0), 1) + " %)"
	}
	return text
}

// strays are the proxies that carry other weights than the rule asks for.
func strays(m *reports.Mesh) []reports.Proxy {
	wanted := map[string]reports.Number{}
	for _, d := range m.Destinations {
		wanted[d.Version] = d.ConfiguredShare
	}
	var found []reports.Proxy
	for _, p := range m.Proxies {
		off := m.Rule != "" && len(p.Programmed) == 0
		for _, w := range p.Programmed {
			off = off || math.Abs(w.Share.Or(0)-wanted[w.Version].Or(0)) > 1e-9
		}
		if off {
			found = append(found, p)
		}
	}
	return found
}

func carries(p reports.Proxy) string {
	if len(p.Programmed) == 0 {
		return p.Name + " does not carry this rule"
	}
	var parts []string
	for _, w := range p.Programmed {
		parts = append(parts, clip(w.Version, longName)+" "+share(w.Share))
	}
	return p.Name + " is programmed with " + list(parts)
}

// states writes which proxies took a change and when: those that did not, or
// all of them.
func (t *text) states(c *reports.Convergence) {
	var shown []reports.ProxyState
	for _, p := range c.Proxies {
		if t.Verbose || !c.Converged && !p.Converged {
			shown = append(shown, p)
		}
	}
	for n, p := range shown {
		if n == shownProxies && !t.Verbose {
			t.say("", fmt.Sprintf("and %d more proxies; --verbose shows them", len(shown)-n))
			break
		}
		words := p.Name + " has not taken it"
		if p.Converged {
			words = p.Name + " had it after " + duration(p.Seconds.Or(math.NaN()))
		}
		if p.Detail != "" {
			words += ": " + p.Detail
		}
		t.say("", sentence(words))
	}
}
