package analysis

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/split"
)

// 3,940 requests to v1 alone, of which some failed: the proxies say where they
// were sent.
func TestTheProxiesKnowWhatTheErrorsWere(t *testing.T) {
	plan := planned(t, "v1=100,v2=0")
	for name, test := range map[string]struct {
		versions counts
		errors   int64
		account  Account
		verdict  Verdict
		says     string
	}{
		"v2's": {counts{"v1": 3920}, 20, Account{Sent: counts{"v1": 3920, "v2": 20}, Requests: 3940}, Violated,
			"v2 has weight 0, and the proxies sent 20 requests to it (0.508 %)"},
		"one of v2's, though a leak is excluded": {counts{"v1": 7999}, 1, Account{Sent: counts{"v1": 7999, "v2": 1}, Requests: 8000}, Violated, "sent 1 request to it"},
		"one of v2's among too many":             {counts{"v1": 3840}, 100, Account{Sent: counts{"v1": 3939, "v2": 1}, Requests: 3940}, Violated, "sent 1 request to it"},
		"v1's":                                   {counts{"v1": 3920}, 20, Account{Sent: counts{"v1": 3940}, Requests: 3940}, Verified, "were v1 20"},
		"nobody's": {counts{"v1": 3920}, 20, Account{Sent: counts{"v1": 3920}, Own: 20, Requests: 3940}, Verified,
			"were no version's 20, which the proxies answered themselves"},
		"v1's and too many":                  {counts{"v1": 3840}, 100, Account{Sent: counts{"v1": 3940}, Requests: 3940}, NotMeasured, ""},
		"v1's, and too few":                  {counts{"v1": 3880}, 20, Account{Sent: counts{"v1": 3900}, Requests: 3900}, Inconclusive, ""},
		"some that no counter has":           {counts{"v1": 3920}, 20, Account{Sent: counts{"v1": 3939}, Requests: 3940}, Inconclusive, ""},
		"others' traffic too":                {counts{"v1": 3920}, 20, Account{Sent: counts{"v1": 3920, "v2": 21}, Requests: 3940}, Inconclusive, ""},
		"of a version without a weight":      {counts{"v1": 3920}, 20, Account{Sent: counts{"v1": 3920, "v7": 20}, Requests: 3940}, Inconclusive, ""},
		"an answer that was not sent":        {counts{"v1": 3920}, 20, Account{Sent: counts{"v1": 3919, "v2": 21}, Requests: 3940}, Inconclusive, ""},
		"a login beside":                     {counts{"v1": 3920}, 20, Account{Sent: counts{"v1": 3940}, Requests: 3941}, Inconclusive, ""},
		"nothing but errors, and some v2's":  {counts{}, 3940, Account{Sent: counts{"v1": 3939, "v2": 1}, Requests: 3940}, NotMeasured, ""},
		"no account":                         {counts{"v1": 3920}, 20, Account{}, Inconclusive, ""},
		"v2's, and the weights were changed": {counts{"v1": 3920}, 20, Account{Sent: counts{"v1": 3920, "v2": 20}, Requests: 3940, Changes: []split.Finding{split.Text("x")}}, Inconclusive, ""},
	} {
		t.Run(name, func(t *testing.T) {
			tally := &split.Tally{Versions: test.versions, Errors: counts{"status 503": test.errors}}
			before := Judge(plan, tally)
			j := Reconsider(before, plan, tally, test.account)
			assert.Equal(t, test.verdict, j.Verdict, said(j.Reasons...))
			assert.Contains(t, said(j.Reasons...), test.says)
			assert.Equal(t, test.errors, j.Errors)
			if j.Verdict == Verified {
				assert.Greater(t, before.leak(), DefaultLeak)
				assert.LessOrEqual(t, j.leak(), DefaultLeak)
			}
		})
	}
}

// leak is the bound of the version of weight zero.
func (j *Judgement) leak() float64 { return j.Versions[1].LeakBound }

// Which versions the errors were can decide a split that they leave open, either
// way, but no counter stands for a version that never answered.
func TestKnownErrorsDecideASplit(t *testing.T) {
	plan := planned(t, "v1=9,v2=1")
	judged := func(versions, sent counts, errors int64) *Judgement {
		tally := &split.Tally{Versions: versions, Unidentified: counts{"a page": errors}}
		before := Judge(plan, tally)
		require.Equal(t, Inconclusive, before.Verdict, said(before.Reasons...))
		return Reconsider(before, plan, tally, Account{Sent: sent, Requests: tally.Requests()})
	}
	assert.Equal(t, Verified, judged(counts{"v1": 1690, "v2": 180}, counts{"v1": 1760, "v2": 190}, 80).Verdict)
	assert.Equal(t, Violated, judged(counts{"v1": 1670, "v2": 180}, counts{"v1": 1670, "v2": 280}, 100).Verdict)
	dead := judged(counts{"v1": 1750}, counts{"v1": 1750, "v2": 200}, 200)
	assert.Equal(t, Inconclusive, dead.Verdict, "v2 was never seen")

	broken := &split.Tally{Unidentified: counts{"a page": 80}}
	for i := range uint64(1870) {
		version := "v1"
		if i < 180 {
			version = "v2"
		}
		broken.Add(split.Answer{Number: i, Version: version, Outcome: split.Hit})
	}
	broken.Close()
	before := Judge(plan, broken)
	require.Equal(t, Inconclusive, before.Verdict)
	j := Reconsider(before, plan, broken, Account{Sent: counts{"v1": 1760, "v2": 190}, Requests: 1950})
	assert.Equal(t, before, j, "a broken gate is no matter of errors")
}

// By the sequential method the evidence is looked at once more, with every error
// known.
func TestKnownErrorsOfASequentialSample(t *testing.T) {
	plan := sequentialPlan(t, "v1=1,v2=0", 0)
	tally := &split.Tally{Versions: counts{"v1": 3920}, Errors: counts{"cut": 20}}
	j := Judge(plan, tally)
	require.Equal(t, Inconclusive, j.Verdict)
	assert.Equal(t, Verified, Reconsider(j, plan, tally, Account{Sent: counts{"v1": 3940}, Requests: 3940}).Verdict)
	assert.Equal(t, Violated, Reconsider(j, plan, tally, Account{Sent: counts{"v1": 3939, "v2": 1}, Requests: 3940}).Verdict)
}
