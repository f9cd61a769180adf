package simulate

import (
	"math"

	"github.com/splitcheck/splitcheck/analysis"
)

// sum adds up the binomial distribution of the first of two versions; every
// count is judged once. Samples with a hit on a version that must get nothing
// are certainly violated, so they are summed separately.
func (e Experiment) sum(t truth) *Result {
	n := e.Plan.Requests
	judge := e.judge()
	var at []int // of the versions of positive weight
	allowed := 0.
	for i, each := range e.Plan.Question.Weights {
		if each.Weight > 0 {
			at = append(at, i)
			allowed += t.shares[i]
		}
	}
	// This is the probability that no hit strays. It is computed directly,
	// because one minus it would lose all its digits if it is small.
	stray := min(1, t.unknown)
	for i, each := range e.Plan.Question.Weights {
		if each.Weight == 0 {
			stray += t.shares[i]
		}
	}
	clean, strayed := 1., 0.
	if stray > 0 {
		clean, strayed = 0, 1
		if stray < 1 {
			log := float64(n) * math.Log1p(-stray)
			clean, strayed = math.Exp(log), -math.Expm1(log)
		}
	}
	probability := map[analysis.Verdict]float64{analysis.Violated: strayed}
	counts := make([]int64, len(t.shares))
	if len(at) == 1 {
		counts[at[0]] = n
		probability[judge.Of(counts, 0)] += clean
	} else if clean > 0 {
		p := t.shares[at[0]] / allowed
		// Beyond ten standard deviations a binomial variable has less than
		// 1e-20; for small ones the tail is longer.
		reach := 10*math.Sqrt(float64(n)*p*(1-p)) + 60
		from := int64(max(0, math.Floor(float64(n)*p-reach)))
		to := int64(min(float64(n), math.Ceil(float64(n)*p+reach)))
		for x := from; x <= to; x++ {
			counts[at[0]], counts[at[1]] = x, n-x
			probability[judge.Of(counts, 0)] += clean * analysis.BinomialProbability(x, n, p)
		}
	}
	return e.exact(probability, Used{n, n, n})
}

// mostCarried is the largest sample whose probabilities are carried from request
// to request: it takes a few seconds.
const mostCarried = 500_000

// carried reports whether the sequential method's probabilities can be carried
// from request to request: of two versions, and nothing else that could happen.
func (e Experiment) carried(t truth) bool {
	return e.Truth.Errors == 0 && t.unknown == 0 && t.positive == 2 && len(t.shares) == 2 && e.Plan.Requests <= mostCarried
}

func (e Experiment) carry(t truth) (*Result, error) {
	o, err := analysis.SequentialOutcomes(e.Plan, min(1, t.shares[0]))
	if err != nil {
		return nil, err
	}
	return e.exact(map[analysis.Verdict]float64{
		analysis.Verified: o.Verified, analysis.Violated: o.Violated, analysis.Inconclusive: o.Inconclusive,
	}, Used{o.Median, o.P99, e.Plan.Requests}), nil
}

// exact is a result for which nothing was drawn.
func (e Experiment) exact(probability map[analysis.Verdict]float64, used Used) *Result {
	result := &Result{Way: Summed, GatesAtMost: e.Plan.GatesBudget(), Used: used}
	for _, verdict := range verdicts {
		p := min(1, probability[verdict])
		result.Verdicts = append(result.Verdicts, Estimate{Verdict: verdict, Probability: p, Low: p, High: p})
	}
	return result
}
