package analysis

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/split"
)

func causesOf(j *Judgement) []string {
	var list []string
	for _, each := range j.Diagnosis {
		list = append(list, each.Name)
	}
	return list
}

// seen is a tally of counts and errors.
func seen(errors int64, versions map[string]int64) *split.Tally {
	t := counted(versions)
	if errors > 0 {
		t.Errors = map[string]int64{"status 503": errors}
	}
	return t
}

func TestCausesOfCounts(t *testing.T) {
	previous := func(w string) Context {
		weights, err := split.ParseWeights(w)
		require.NoError(t, err)
		return Context{Previous: weights}
	}
	for _, test := range []struct {
		name, asked string
		context     Context
		tally       *split.Tally
		want        []string
		says        string
	}{
		{"nothing wrong", "v1=90,v2=10", Context{}, seen(0, map[string]int64{"v1": 1740, "v2": 194}), nil, ""},
		{"another ratio", "v1=60,v2=30,v3=10", Context{}, seen(0, map[string]int64{"v1": 1500, "v2": 1200, "v3": 800}),
			[]string{AnotherRatio}, "v1 42.9 % ("},
		{"two versions, three ways", "v1=90,v2=10", Context{}, seen(0, map[string]int64{"v1": 1354, "v2": 580}),
			[]string{AnotherRatio, Leak, HiddenFailures}, "22.2 % of the traffic leaks to v2"},
		{"not applied", "v1=80,v2=10,v3=10", Context{}, seen(0, map[string]int64{"v1": 1101, "v2": 1098, "v3": 1111}),
			[]string{RouteNotApplied}, "all versions get the same"},
		{"by replicas", "v1=80,v2=10,v3=10", Context{Replicas: map[string]int64{"v1": 3, "v2": 1, "v3": 2}},
			seen(0, map[string]int64{"v1": 1655, "v2": 540, "v3": 1110}), []string{RouteNotApplied}, "by their numbers"},
		{"previous", "v1=80,v2=10,v3=10", previous("v1=10,v2=60,v3=30"), seen(0, map[string]int64{"v1": 322, "v2": 1981, "v3": 1000}),
			[]string{PreviousWeights}, "before the change"},
		{"swapped", "v1=60,v2=30,v3=10", Context{}, seen(0, map[string]int64{"v1": 299, "v2": 902, "v3": 1795}),
			[]string{WeightsSwapped}, "v1 and v3 have each other's weights"},
		{"dead with errors", "v1=80,v2=10,v3=10", Context{}, seen(331, map[string]int64{"v1": 2660, "v3": 322}),
			[]string{DeadVersion}, "its share ends in errors"},
		{"dead and replaced", "v1=80,v2=10,v3=10", Context{}, seen(0, map[string]int64{"v1": 2940, "v3": 370}),
			[]string{DeadVersion}, "taken over its share"},
		{"unhealthy", "v1=60,v2=30,v3=10", Context{}, seen(600, map[string]int64{"v1": 1801, "v2": 310, "v3": 295}),
			[]string{UnhealthyVersion}, "65.9 % of its requests"},
		{"errors alike", "v1=60,v2=30,v3=10", Context{}, seen(600, map[string]int64{"v1": 1440, "v2": 722, "v3": 238}),
			[]string{ErrorsAnywhere}, "strike all versions alike (20 %"},
		{"hidden failures", "v1=60,v2=30,v3=10", Context{}, seen(0, map[string]int64{"v1": 1480, "v2": 1130, "v3": 389}),
			[]string{HiddenFailures}, "fail and are tried again"},
		{"a leak", "v1=60,v2=30,v3=10", Context{}, seen(0, map[string]int64{"v1": 1502, "v2": 749, "v3": 749}),
			[]string{Leak}, "16.6 % of the traffic leaks to v3"},
		{"a leak to what has no weight", "v1=100,v2=0", Context{}, seen(0, map[string]int64{"v1": 3780, "v2": 20}),
			[]string{AnotherRatio, Leak}, "of the traffic leaks to v2"},
		{"a version that nobody named", "v1=70,v2=30", Context{}, seen(0, map[string]int64{"v1": 2800, "v2": 1210, "v9": 400}),
			[]string{Leak}, "leaks to v9"},
		{"a bypass", "v1=80,v2=15,v3=5", Context{}, seen(0, map[string]int64{"v1": 2130, "v2": 670, "v3": 500}),
			[]string{Bypass}, "bypasses the route"},
		{"partly previous", "v1=80,v2=15,v3=5", previous("v1=10,v2=10,v3=80"), seen(0, map[string]int64{"v1": 1485, "v2": 425, "v3": 1390}),
			[]string{PartlyPrevious}, "still goes by the weights before"},
		{"sticky by client", "v1=50,v2=50", Context{}, seen(0, map[string]int64{"v1": 4433}),
			[]string{DeadVersion, StickyClient}, "this client meets one version only"},
		{"rounded", "v1=2,v2=1", Context{}, seen(0, map[string]int64{"v1": 670_010_000, "v2": 329_990_000}),
			[]string{RoundedWeights}, "rounded to the nearest 1 %"},
	} {
		t.Run(test.name, func(t *testing.T) {
			q := question(t, test.asked)
			q.Context = test.context
			p, err := NewPlan(q)
			require.NoError(t, err)
			j := Judge(p, test.tally)
			assert.Subset(t, causesOf(j), test.want)
			if len(test.want) > 0 {
				assert.Equal(t, test.want[0], causesOf(j)[0], "%v", causesOf(j))
			} else {
				assert.Empty(t, j.Diagnosis)
			}
			var all string
			for _, each := range j.Diagnosis {
				all += said(each.Finding()) + "\n"
			}
			assert.Contains(t, all, test.says)
			assert.LessOrEqual(t, len(j.Diagnosis), 3)
		})
	}
}

// The likelihood of (650, 350) by 50/50 against 70/30 is, in closed form,
// 650·ln(5/7) + 350·ln(5/3).
func TestHowMuchBetter(t *testing.T) {
	q := question(t, "v1=70,v2=30")
	q.Context.Previous = split.Weights{{Version: "v1", Weight: 1}, {Version: "v2", Weight: 1}}
	p, err := NewPlan(q)
	require.NoError(t, err)
	j := Judge(p, counted(map[string]int64{"v1": 510, "v2": 490}))
	require.NotEmpty(t, j.Diagnosis)
	assert.Equal(t, PreviousWeights, j.Diagnosis[0].Name)
	agrees(t, 510*math.Log(5./7)+490*math.Log(5./3), j.Diagnosis[0].LogFactor, 12)
	assert.InEpsilon(t, 1.5e34, j.Diagnosis[0].Finding().Values["factor"], 0.05, "(5/7)^510·(5/3)^490 is 1.5e34")
	assert.Equal(t, RouteNotApplied, j.Diagnosis[1].Name)
	assert.Contains(t, said(j.Diagnosis[1].Finding()), "or, as likely, ")
}

// Correct samples are given a cause at most alpha times: here with an alpha of
// 2 %, so that there is something to count.
func TestCorrectSamplesAreGivenNoCause(t *testing.T) {
	const repeats = 2500
	random := rand.New(rand.NewPCG(8, 15))
	for _, weights := range []string{"v1=50,v2=50", "v1=90,v2=10", "v1=80,v2=10,v3=10"} {
		q := question(t, weights)
		q.Alpha, q.Power = 0.02, 0.9
		q.Context = Context{Previous: split.Weights{{Version: "v1", Weight: 1}}, Replicas: map[string]int64{"v1": 1, "v2": 1}}
		p, err := PlanFor(q, 500)
		require.NoError(t, err)
		given := map[string]int{}
		all := 0
		for range repeats {
			j := Judge(p, drawn(random, 500, 5, false, sharesOf(p)))
			if len(j.Diagnosis) > 0 {
				given[fmt.Sprint(j.Verdict, causesOf(j))]++
				all++
			}
		}
		// 50 are allowed; 79 would come with a probability of 1e-4.
		assert.Less(t, all, 79, "%s: %v", weights, given)
		t.Logf("%s: %d of %d, %v", weights, all, repeats, given)
	}
}

// Fuzzing, whatever is counted: nothing panics, nothing is NaN, and the names of
// the versions do not matter.
func TestDiagnosisOfAnything(t *testing.T) {
	random := rand.New(rand.NewPCG(23, 42))
	for run := range 50 {
		k := 2 + random.IntN(6)
		if run == 0 {
			k = 100
		}
		greatest := math.Pow(10, 1+11*random.Float64())
		q := Question{MaxErrors: -1}
		tally := &split.Tally{Versions: map[string]int64{}}
		for i := range k {
			name := fmt.Sprintf("v%d", i)
			q.Weights = append(q.Weights, split.Weight{Version: name, Weight: float64(random.IntN(10))})
			q.Context.Previous = append(q.Context.Previous, split.Weight{Version: name, Weight: float64(random.IntN(3))})
			if random.IntN(3) > 0 {
				tally.Versions[name] = int64(greatest * random.Float64())
			}
		}
		q.Weights[0].Weight++
		q.Context.Replicas = map[string]int64{"v0": random.Int64N(3), "v1": -1, "w": random.Int64N(2)}
		if random.IntN(2) == 0 {
			tally.Errors = map[string]int64{"status 503": int64(greatest * random.Float64())}
		}
		p, err := newPlan(q) // without its size, which takes most of the time
		require.NoError(t, err)
		j := Judge(p, tally)
		for _, each := range j.Diagnosis {
			assert.False(t, math.IsNaN(each.LogFactor) || math.IsNaN(each.Behind), each.Name)
			for _, v := range each.Shares {
				assert.True(t, v.Share >= 0 && v.Share <= 1+1e-9, "%s %g", v.Version, v.Share)
			}
		}
		slices.Reverse(q.Weights)
		p, err = newPlan(q)
		require.NoError(t, err)
		again := Judge(p, tally)
		require.Equal(t, len(j.Diagnosis), len(again.Diagnosis))
		for i := range j.Diagnosis {
			assert.InDelta(t, j.Diagnosis[i].Behind, again.Diagnosis[i].Behind, 1e-6*(1+greatest*1e-9))
		}
	}
}

// A sample of several workers, merged in any order, is diagnosed as that of one,
// and weights mean their ratios.
func TestDiagnosisOfMergedSamplesAndScaledWeights(t *testing.T) {
	random := rand.New(rand.NewPCG(31, 7))
	for _, sticky := range []bool{false, true} {
		for _, shares := range []map[string]float64{{"v1": 0.6, "v2": 0.4}, {"v1": 0.5, "v2": 0.3, "v3": 0.2}} {
			whole, parts := &split.Tally{}, []*split.Tally{{}, {}, {}}
			whole.Connections.Reuse = 5
			for i := range 6000 {
				version := fmt.Sprintf("v%d", 1+i/(6000/len(shares)))
				if !sticky {
					u := random.Float64()
					for _, version = range []string{"v1", "v2", "v3"} {
						if u -= shares[version]; u < 0 {
							break
						}
					}
				}
				a := split.Answer{Number: uint64(i), Connection: uint64(i / 5), Version: version}
				whole.Add(a)
				part := parts[i/2000]
				part.Connections.Reuse = 5
				part.Add(a)
			}
			whole.Close()
			merged := &split.Tally{}
			for _, i := range random.Perm(3) {
				parts[i].Close()
				merged.Merge(parts[i])
			}
			text := "v1=85,v2=15"
			scaled := "v1=8500000,v2=1500000"
			if len(shares) == 3 {
				text, scaled = "v1=80,v2=15,v3=5", "v1=0.016,v2=0.003,v3=0.001"
			}
			one := Judge(planned(t, text), whole)
			require.NotEmpty(t, one.Diagnosis)
			for _, again := range []*Judgement{Judge(planned(t, text), merged), Judge(planned(t, scaled), whole)} {
				assert.Equal(t, one.Verdict, again.Verdict)
				assert.Equal(t, causesOf(one), causesOf(again))
				for i := range one.Diagnosis {
					// At a seam one transition is not known.
					assert.InEpsilon(t, one.Diagnosis[i].LogFactor, again.Diagnosis[i].LogFactor, 1e-2)
				}
			}
		}
	}
}

// The page explains every cause, and no other.
func TestDiagnosisPageNamesEveryCause(t *testing.T) {
	page, err := os.ReadFile("../docs/diagnosis.md")
	require.NoError(t, err)
	var told []string
	for _, found := range regexp.MustCompile("(?m)^### `(.+)`$").FindAllStringSubmatch(string(page), -1) {
		told = append(told, found[1])
	}
	assert.ElementsMatch(t, []string{
		RouteNotApplied, PreviousWeights, PartlyPrevious, WeightsSwapped, DeadVersion, UnhealthyVersion, ErrorsAnywhere,
		HiddenFailures, StickyConnection, StickyClient, Alternation, ChangedMidway, Leak, Bypass, RoundedWeights, AnotherRatio,
		NothingFits,
	}, told)
}

// A gateway that splits by the client's address: one client meets one version,
// whichever it is. That is named beside a dead version.
func TestAClientThatMeetsOneVersionOnly(t *testing.T) {
	for _, test := range []struct{ weights, met string }{
		{"v1=90,v2=10", "v1"}, {"v1=90,v2=10", "v2"}, {"v1=50,v2=50", "v1"}, {"v1=99,v2=1", "v2"}, {"v1=1,v2=1,v3=1", "v3"},
	} {
		j := Judge(planned(t, test.weights), counted(map[string]int64{test.met: 2000}))
		assert.Equal(t, Violated, j.Verdict)
		var causes []string
		for _, each := range j.Diagnosis {
			causes = append(causes, each.Name)
		}
		assert.Contains(t, causes, StickyClient, "%v", test)
		assert.Contains(t, said(j.Advice...), "this client meets "+test.met+" only", "%v", test)
	}
}
