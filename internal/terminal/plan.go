package terminal

import (
	"fmt"
	"io"

	"github.com/splitcheck/splitcheck/internal/outward"
	"github.com/splitcheck/splitcheck/reports"
	"github.com/splitcheck/splitcheck/split"
)

// planRates are the rates, in requests per second, for which a plan tells the
// time it takes, unless it was asked about one.
var planRates = []float64{10, 100, 1000}

// PlanText writes the plan for a person.
func PlanText(o Options) reports.Format[*reports.Plan] {
	return func(w io.Writer, p *reports.Plan) error {
		t := newText(o)
		if p.Chances != nil {
			t.chances(p)
		} else {
			size := t.bold(t.word("plan-requests", split.Values{"requests": p.Requests, "most": p.MedianRequests > 0}))
			t.paragraph("", t.word("plan-enough", split.Values{"size": size, "median": p.MedianRequests}))
		}
		t.line("")
		t.planTable(p)
		t.line("")
		alpha, power := p.Alpha.Or(0), p.Power.Or(0)
		if p.Chances == nil {
			t.paragraph("", t.word("plan-promise", split.Values{"power": t.percent(power, 2), "alpha": t.percent(alpha, 2)}))
		}
		if share, given := p.Errors.Get(); given {
			t.paragraph("", t.word("plan-errors", split.Values{"share": t.percent(share, 3)}))
		}
		for _, v := range p.Versions {
			if v.Weight.Or(1) == 0 && p.Chances == nil {
				t.paragraph("", t.word("plan-never", split.Values{"version": outward.Line(v.Version), "leak": t.percent(p.Leak.Or(0), 2)}))
			}
		}
		if p.MostRequests > 0 && p.Chances == nil {
			t.paragraph("", fmt.Sprintf("Requests that fail may have been its: the sample goes on until a few are accounted for, up to %s requests.",
				count(p.MostRequests)))
		}
		if p.Chances == nil {
			t.line("")
		}
		for _, rate := range rates(p) {
			at := t.word("plan-at-rate", split.Values{"rate": fmt.Sprintf("%5s", count(int64(rate)))})
			t.line("  " + at + "  " + t.duration(float64(p.Requests)/rate))
		}
		t.marginTable(p)
		return t.flush(w)
	}
}

func rates(p *reports.Plan) []float64 {
	if rate, given := p.Rate.Get(); given {
		return []float64{rate}
	}
	return planRates
}

// chances says what a number of requests that was given can show.
func (t *text) chances(p *reports.Plan) {
	c, power := p.Chances, p.Power.Or(0)
	enough := c.Verified.Or(0) >= power && c.Violated.Or(0) >= power
	t.paragraph("", t.word("plan-chances", split.Values{
		"size":   t.bold(t.word("plan-requests", split.Values{"requests": p.Requests, "most": false})),
		"enough": enough, "needed": *p.Needed, "badly": *p.Needed <= p.Requests, "one": p.Requests == 1,
	}))
	t.line("")
	rows := [][2]string{
		{t.word("chance-verified"), t.percent(c.Verified.Or(0), 2)},
		{t.word("chance-violated"), t.percent(c.Violated.Or(0), 2)},
	}
	if margin := c.Margin.Or(1); margin < 1 {
		rows = append(rows, [2]string{t.word("chance-margin", split.Values{"power": t.percent(power, 2)}), t.points(margin)})
	}
	for _, v := range p.Versions {
		if v.Weight.Or(1) == 0 {
			rows = append(rows, [2]string{t.word("chance-leak"), t.percent(c.Leak.Or(1), 3)})
			break
		}
	}
	for _, row := range rows {
		if t.Width < 70 {
			t.paragraph("  ", row[0]+" "+t.bold(row[1]))
			continue
		}
		t.labelled("  "+row[0], 55, t.bold(row[1]))
	}
}

// marginTable writes what other margins take.
func (t *text) marginTable(p *reports.Plan) {
	if len(p.Margins) == 0 {
		return
	}
	columns := []column{{title: titleMargin, right: true}, {title: titleRequests, right: true}}
	for n, rate := range rates(p) {
		columns = append(columns, column{title: t.word("title-at-rate", split.Values{"rate": int64(rate)}), right: true, yields: n + 1})
	}
	var rows [][]string
	for _, each := range p.Margins {
		row := []string{"± " + t.points(each.Margin.Or(0)), count(each.Requests)}
		for _, rate := range rates(p) {
			row = append(row, t.duration(float64(each.Requests)/rate))
		}
		rows = append(rows, row)
	}
	t.line("")
	t.paragraph("", t.word("plan-margins"))
	t.line("")
	t.table("  ", columns, rows)
}
