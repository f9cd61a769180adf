package reports

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/split"
)

// A Measurement is what is known of a check beside its judgement. Every part
// may be left out.
type Measurement struct {
	Source *Source
	// Asked describes the requests; the numbers of the question are filled in
	// from Plan.
	Asked Asked
	Plan  *analysis.Plan
	// Tally gives the errors and unidentified answers by kind, the statuses, the
	// latency by version and the course.
	Tally    *split.Tally
	Duration time.Duration
	// Latency is that of all answers.
	Latency *Latency
	Mesh    *Mesh
	// Settling is what was read before the sample.
	Settling *Settling
	// Expected is the verdict that the scenario expects; verified and empty
	// mean the same.
	Expected    analysis.Verdict
	Interrupted bool
	// Causes come before those of the judgement, Warnings after.
	Causes, Warnings []split.Finding
}

// FromJudgement makes a check of a judged sample.
func FromJudgement(name string, j *analysis.Judgement, m Measurement) Check {
	c := unjudged(name, j.Verdict, m)
	c.Method = j.Method
	c.Requests, c.Errors, c.Unidentified = j.Requests, j.Errors, j.Unidentified
	if seconds, ok := c.DurationSeconds.Get(); ok && seconds > 0 {
		c.Rate = Num(float64(j.Requests) / seconds)
	}
	c.ReasonItems, c.AdviceItems = slices.Clone(j.Reasons), slices.Clone(j.Advice)
	c.WarningItems = slices.Concat(j.Warnings, m.Warnings)
	for _, cause := range j.Diagnosis {
		c.Causes = append(c.Causes, cause.Finding())
	}
	var hits int64
	for _, v := range j.Versions {
		hits += v.Count
	}
	for _, v := range j.Versions {
		row := fromVersion(v, hits > 0)
		if m.Tally != nil && m.Tally.Replies[v.Version] != nil {
			replies := m.Tally.Replies[v.Version]
			row.Statuses, row.Latency = maps.Clone(replies.Statuses), LatencyOf(replies.Latencies)
		}
		c.Versions = append(c.Versions, row)
	}
	if j.ChiSquare.DF > 0 && hits > 0 {
		c.ChiSquare, c.GTest = fromTest(j.ChiSquare), fromTest(j.GTest)
		if j.CressieRead.DF > 0 {
			c.CressieRead = fromTest(j.CressieRead)
		}
		c.Effect = &Effect{W: Num(j.Effect.W), MisroutedShare: Num(j.Effect.MisroutedShare)}
		c.Power = &Power{Achieved: Num(j.Power.Achieved), Margin: Num(j.Power.Margin)}
	}
	if e := j.Exact; e != nil && hits > 0 {
		c.Exact = &Exact{PValue: Num(e.PValue), Method: e.Method}
		if e.Draws > 0 {
			c.Exact.Draws, c.Exact.CILow, c.Exact.CIHigh = int64(e.Draws), Num(e.Low), Num(e.High)
		}
	}
	if s := j.Sequential; s != nil && j.ChiSquare.DF > 0 && hits > 0 {
		c.Sequential = &Sequential{LogEValue: Num(s.LogEValue), PValue: Num(s.PValue)}
	}
	if hits > 0 {
		c.Equivalence = &Equivalence{PValue: Num(j.Equivalence.PValue), MinMargin: Num(j.Equivalence.MinMargin)}
	}
	for _, g := range j.Gates {
		gate := Gate{
			Name: g.Name, Statistic: Num(g.Statistic), DF: g.DF, PValue: Num(g.PValue),
			Alpha: Num(g.Alpha), Broken: g.Broken,
		}
		if g.Broken {
			gate.Found, gate.RepairItem = &g.Found, &g.Repair
		}
		c.Gates = append(c.Gates, gate)
	}
	return c
}

// Unmeasured makes a check of which no sample was drawn or judged, with the
// reasons why: the target is down, or the change never took effect.
func Unmeasured(name string, verdict analysis.Verdict, m Measurement, reasons ...split.Finding) Check {
	c := unjudged(name, verdict, m)
	c.ReasonItems = reasons
	c.WarningItems = slices.Clone(m.Warnings)
	if m.Tally != nil {
		c.Requests, c.Errors, c.Unidentified = m.Tally.Requests(), m.Tally.Failed(), m.Tally.Unknown()
	}
	return c
}

// Faulty makes a check of one that ended with its first answers, which tell
// nothing, with the reasons and what to do.
func Faulty(name string, m Measurement, reasons, advice []split.Finding) Check {
	c := Unmeasured(name, analysis.NotMeasured, m, reasons...)
	c.AdviceItems = advice
	return c
}

func unjudged(name string, verdict analysis.Verdict, m Measurement) Check {
	c := Check{
		Name: name, Source: m.Source, Verdict: verdict,
		Asked: m.asked(), Causes: slices.Clone(m.Causes),
		Latency: m.Latency, Mesh: m.Mesh, Settling: m.Settling, Interrupted: m.Interrupted,
	}
	if m.Expected != analysis.Verified {
		c.ExpectedVerdict = m.Expected
	}
	if m.Duration > 0 {
		c.DurationSeconds = Num(m.Duration.Seconds())
	}
	if m.Tally != nil {
		c.ErrorsByKind = kinds(m.Tally.Errors, m.Tally.Examples)
		c.UnidentifiedByKind = kinds(m.Tally.Unidentified, m.Tally.Examples)
		c.ErrorStatuses = maps.Clone(m.Tally.ErrorReplies.Statuses)
		c.UnidentifiedStatuses = maps.Clone(m.Tally.UnidentifiedReplies.Statuses)
		c.Course = courseOf(m.Tally)
		c.Addresses = addressesOf(m.Tally)
	}
	return c
}

func (m Measurement) asked() *Asked {
	asked := m.Asked
	asked.Identify = slices.Clone(asked.Identify)
	if m.Plan != nil {
		q := m.Plan.Question
		asked.PlannedRequests = m.Plan.Requests
		asked.Alpha, asked.Power = Num(q.Alpha), Num(q.Power)
		asked.Leak, asked.MaxErrors = Num(q.Leak), Num(q.MaxErrors)
	}
	return &asked
}

// fromVersion leaves out what does not exist: shares of a sample without a
// hit, residuals where nothing was expected.
func fromVersion(v analysis.VersionResult, sampled bool) Version {
	row := Version{
		Version: v.Version, Weight: Num(v.Weight), ExpectedShare: Num(v.ExpectedShare),
		Margin: Num(v.Margin), Count: v.Count, Unexpected: !v.Expected,
	}
	if sampled {
		row.Share, row.CILow, row.CIHigh = Num(v.Share), Num(v.Low), Num(v.High)
		if v.ExactHigh > 0 {
			row.ExactCILow, row.ExactCIHigh = Num(v.ExactLow), Num(v.ExactHigh)
		}
		if v.Weight > 0 {
			row.Residual = Num(v.Residual)
		}
		if v.Expected && v.Weight == 0 && v.Count == 0 {
			row.LeakBound = Num(v.LeakBound)
		}
	}
	return row
}

func fromTest(t analysis.Test) *Test {
	return &Test{Statistic: Num(t.Statistic), DF: t.DF, PValue: Num(t.PValue), Valid: t.Valid}
}

func kinds(counts map[string]int64, examples map[string]string) []Kind {
	var list []Kind
	for _, kind := range slices.Sorted(maps.Keys(counts)) {
		row := Kind{Kind: kind, Count: counts[kind], Example: examples[kind]}
		if found := split.KindFound(kind); found.ID != split.TextID {
			row.Item = &found
		}
		list = append(list, row)
	}
	slices.SortStableFunc(list, func(a, b Kind) int { return cmp.Compare(b.Count, a.Count) })
	return list
}
