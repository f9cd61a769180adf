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

// The titles of the account's columns.
const (
	titleConfigured = "CONFIGURED"
	titleProgrammed = "PROGRAMMED"
	titleObserved   = "OBSERVED"
	titleCounted    = "COUNTED BY PROXIES"
	titleFailed     = "FAILED"
)

// mesh writes the proxies' account beside that of the answers. A simulated mesh
// does what it is told, so that its account is left out unless something is
// wrong.
func (t *text) mesh(c *reports.Check) {
	m := c.Mesh
	if m == nil || len(m.Destinations) == 0 || !t.Verbose && t.simulated && !telling(c) {
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

// telling reports whether the account says what the rest of the check does not.
func telling(c *reports.Check) bool {
	if c.Verdict == analysis.Verified {
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
			return true
		}
	}
	return false
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
	const leastName = 8
	indent := strings.Repeat(" ", labels)
	header := []column{
		{titleVersion, false}, {titleConfigured, true}, {titleProgrammed, true},
		{titleObserved, true}, {titleCounted, true}, {titleFailed, true},
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
	for i := len(header) - 1; i > 0; i-- {
		if known[i] {
			continue
		}
		header = slices.Delete(header, i, i+1)
		for n := range table {
			table[n] = slices.Delete(table[n], i, i+1)
		}
	}
	if len(header) == 1 {
		return
	}
	names := columnWidth(titleVersion, table, 0)
	var giveWay []string
	for _, title := range []string{titleFailed, titleObserved, titleConfigured} {
		if slices.ContainsFunc(header, func(c column) bool { return c.title == title }) {
			giveWay = append(giveWay, title)
		}
	}
	room := drop(&header, table, []string{titleVersion}, giveWay,
		t.Width-len(indent), min(names, leastName))
	for n := range table {
		table[n][0] = clip(table[n][0], min(names, max(room, leastName)))
	}
	t.table(indent, header, table)
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
