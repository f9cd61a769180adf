package terminal

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/reports"
	"github.com/splitcheck/splitcheck/split"
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
		t.say("label-proxies", t.word("proxies-agree", split.Values{"rule": m.Rule}))
		return
	}
	t.say("label-proxies", t.decided(m))
	t.accounts(m)
	for n, p := range strays(m) {
		if n == shownProxies && !t.Verbose {
			t.say("", t.word("more-proxies", split.Values{"count": len(strays(m)) - n}))
			break
		}
		t.say("", t.sentence(t.carries(p)))
	}
	for _, note := range t.said(m.NoteItems, m.Notes) {
		t.say("", t.sentence(note))
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
	return known != also || !split.Same(x, y)
}

// decided says what makes the choice and who carries it.
func (t *text) decided(m *reports.Mesh) string {
	var names []string
	for _, p := range m.Proxies {
		if p.Counted.Or(0) > 0 {
			names = append(names, p.Name)
		}
	}
	values := split.Values{"rule": m.Rule, "simulated": t.simulated, "proxies": len(names)}
	if len(names) == 1 {
		values["proxy"] = names[0]
	}
	return t.word("decides", values)
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
		differing = t.word("differs")
	}
	var table [][]string
	var known [6]bool
	for _, d := range rows {
		row := []string{
			d.Version, t.share(d.ConfiguredShare), cmp.Or(differing, t.share(d.ProgrammedShare)),
			t.counted(d.Observed, d.ObservedShare), t.counted(d.Counted, d.CountedShare), t.counted(d.Failed, reports.Number{}),
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
		t.say("", t.word("more-rows", split.Values{"count": more}))
	}
}

func (t *text) share(n reports.Number) string {
	x, ok := n.Get()
	if !ok {
		return absent
	}
	return t.percent(x, 2)
}

func (t *text) counted(n, part reports.Number) string {
	x, ok := n.Get()
	if !ok {
		return absent
	}
	text := count(int64(x))
	if _, ok := part.Get(); ok {
		text += " (" + t.sign(fixed(part.Or(0), 1)) + ")"
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
			off = off || !split.Same(w.Share.Or(0), wanted[w.Version].Or(0))
		}
		if off {
			found = append(found, p)
		}
	}
	return found
}

func (t *text) carries(p reports.Proxy) string {
	parts := []string{}
	for _, w := range p.Programmed {
		parts = append(parts, clip(w.Version, longName)+" "+t.share(w.Share))
	}
	return t.word("proxy-carries", split.Values{"proxy": p.Name, "programmed": parts})
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
			t.say("", t.word("more-proxies", split.Values{"count": len(shown) - n}))
			break
		}
		state := split.Values{"proxy": p.Name, "detail": t.saidOne(p.DetailItem, p.Detail)}
		if p.Converged {
			state["time"] = t.duration(p.Seconds.Or(math.NaN()))
		}
		t.say("", t.sentence(t.word("proxy-state", state)))
	}
}
