package terminal

import (
	"fmt"
	"io"
	"strconv"

	"github.com/splitcheck/splitcheck/reports"
	"github.com/splitcheck/splitcheck/reports/words"
)

// planRates are the rates, in requests per second, for which a plan tells the
// time it takes, unless it was asked about one.
var planRates = []float64{10, 100, 1000}

// PlanText writes the plan for a person.
func PlanText(o Options) reports.Format[*reports.Plan] {
	return func(w io.Writer, p *reports.Plan) error {
		t := newText(o)
		switch {
		case p.Chances != nil:
			t.chances(p)
		case p.MedianRequests > 0:
			t.paragraph("", t.bold(count(p.Requests)+" requests at most")+" answer the question, whatever the answer is. "+
				"The sample ends when it is decided: half of all correct splits are verified by "+count(p.MedianRequests)+".")
		default:
			t.paragraph("", t.bold(count(p.Requests)+" requests")+" answer the question, whatever the answer is.")
		}
		t.line("")
		t.planTable(p)
		t.line("")
		alpha, power := p.Alpha.Or(0), p.Power.Or(0)
		if p.Chances == nil {
			t.paragraph("", fmt.Sprintf("A correct split is then called verified with a probability of at least %s. "+
				"One in which a version is off by its margin is called violated with at least %s, and verified with at most %s.",
				percent(power, 2), percent(power, 2), percent(alpha, 2)))
		}
		if share, given := p.Errors.Get(); given {
			t.paragraph("", fmt.Sprintf("That holds when up to %s of the requests end in errors, whichever do and whatever "+
				"version they were meant for.", percent(share, 3)))
		}
		for _, v := range p.Versions {
			if v.Weight.Or(1) == 0 && p.Chances == nil {
				t.paragraph("", fmt.Sprintf("%s must never answer: one hit is a violation, and none at all shows that it gets less than %s.",
					printable(v.Version), percent(p.Leak.Or(0), 2)))
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
			t.line(fmt.Sprintf("  at %5s a second  %s", count(int64(rate)), t.duration(float64(p.Requests)/rate)))
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
	are := "are"
	if p.Requests == 1 {
		are = "is"
	}
	answer := are + " too few for the question"
	if enough {
		answer = are + " enough for the question"
	}
	switch needed := *p.Needed; {
	case enough:
		answer += "."
	case needed == 0:
		answer = "do not answer the question, and no practical number does."
	case needed <= p.Requests:
		answer = "do not quite answer the question: their whole counts fall badly."
	default:
		answer += fmt.Sprintf(": it takes %s.", count(needed))
	}
	t.paragraph("", t.bold(words.Plural(p.Requests, "request"))+" "+answer)
	t.line("")
	rows := [][2]string{
		{"a correct split is verified in at least", percent(c.Verified.Or(0), 2)},
		{"one that is off by a margin is violated in at least", percent(c.Violated.Or(0), 2)},
	}
	if margin := c.Margin.Or(1); margin < 1 {
		rows = append(rows, [2]string{fmt.Sprintf("the smallest margin at which both have %s", percent(power, 2)), t.points(margin)})
	}
	for _, v := range p.Versions {
		if v.Weight.Or(1) == 0 {
			rows = append(rows, [2]string{"the smallest leak that is excluded", percent(c.Leak.Or(1), 3)})
			break
		}
	}
	for _, row := range rows {
		if t.Width < 70 {
			t.paragraph("  ", row[0]+" "+t.bold(row[1]))
			continue
		}
		t.line(fmt.Sprintf("  %-52s %s", row[0], t.bold(row[1])))
	}
}

// marginTable writes what other margins take.
func (t *text) marginTable(p *reports.Plan) {
	if len(p.Margins) == 0 {
		return
	}
	columns := []column{{title: "MARGIN", right: true}, {title: titleRequests, right: true}}
	for n, rate := range rates(p) {
		columns = append(columns, column{title: "AT " + count(int64(rate)) + " A SECOND", right: true, yields: n + 1})
	}
	var rows [][]string
	for _, each := range p.Margins {
		// Margins of a millionth are told apart, too.
		margin := strconv.FormatFloat(100*each.Margin.Or(0), 'g', 3, 64)
		if margin += " points"; margin == "1 points" {
			margin = "1 point"
		}
		row := []string{"± " + margin, count(each.Requests)}
		for _, rate := range rates(p) {
			row = append(row, t.duration(float64(each.Requests)/rate))
		}
		rows = append(rows, row)
	}
	t.line("")
	t.paragraph("", "Other margins, each at most the version's own weight:")
	t.line("")
	t.table("  ", columns, rows)
}
