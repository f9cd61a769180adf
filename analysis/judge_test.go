package analysis

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/reports/words"
	"github.com/splitcheck/splitcheck/split"
)

func TestVerdicts(t *testing.T) {
	type counts = map[string]int64
	for _, test := range []struct {
		name, weights        string
		versions             counts
		errors, unidentified int64
		connections          int64 // all of one size; 0 where they are not known
		want                 Verdict
		says                 string
	}{
		{name: "nothing at all", weights: "v1=9,v2=1", want: NotMeasured, says: "no request was counted"},
		{name: "errors only", weights: "v1=9,v2=1", errors: 2000, want: NotMeasured, says: "none of the 2,000 requests"},
		{name: "no answer names a version", weights: "v1=9,v2=1", unidentified: 2000, want: Inconclusive, says: "none of 2,000 answers named its version"},

		{name: "as asked", weights: "v1=9,v2=1", versions: counts{"v1": 1760, "v2": 190}, want: Verified, says: "within 5 points of 90 %"},
		{name: "off by its margin", weights: "v1=9,v2=1", versions: counts{"v1": 1657, "v2": 293}, want: Violated, says: "v2 was asked for 10 % and got 15 %"},
		{name: "a curl loop", weights: "v1=9,v2=1", versions: counts{"v1": 88, "v2": 12}, want: Inconclusive, says: "100 requests cannot tell"},
		{name: "a curl loop that shows enough", weights: "v1=9,v2=1", versions: counts{"v1": 70, "v2": 30}, want: Violated, says: "the split is not v1 90 %, v2 10 %"},

		{name: "a leak", weights: "v1=1,v2=0", versions: counts{"v1": 5000, "v2": 1}, want: Violated, says: "v2 has weight 0 and answered once"},
		{name: "a leak among errors", weights: "v1=1,v2=0", versions: counts{"v1": 50, "v2": 1}, errors: 900, want: Violated, says: "v2 has weight 0"},
		{name: "an unknown version", weights: "v1=9,v2=1", versions: counts{"v1": 1760, "v2": 190, "v3": 2}, want: Violated, says: "v3 answered 2 times, and the weights do not name it"},
		{name: "nothing but an unknown version", weights: "v1=9,v2=1", versions: counts{"x": 5}, want: Violated, says: "x answered 5 times"},
		{name: "no leak", weights: "v1=1,v2=0", versions: counts{"v1": 3909}, want: Verified, says: "a share above 0.2 % is excluded"},
		{name: "no leak yet", weights: "v1=1,v2=0", versions: counts{"v1": 3908}, want: Inconclusive, says: "a leak of up to"},
		{name: "errors may be the leak", weights: "v1=1,v2=0", versions: counts{"v1": 3760}, errors: 37, want: Inconclusive, says: "the 37 errors may have been a version that must get nothing"},
		{name: "a leak is excluded though errors were it", weights: "v1=1,v2=0", versions: counts{"v1": 11371}, errors: 5, want: Verified, says: "no route"},
		{name: "an unidentified answer may be the leak", weights: "v1=1,v2=0", versions: counts{"v1": 7000}, unidentified: 1, want: Inconclusive, says: "the 1 unidentified answer may have been a version that must get nothing"},
		{name: "a single version", weights: "v1=5", versions: counts{"v1": 3909}, want: Verified, says: "nothing but v1 answered"},

		{name: "a dead version", weights: "v1=9,v2=1", versions: counts{"v1": 1950}, connections: 195, want: Violated, says: "v2 was asked for 10 % and was not seen once"},
		{name: "a dead version whose requests fail", weights: "v1=9,v2=1", versions: counts{"v1": 1750}, errors: 200, connections: 175, want: Violated, says: "200 requests ended in errors instead"},
		{name: "a silent version that may be unidentified", weights: "v1=9,v2=1", versions: counts{"v1": 1750}, unidentified: 200, want: Inconclusive, says: "cannot tell"},
		{name: "silent on too few connections", weights: "v1=9,v2=1", versions: counts{"v1": 1950}, connections: 10, want: Inconclusive, says: "over 10 connections"},
		{name: "silent in too few requests", weights: "v1=9,v2=1", versions: counts{"v1": 30}, want: Inconclusive, says: "in so few requests that is no surprise"},
		{name: "one of three is dead", weights: "v1=8,v2=1,v3=1", versions: counts{"v1": 3000, "v2": 340}, want: Violated, says: "v3 was asked for 10 % and was not seen once"},

		{name: "too many errors", weights: "v1=9,v2=1", versions: counts{"v1": 1740, "v2": 190}, errors: 30, want: NotMeasured, says: "more than the 1 % allowed"},
		{name: "errors cannot hide a wrong split", weights: "v1=9,v2=1", versions: counts{"v1": 1500, "v2": 700}, errors: 100, want: Violated, says: "even if every error"},
		{name: "errors leave it open", weights: "v1=9,v2=1", versions: counts{"v1": 1735, "v2": 197}, errors: 18, want: Verified, says: "that holds whichever versions the 18 errors"},
		{name: "errors weigh", weights: "v1=9,v2=1", versions: counts{"v1": 1690, "v2": 230}, errors: 18, want: Inconclusive, says: "depends on which versions"},
		{name: "unidentified answers weigh", weights: "v1=9,v2=1", versions: counts{"v1": 1660, "v2": 190}, unidentified: 100, want: Inconclusive, says: "cannot tell"},
	} {
		t.Run(test.name, func(t *testing.T) {
			tally := counted(test.versions)
			if test.errors > 0 {
				tally.Errors = counts{"no route": test.errors}
			}
			if test.unidentified > 0 {
				tally.Unidentified = counts{"no marker": test.unidentified}
			}
			if test.connections > 0 {
				size := int(tally.Hits() / test.connections)
				tally.Connections = split.Connections{Count: test.connections, Sizes: map[int]int64{size: test.connections}}
			}
			j := Judge(planned(t, test.weights), tally)
			reasons := said(j.Reasons...)
			assert.Equal(t, test.want, j.Verdict, reasons)
			if test.says == "no route" {
				assert.Contains(t, reasons, "that holds whichever versions the 5 errors")
			} else {
				assert.Contains(t, reasons, test.says)
			}
			if j.Verdict != Verified {
				assert.NotEmpty(t, j.Advice, "what to do next")
			}
			wholeOf(t, j)
		})
	}
}

// wholeOf asserts that a judgement can be printed: no number is NaN or
// infinite, and probabilities are probabilities.
func wholeOf(t *testing.T, j *Judgement) {
	t.Helper()
	share := func(x float64) { t.Helper(); assert.True(t, x >= 0 && x <= 1, "%v", x) }
	finite := func(x float64) { t.Helper(); assert.False(t, math.IsNaN(x) || math.IsInf(x, 0), "%v", x) }
	for _, each := range j.Versions {
		share(each.Share)
		share(each.Low)
		share(each.High)
		share(each.LeakBound)
		finite(each.Residual)
		assert.LessOrEqual(t, each.Low, each.High)
	}
	for _, each := range []Test{j.ChiSquare, j.GTest} {
		share(each.PValue)
		finite(each.Statistic)
		assert.GreaterOrEqual(t, each.Statistic, 0.)
	}
	if j.Exact != nil {
		share(j.Exact.PValue)
		share(j.Exact.Low)
		share(j.Exact.High)
	}
	share(j.Equivalence.PValue)
	share(j.Equivalence.MinMargin)
	finite(j.Effect.W)
	share(j.Effect.MisroutedShare)
	share(j.Power.Achieved)
	share(j.Power.Margin)
	for _, each := range j.Gates {
		share(each.PValue)
		finite(each.Statistic)
		assert.Positive(t, each.Alpha)
	}
	assert.NotEmpty(t, j.Verdict)
	assert.NotEmpty(t, j.Reasons)
	found := slices.Concat(j.Reasons, j.Advice, j.Warnings)
	for _, cause := range j.Diagnosis {
		found = append(found, cause.Finding())
	}
	for _, each := range words.All(found) {
		assert.NotContains(t, each, "NaN")
		assert.NotContains(t, each, "{", "there are no words for it")
	}
}

func TestABrokenGateComesBeforeTheCounts(t *testing.T) {
	p := planned(t, "v1=7,v2=3")
	blocks := strings.Repeat(strings.Repeat("1", 7)+strings.Repeat("2", 3), 400)
	tally := inOrder(blocks)
	tally.Versions = map[string]int64{"v1": tally.Versions["1"], "v2": tally.Versions["2"]}
	tally.Sequence.Transitions = map[string]map[string]int64{
		"v1": {"v1": tally.Sequence.Transitions["1"]["1"], "v2": tally.Sequence.Transitions["1"]["2"]},
		"v2": {"v1": tally.Sequence.Transitions["2"]["1"], "v2": tally.Sequence.Transitions["2"]["2"]},
	}
	j := Judge(p, tally)
	assert.Equal(t, Inconclusive, j.Verdict, "however well the counts fit")
	assert.Contains(t, said(j.Reasons[0]), "requests were not drawn independently")

	tally.Versions["v3"]++
	assert.Equal(t, Violated, Judge(p, tally).Verdict, "what is impossible comes first")
}

func TestASampleThatWasCutShortSaysSo(t *testing.T) {
	j := Judge(planned(t, "v1=9,v2=1"), counted(map[string]int64{"v1": 1350, "v2": 150}))
	assert.Equal(t, Verified, j.Verdict, "the evidence holds")
	require.NotEmpty(t, j.Warnings)
	assert.Contains(t, said(j.Warnings[0]), "1,500 requests of the 1,934 planned")
	assert.Contains(t, said(j.Warnings[0]), "not stopped because of what it showed")
}

func TestAdviceNamesTheSampleThatSettlesIt(t *testing.T) {
	p := planned(t, "v1=9,v2=1")
	j := Judge(p, counted(map[string]int64{"v1": 88, "v2": 12}))
	assert.Contains(t, said(j.Advice[0]), "a fresh sample of "+words.Count(p.Requests)+" requests settles it")

	enough := Judge(planned(t, "v1=7,v2=3"), counted(map[string]int64{"v1": 2626, "v2": 1266}))
	require.Equal(t, Inconclusive, enough.Verdict)
	assert.Contains(t, said(enough.Advice[0]), "probably off by less than its margin")

	q := question(t, "v1=9,v2=1")
	q.Margins = map[string]float64{"v1": 1e-9}
	hopeless, err := PlanFor(q, 100)
	require.NoError(t, err)
	assert.Contains(t, said(Judge(hopeless, counted(map[string]int64{"v1": 88, "v2": 12})).Advice[0]), "greater margins")
}

// What one sample shows beside its verdict; intervals by R's formula of
// Goodman, the others by hand.
func TestNumbersOfAJudgement(t *testing.T) {
	j := Judge(planned(t, "v1=7,v2=3,v3=0"), counted(map[string]int64{"v1": 650, "v2": 350}))
	require.Len(t, j.Versions, 3)
	assert.Equal(t, 0.65, j.Versions[0].Share)
	assert.InDelta(t, -50/math.Sqrt(210), j.Versions[0].Residual, 1e-12)
	assert.InDelta(t, 50/math.Sqrt(210), j.Versions[1].Residual, 1e-12)
	assert.Zero(t, j.Versions[2].Residual)
	assert.InDelta(t, 1-math.Pow(0.8*0.0005, 1./1000), j.Versions[2].LeakBound, 1e-12)
	agrees(t, 11.9047619, j.ChiSquare.Statistic, 9)
	agrees(t, 11.56511208, j.GTest.Statistic, 9)
	assert.Equal(t, Exact, j.Method)
	assert.Equal(t, "enumeration", j.Exact.Method)
	assert.InDelta(t, math.Sqrt(11.9047619/1000), j.Effect.W, 1e-9)
	assert.InDelta(t, 0.05, j.Effect.MisroutedShare, 1e-12)
	assert.InDelta(t, 0.0999, j.Equivalence.MinMargin, 0.002, "5 points and 3.29 standard errors of 1.5")
}

func TestMethodIsNamed(t *testing.T) {
	ten := "a=1,b=1,c=1,d=1,e=1,f=1,g=1,h=1,i=1,j=1"
	counts := func(first int64) map[string]int64 {
		versions := map[string]int64{"a": first}
		for _, each := range "bcdefghij" {
			versions[string(each)] = 1000
		}
		return versions
	}
	p := planned(t, ten)
	assert.Equal(t, Asymptotic, Judge(p, counted(counts(1000))).Method, "far from alpha")
	near := Judge(p, counted(counts(1150)))
	assert.Equal(t, MonteCarlo, near.Method, "asymptotic p %g is within a factor of 100 of alpha", near.ChiSquare.PValue)
	assert.Equal(t, "monte-carlo", near.Exact.Method)
	assert.Less(t, near.Exact.Low, near.Exact.PValue)
	assert.Greater(t, near.Exact.High, near.Exact.PValue)
	assert.InEpsilon(t, near.ChiSquare.PValue, near.Exact.PValue, 0.2)
	assert.Equal(t, near, Judge(p, counted(counts(1150))), "the same seed, the same judgement")
	assert.Nil(t, Judge(p, counted(counts(1000))).Exact)

	few := counts(3)
	for version := range few {
		few[version] = 3
	}
	assert.Equal(t, MonteCarlo, Judge(p, counted(few)).Method, "fewer than 5 expected")
}
