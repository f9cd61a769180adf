package analysis

import "math"

// An urn is the mixture of all splits that the sequential method bets on
// against the weights: a Dirichlet distribution of shares (Lindon and Malek,
// "Anytime-Valid Inference for Multinomial Count Data", NeurIPS 2022, arXiv
// 2011.03567) whose mean is the weights and whose prior counts sum to the
// concentration.
type urn struct {
	prior         []float64
	concentration float64
}

func newUrn(shares []float64, concentration float64) urn {
	u := urn{prior: make([]float64, len(shares)), concentration: concentration}
	for i, share := range shares {
		u.prior[i] = concentration * share
	}
	return u
}

// concentration is that at which the prior of a share has a standard deviation.
// At 1 the prior is as wide as is of any use.
func concentration(share, deviation float64) float64 {
	return max(1, share*(1-share)/(deviation*deviation)-1)
}

// logEvidence is ln e, the logarithm of how many times more probable the counts
// are under the mixture than under the shares:
//
//	e = Γ(A)/Γ(A+n) · Π Γ(a+y)/Γ(a) · Π share^-y
//
// over the versions with the prior counts a, A in all, and the counts y, n in
// all. Under the shares e is a martingale that begins at 1, so it ever reaches
// 1/alpha with a probability of at most alpha (Ville 1939), whenever one looks.
//
// Each log-gamma is written as Stirling's formula with its error, and what is
// large cancels on paper: nothing is lost for counts of 1e12.
func (u urn) logEvidence(counts, shares []float64) float64 {
	n := total(counts)
	log := 0.
	for i, count := range counts {
		log += gain(u.prior[i], count, u.concentration, n, shares[i])
	}
	return log - whole(u.concentration, n)
}

// gain is what one version adds to ln e, and whole what is taken off for all.
func gain(prior, count, concentration, n, share float64) float64 {
	if count == 0 {
		return n*share - prior*math.Log1p(n/concentration)
	}
	after := prior + count
	return deviance(after, (concentration+n)*share) - deviance(prior, concentration*share) -
		0.5*math.Log(after/prior) + stirlingError(after) - stirlingError(prior)
}

func whole(concentration, n float64) float64 {
	return stirlingError(concentration+n) - stirlingError(concentration) - 0.5*math.Log1p(n/concentration)
}

// shareEvidence is ln e of one version against all the rest: of the mixture
// with the mean w against the share t, after y hits of n. It is what
// logEvidence is for two versions.
func shareEvidence(y, n, w, concentration, t float64) float64 {
	return gain(concentration*w, y, concentration, n, t) +
		gain(concentration*(1-w), n-y, concentration, n, 1-t) -
		whole(concentration, n)
}

// confidence returns, for each version, the shares that the confidence sequence
// of all versions together leaves it at alpha: those t for which there is a
// split θ with that share and
//
//	Σ y·ln(θ) >= ln B(a+y) - ln B(a) + ln(alpha).
//
// Given t, the likeliest split shares the rest in proportion to the other
// counts; so the profile of the likelihood has two roots, one on either side of
// what was observed, and no solver is needed.
func (u urn) confidence(counts []float64, alpha float64) (low, high []float64) {
	n := total(counts)
	observed := make([]float64, len(counts))
	for i, count := range counts {
		observed[i] = count / n
	}
	// Nothing fits better than what was observed; every other split is left
	// until it lags behind that by so much.
	behind := -math.Log(alpha) - u.logEvidence(counts, observed)
	for _, count := range counts {
		low = append(low, leaves(count, n, behind, 0))
		high = append(high, leaves(count, n, behind, 1))
	}
	return low, high
}

// leaves returns the share between y/n and the bound furthest from y/n whose
// logarithm of the likelihood lags no more than so far behind that of y/n.
func leaves(y, n, behind, bound float64) float64 {
	inside, outside := y/n, bound
	for range 200 {
		middle := (inside + outside) / 2
		if middle == inside || middle == outside {
			break
		}
		if lag(y, n*middle)+lag(n-y, n*(1-middle)) <= behind {
			inside = middle
		} else {
			outside = middle
		}
	}
	return inside
}

func lag(y, mean float64) float64 {
	if y == 0 {
		return mean
	}
	return deviance(y, mean)
}
