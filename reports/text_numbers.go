package reports

import "fmt"

// numbers are for those who want the statistics.
func (t *text) numbers(c *Check) []string {
	var lines []string
	if broken(c) && !t.Verbose {
		return nil
	}
	// The reasons of a judgement tell the p-value and the leak already.
	told := len(c.Reasons) > 0 && !t.Verbose
	if p, test, ok := deciding(c); ok && !told {
		line := fmt.Sprintf("%s (%s): %s.", probability(p), test, byChance(p))
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
		if bound, ok := v.LeakBound.Get(); ok && !told {
			lines = append(lines, clip(v.Version, longName)+" had no hit: its share is shown to be below "+percent(bound, 3)+".")
		}
	}
	if !t.Verbose {
		return lines
	}
	return append(lines, statistics(c)...)
}

// deciding returns the p-value that the verdict rests on and its test.
func deciding(c *Check) (p float64, test string, ok bool) {
	switch {
	case c.Sequential != nil:
		p, ok = c.Sequential.PValue.Get()
		return p, "sequential test", ok
	case c.Exact != nil && c.Exact.Method == "monte-carlo":
		p, ok = c.Exact.PValue.Get()
		return p, "chi-square test by Monte Carlo", ok
	case c.Exact != nil:
		p, ok = c.Exact.PValue.Get()
		return p, "exact chi-square test", ok
	case c.ChiSquare != nil:
		p, ok = c.ChiSquare.PValue.Get()
		return p, "chi-square test", ok
	}
	return 0, "", false
}

func statistics(c *Check) []string {
	var lines []string
	test := func(name string, x *Test) {
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

func milliseconds(n Number) string {
	x, ok := n.Get()
	if !ok {
		return absent
	}
	return fmt.Sprintf("%.3g ms", x)
}
