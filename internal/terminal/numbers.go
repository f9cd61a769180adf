package terminal

import (
	"fmt"

	"github.com/splitcheck/splitcheck/reports"
	"github.com/splitcheck/splitcheck/split"
)

// numbers are for those who want the statistics.
func (t *text) numbers(c *reports.Check) []string {
	var lines []string
	add := func(id string, values split.Values) { lines = append(lines, t.word(id, values)) }
	if p, test, ok := c.Deciding(); ok {
		add("number-deciding", split.Values{"p_value": p, "test": test, "chance": t.byChance(p), "impossible": impossible(c)})
	}
	if c.Equivalence != nil {
		if m, ok := c.Equivalence.MinMargin.Get(); ok {
			add("number-min-margin", split.Values{"margin": t.points(m)})
		}
	}
	for _, v := range c.Versions {
		if bound, ok := v.LeakBound.Get(); ok {
			add("number-leak", split.Values{"version": clip(v.Version, longName), "bound": t.percent(bound, 3)})
		}
	}
	for _, test := range []struct {
		name string
		of   *reports.Test
	}{{"chi-square", c.ChiSquare}, {"g-test", c.GTest}, {"cressie-read", c.CressieRead}} {
		if x := test.of; x != nil {
			add("number-test", split.Values{"test": test.name, "statistic": x.Statistic.Or(0), "df": x.DF, "p_value": x.PValue.Or(0)})
		}
	}
	if c.Sequential != nil {
		add("number-sequential", split.Values{"log_e_value": c.Sequential.LogEValue.Or(0), "p_value": c.Sequential.PValue.Or(0)})
	}
	if c.Equivalence != nil && !c.Equivalence.PValue.IsZero() {
		add("number-equivalence", split.Values{"p_value": c.Equivalence.PValue.Or(0)})
	}
	if c.Effect != nil {
		add("number-effect", split.Values{"w": c.Effect.W.Or(0), "misrouted": t.percent(c.Effect.MisroutedShare.Or(0), 2)})
	}
	if c.Power != nil && !c.Power.Achieved.IsZero() {
		add("number-power", split.Values{"power": t.percent(c.Power.Achieved.Or(0), 2), "margin": t.points(c.Power.Margin.Or(0))})
	}
	if holm, ok := c.HolmPValue.Get(); ok {
		add("number-holm", split.Values{"p_value": holm})
	}
	for _, g := range c.Gates {
		add("number-gate", split.Values{
			"gate": g.Name, "broken": g.Broken, "statistic": g.Statistic.Or(0), "df": g.DF, "p_value": g.PValue.Or(0), "alpha": g.Alpha.Or(0),
		})
	}
	if l := c.Latency; l != nil {
		add("number-latency", split.Values{"p50": milliseconds(l.P50), "p95": milliseconds(l.P95), "p99": milliseconds(l.P99)})
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
