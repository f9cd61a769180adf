package analysis

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/splitcheck/splitcheck/split"
)

type counts = map[string]int64

func TestReconsider(t *testing.T) {
	plan := planned(t, "v1=9,v2=1")
	right, wrong := counts{"v1": 1760, "v2": 190}, counts{"v1": 1400, "v2": 550}
	for name, test := range map[string]struct {
		versions  counts
		errors    int64
		account   Account
		verdict   Verdict
		withdrawn string
		says      string
	}{
		"nothing is known":                          {versions: right, verdict: Verified},
		"as sent":                                   {versions: right, account: Account{Sent: right}, verdict: Verified},
		"more was sent":                             {versions: right, account: Account{Sent: counts{"v1": 5000, "v2": 5000}}, verdict: Verified},
		"wrong, as sent":                            {versions: wrong, account: Account{Sent: wrong}, verdict: Violated},
		"wrong, and it was sent rightly":            {versions: wrong, account: Account{Sent: right}, verdict: Inconclusive, withdrawn: AnswersDenied, says: "550 answers named v2 and the proxies sent 190 requests there"},
		"wrong, and a few went past":                {versions: wrong, account: Account{Sent: counts{"v1": 1400, "v2": 540}}, verdict: Violated},
		"wrong, and many went past":                 {versions: wrong, account: Account{Sent: counts{"v1": 1400, "v2": 100}}, verdict: Violated},
		"wrong, but for three":                      {versions: wrong, account: Account{Sent: counts{"v1": 1403, "v2": 547}}, verdict: Violated},
		"wrong, and came another way":               {versions: wrong, account: Account{Sent: counts{}}, verdict: Violated},
		"a few denied":                              {versions: right, account: Account{Sent: counts{"v1": 1757, "v2": 193}}, verdict: Verified},
		"all of v2 denied":                          {versions: right, account: Account{Sent: counts{"v1": 1950}}, verdict: Inconclusive, withdrawn: AnswersDenied, says: "190 answers named v2 and the proxies sent 0 requests there"},
		"nothing was sent":                          {versions: right, account: Account{Sent: counts{"v1": 0}}, verdict: Inconclusive, withdrawn: CameAnotherWay, says: "none of the 1,950 requests"},
		"a change":                                  {versions: right, account: Account{Sent: right, Changes: []split.Finding{split.Text("90/10 before, 50/50 after")}}, verdict: Inconclusive, withdrawn: WeightsChanged, says: "90/10 before, 50/50 after"},
		"a change, and wrong":                       {versions: wrong, account: Account{Changes: []split.Finding{split.Text("90/10 before, 50/50 after")}}, verdict: Inconclusive, withdrawn: WeightsChanged},
		"a change comes before all of v2 is denied": {versions: right, account: Account{Sent: counts{"v1": 1950}, Changes: []split.Finding{split.Text("x")}}, verdict: Inconclusive, withdrawn: WeightsChanged},
		"a change among errors":                     {versions: right, errors: 900, account: Account{Changes: []split.Finding{split.Text("x")}}, verdict: NotMeasured},
	} {
		t.Run(name, func(t *testing.T) {
			tally := &split.Tally{Versions: test.versions, Errors: counts{"no route": test.errors}}
			before := Judge(plan, tally)
			j := Reconsider(before, plan, tally, test.account)
			assert.Equal(t, test.verdict, j.Verdict)
			assert.Equal(t, test.withdrawn, j.Withdrawn)
			if j.Withdrawn == "" {
				assert.Equal(t, before.Reasons, j.Reasons)
				return
			}
			assert.Len(t, j.Reasons, 1)
			assert.Contains(t, said(j.Reasons[0]), test.says)
			assert.Len(t, j.Advice, 1)
			assert.Empty(t, j.Diagnosis, "a sample that shows nothing has no cause")
			assert.Empty(t, before.Withdrawn, "the judgement itself is left as it was")
		})
	}
}

// A change is likely why too little was measured.
func TestAChangeIsToldOfWhatCouldNotBeMeasured(t *testing.T) {
	plan, tally := planned(t, "v1=9,v2=1"), &split.Tally{Errors: counts{"no route": 900}}
	j := Reconsider(Judge(plan, tally), plan, tally, Account{Changes: []split.Finding{split.Text("DestinationRule default/canary was deleted")}})
	assert.Equal(t, NotMeasured, j.Verdict)
	assert.Contains(t, said(j.Warnings...), "the weights changed while counting: DestinationRule default/canary was deleted")
}

// A sequential sample ended where it did because of the answers that are denied.
func TestADeniedAnswerOfASequentialSample(t *testing.T) {
	q := question(t, "v1=9,v2=1")
	q.Method = Sequentially
	plan, err := NewPlan(q)
	assert.NoError(t, err)
	tally := &split.Tally{Versions: counts{"v1": 4500, "v2": 500}}
	j := Judge(plan, tally)
	assert.Equal(t, Verified, j.Verdict)
	j = Reconsider(j, plan, tally, Account{Sent: counts{"v1": 4500, "v2": 499}})
	assert.Equal(t, AnswersDenied, j.Withdrawn)
}

// Whatever an account says that does not know of every request, it leaves a
// verdict as it is or takes it back.
func TestNoAccountMakesAVerdictBetter(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 9))
	plan := planned(t, "v1=9,v2=1")
	for range 300 {
		tally := &split.Tally{
			Versions: counts{"v1": 1500 + random.Int64N(400), "v2": random.Int64N(400)},
			Errors:   counts{"no route": random.Int64N(60)},
		}
		account := Account{Sent: counts{"v1": random.Int64N(2) * random.Int64N(2500), "v2": random.Int64N(2) * random.Int64N(600)}}
		if random.IntN(4) == 0 {
			account.Changes = []split.Finding{split.Text("x")}
		}
		before := Judge(plan, tally)
		j := Reconsider(before, plan, tally, account)
		if j.Verdict != before.Verdict {
			assert.Equal(t, Inconclusive, j.Verdict)
			assert.NotEmpty(t, j.Withdrawn)
		}
	}
}

// What is verified before the end is taken back; what is wrong stands.
func TestASampleThatEndedEarlyVerifiesNothing(t *testing.T) {
	plan := planned(t, "v1=50,v2=50")
	for verdict, tally := range map[Verdict]*split.Tally{
		Verified: {Versions: map[string]int64{"v1": 2000, "v2": 2000}},
		Violated: {Versions: map[string]int64{"v1": 2400, "v2": 1600}},
	} {
		judged := Judge(plan, tally)
		assert.Equal(t, verdict, judged.Verdict)
		left := EndedEarly(judged, plan, "the deadline came first")
		if verdict == Violated {
			assert.Same(t, judged, left)
			continue
		}
		assert.Equal(t, Inconclusive, left.Verdict)
		assert.Equal(t, CutShort, left.Withdrawn)
		assert.Contains(t, said(left.Reasons[0]), "4,000 requests of the 4,433 planned (the deadline came first)")
	}
}
