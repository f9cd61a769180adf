package analysis

import (
	"errors"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestChancesAreTheInverseOfAPlan(t *testing.T) {
	for _, weights := range []string{
		"v1=50,v2=50", "v1=999,v2=1", "v1=80,v2=10,v3=10", "a=1,b=2,c=4,d=8,e=16,f=32,g=64,h=128,i=256,j=512",
	} {
		p := planned(t, weights)
		enough, err := ChancesOf(p.Question, p.Requests)
		require.NoError(t, err)
		assert.GreaterOrEqual(t, enough.Verified, 0.999, weights)
		assert.GreaterOrEqual(t, enough.Violated, 0.999, weights)
		few, err := ChancesOf(p.Question, p.Requests*4/5)
		require.NoError(t, err)
		assert.Less(t, min(few.Verified, few.Violated), 0.999, weights)
		assert.Greater(t, few.Margin, enough.Margin, weights)
	}
}

// The numbers of statistics text: 500 requests of 70/30 are accepted by the
// exact two one-sided tests at alpha 0.05 for 343 to 358 hits, which a correct
// split has with a probability of 0.565 (computed with scipy 1.10.1).
func TestFiveHundredRequestsCannotVerifyFivePoints(t *testing.T) {
	q := question(t, "v1=70,v2=30")
	q.Alpha = 0.05
	c, err := ChancesOf(q, 500)
	require.NoError(t, err)
	assert.InDelta(t, 0.565-0.02, c.Verified, 0.001, "less what the gates may cost at a power of 0.9")

	c, err = ChancesOf(question(t, "v1=70,v2=30"), 500)
	require.NoError(t, err)
	assert.Zero(t, c.Verified, "at the default alpha no count of 500 is enough")
}

// 1 - (0.8·0.05)^(1/n): four fifths of alpha are a sample's that has no errors.
func TestChancesOfExcludingALeak(t *testing.T) {
	q := question(t, "v1=100,v2=0")
	q.Alpha = 0.05
	for n, want := range map[int64]float64{500: 0.006417, 1000: 0.003214, 10000: 0.0003218} {
		c, err := ChancesOf(q, n)
		require.NoError(t, err)
		assert.InEpsilon(t, want, c.Leak, 0.002)
		assert.Equal(t, c.Leak <= DefaultLeak, c.Verified > 0, "%d", n)
	}
	_, err := ChancesOf(q, 0)
	assert.ErrorContains(t, err, "must be at least 1")
}

// Clopper-Pearson at 700 of 1000 with an alpha of 0.025 on either side of two
// intervals (DescTools, R 4.2.2), and the rule of three.
func TestClopperPearson(t *testing.T) {
	low, high := ClopperPearson(700, 1000, 0.025)
	assert.InDelta(t, 0.666314, low, 1e-6)
	assert.InDelta(t, 0.732185, high, 1e-6)
	low, high = ClopperPearson(0, 1000, 0.1)
	assert.Zero(t, low)
	assert.InDelta(t, 1-math.Pow(0.05, 1./1000), high, 1e-12)
	low, high = ClopperPearson(0, 0, 0.05)
	assert.Equal(t, [2]float64{0, 1}, [2]float64{low, high})
}

// withLost is the tally of a true table of counts of which e requests have
// ended in errors, all of them meant for version lost.
func withLost(p *Plan, counts []int64, e int64, lost int) Verdict {
	versions := map[string]int64{}
	for i, each := range p.Versions {
		versions[each.Version] = counts[i]
	}
	name := p.Versions[lost].Version
	e = min(e, versions[name])
	versions[name] -= e
	tally := counted(versions)
	tally.Errors = map[string]int64{"status 503": e}
	return Judge(p, tally).Verdict
}

// Whichever requests fail, and however many up to the share that was planned
// for: the binomial sum over every count, judged as any sample is.
func TestPlanForErrorsKeepsItsPromises(t *testing.T) {
	const share = 0.002
	for _, weights := range []string{"v1=50,v2=50", "v1=90,v2=10"} {
		q := question(t, weights)
		q.Alpha, q.Power = 0.001, 0.99
		p, err := PlanForErrors(q, share)
		require.NoError(t, err)
		base, err := NewPlan(q)
		require.NoError(t, err)
		assert.Greater(t, p.Requests, base.Requests, weights)
		n := p.Requests
		e := int64(share * float64(n))
		w := p.Versions[0].ExpectedShare
		for _, lost := range []int{0, 1} {
			for truth, want := range map[float64]Verdict{w: Verified, w - 0.05: Violated, w + 0.05: Violated} {
				var sum, judged float64
				sd := math.Sqrt(float64(n) * truth * (1 - truth))
				for x := int64(float64(n)*truth - 4.5*sd); x <= min(n, int64(float64(n)*truth+4.5*sd)); x++ {
					probability := BinomialProbability(x, n, truth)
					judged += probability
					if withLost(p, []int64{x, n - x}, e, lost) == want {
						sum += probability
					}
				}
				assert.Greater(t, judged, 0.9999)
				assert.GreaterOrEqual(t, sum, 1-p.Question.budget()-1e-4, "%s at %g, errors of version %d", weights, truth, lost)
			}
		}
	}
}

func TestPlanForErrorsOfSeveralVersionsAsksForMore(t *testing.T) {
	q := question(t, "a=80,b=10,c=10")
	base, err := NewPlan(q)
	require.NoError(t, err)
	p, err := PlanForErrors(q, 0.0005)
	require.NoError(t, err)
	assert.Greater(t, p.Requests, base.Requests)
	assert.Less(t, p.Requests, base.Requests*11/10)
	none, err := PlanForErrors(q, 0)
	require.NoError(t, err)
	assert.Equal(t, base.Requests, none.Requests)
	// Where no weight is 0, an error of a single version can only have been that one.
	single, err := PlanForErrors(question(t, "v1=100"), 0.005)
	require.NoError(t, err)
	assert.Equal(t, planned(t, "v1=100").Requests, single.Requests)
}

func TestPlanForErrorsSaysWhenNoNumberWillDo(t *testing.T) {
	q := question(t, "v1=70,v2=30")
	_, err := PlanForErrors(q, 0.002)
	var tooMany *TooManyErrorsError
	require.True(t, errors.As(err, &tooMany))
	assert.ErrorContains(t, err, "no number of requests is sure to do when 0.2 % of them may end in errors")
	// What it says would do does.
	_, err = PlanForErrors(q, tooMany.Most)
	assert.NoError(t, err)
	_, err = PlanForErrors(q, 1.2*tooMany.Most)
	assert.Error(t, err)
	q.Alpha = tooMany.Alpha
	p, err := PlanForErrors(q, 0.002)
	require.NoError(t, err)
	assert.InDelta(t, tooMany.Requests, p.Requests, 1)

	_, err = PlanForErrors(question(t, "v1=70,v2=30"), 0.02)
	assert.ErrorContains(t, err, "2 % of errors is more than the 1 %")
	sequential := question(t, "v1=70,v2=30")
	sequential.Method = Sequentially
	_, err = PlanForErrors(sequential, 0.001)
	assert.ErrorContains(t, err, "plan for them by chi-square")
	_, err = PlanForErrors(question(t, "v1=70,v2=30"), -1)
	assert.ErrorContains(t, err, "must lie between 0 and 1")
	_, err = PlanForErrors(Question{}, 0.001)
	assert.ErrorContains(t, err, "no versions are given")
}

func TestPlansByMargin(t *testing.T) {
	for _, weights := range []string{"v1=50,v2=50", "v1=99,v2=1", "v1=999,v2=1", "a=80,b=10,c=10,d=0"} {
		plans, err := PlansByMargin(question(t, weights))
		require.NoError(t, err)
		require.Len(t, plans, mostMargins, weights)
		for i, each := range plans {
			q := question(t, weights)
			q.Margins = map[string]float64{}
			for _, w := range q.Weights {
				if w.Weight > 0 {
					q.Margins[w.Version] = min(each.Margin, q.Weights.Share(w.Version))
				}
			}
			p, err := NewPlan(q)
			require.NoError(t, err)
			assert.Equal(t, p.Requests, each.Requests, "%s at %g", weights, each.Margin)
			if i > 0 {
				assert.Greater(t, each.Requests, plans[i-1].Requests)
				assert.Less(t, each.Margin, plans[i-1].Margin)
			}
		}
	}
	ninetyNine, err := PlansByMargin(question(t, "v1=99,v2=1"))
	require.NoError(t, err)
	assert.Equal(t, 0.01, ninetyNine[0].Margin, "wider ones make no difference")
	single, err := PlansByMargin(question(t, "v1=100,v2=0"))
	require.NoError(t, err)
	assert.Empty(t, single)
	_, err = PlansByMargin(Question{})
	assert.Error(t, err)
	noRoom := question(t, "v1=50,v2=50")
	noRoom.Alpha, noRoom.Power = 0.05, 0.95
	_, err = PlansByMargin(noRoom)
	assert.ErrorContains(t, err, "leaves no room")
}
