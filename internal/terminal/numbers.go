package terminal

import (
	"fmt"

	"github.com/splitcheck/splitcheck/reports"
)

// numbers are for those who want the statistics.
func numbers(c *reports.Check) []string {
	var lines []string
	if p, test, ok := c.Deciding(); ok {
		line := fmt.Sprintf("%s (%s): %s.", probability(p), tests[test], byChance(p))
		if impossible(c) {
			line = "Of those that may answer, " + line
		}
		lines = append(lines, line)
	}
	if c.Equivalence != nil {
		if m, ok := c.Equivalence.MinMargin.Get(); ok {
			lines = append(lines, "The smallest margin at which every share would be shown right is "+points(m)+".")
		}
	}
	for _, v := range c.Versions {
		if bound, ok := v.LeakBound.Get(); ok {
			lines = append(lines, clip(v.Version, longName)+" had no hit: its share is shown to be below "+percent(bound, 3)+".")
		}
	}
	return append(lines, statistics(c)...)
}

// tests name what the deciding p-value was computed by.
var tests = map[string]string{
	"sequential": "sequential test", "monte-carlo": "chi-square test by Monte Carlo",
	"exact": "exact chi-square test", "chi-square": "chi-square test",
}

func statistics(c *reports.Check) []string {
	var lines []string
	test := func(name string, x *reports.Test) {
		if x != nil {
			lines = append(lines, fmt.Sprintf("%s %.4g, df %d, %s", name, x.Statistic.Or(0), x.DF, probability(x.PValue.Or(0))))
		}
	}
	test("chi-square", c.ChiSquare)
	test("G test", c.GTest)
	test("Cressie-Read", c.CressieRead)
	if c.Sequential != nil {
		lines = append(lines, fmt.Sprintf("sequential: log e-value %.4g, %s", c.Sequential.LogEValue.Or(0), probability(c.Sequential.PValue.Or(0))))
	}
	if c.Equivalence != nil && !c.Equivalence.PValue.IsZero() {
		lines = append(lines, "equivalence "+probability(c.Equivalence.PValue.Or(0)))
	}
	if c.Effect != nil {
		lines = append(lines, fmt.Sprintf("effect w %.4g, misrouted %s", c.Effect.W.Or(0), percent(c.Effect.MisroutedShare.Or(0), 2)))
	}
	if c.Power != nil && !c.Power.Achieved.IsZero() {
		lines = append(lines, fmt.Sprintf("power %s against a difference of %s", percent(c.Power.Achieved.Or(0), 2), points(c.Power.Margin.Or(0))))
	}
	if holm, ok := c.HolmPValue.Get(); ok {
		lines = append(lines, "adjusted for all checks of this run (Holm) "+probability(holm))
	}
	for _, g := range c.Gates {
		state := "holds"
		if g.Broken {
			state = "broken"
		}
		lines = append(lines, fmt.Sprintf("gate %s %s: statistic %.4g, df %d, %s, alpha %.2g", g.Name, state, g.Statistic.Or(0), g.DF, probability(g.PValue.Or(0)), g.Alpha.Or(0)))
	}
	if l := c.Latency; l != nil {
		lines = append(lines, fmt.Sprintf("latency: median %s, 95 %% below %s, 99 %% below %s", milliseconds(l.P50), milliseconds(l.P95), milliseconds(l.P99)))
	}
	return lines
}

func milliseconds(n reports.Number) string {
	x, ok := n.Get()
	if !ok {
		return absent
	}
	return fmt.Sprintf("%.3g ms", x)
}
