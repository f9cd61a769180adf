package analysis

import (
	"math"

	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat/distuv"
)

// chiSquareUpper is P(X >= x) for X ~ χ²(df). For df = 0 it is 1 at 0, the
// only value.
func chiSquareUpper(x float64, df int) float64 {
	switch {
	case x <= 0:
		return 1
	case df == 0:
		return 0
	case df == 1:
		return math.Erfc(math.Sqrt(x / 2))
	case df == 2:
		return math.Exp(-x / 2)
	}
	return mathext.GammaIncRegComp(float64(df)/2, x/2)
}

// chiSquareLower is P(X < x).
func chiSquareLower(x float64, df int) float64 {
	switch {
	case x <= 0:
		return 0
	case df == 0:
		return 1
	case df == 1:
		return math.Erf(math.Sqrt(x / 2))
	case df == 2:
		return -math.Expm1(-x / 2)
	}
	return mathext.GammaIncReg(float64(df)/2, x/2)
}

// chiSquareCritical is the x at which chiSquareUpper is alpha.
func chiSquareCritical(alpha float64, df int) float64 {
	if df == 0 {
		return 0
	}
	if df == 1 {
		z := normalCritical(alpha / 2)
		return z * z
	}
	return 2 * mathext.GammaIncRegCompInv(float64(df)/2, alpha)
}

// normalCritical is the z that a standard normal variable exceeds with
// probability alpha.
func normalCritical(alpha float64) float64 { return -distuv.UnitNormal.Quantile(alpha) }

// NoncentralChiSquareUpper returns P(X >= x) for X ~ χ²(df, lambda), the
// distribution of the chi-square statistic of a sample of n where the truth
// is off by an effect w and lambda = n·w². It is a mixture of central
// chi-square distributions with df + 2j degrees of freedom whose weights are
// Poisson(lambda/2) probabilities of j.
func NoncentralChiSquareUpper(x float64, df int, lambda float64) float64 {
	if x <= 0 {
		return 1
	}
	if !(lambda > 0) {
		return chiSquareUpper(x, df)
	}
	// Beyond ten standard deviations nothing is left of the weights. The upper
	// tail with two more degrees of freedom is the tail plus a density.
	half := lambda / 2
	mode := math.Floor(half)
	reach := 10*math.Sqrt(half) + 40
	first := math.Max(0, mode-reach)
	shape := float64(df)/2 + first
	upper := mathext.GammaIncRegComp(shape, x/2)
	logGamma, _ := math.Lgamma(shape + 1)
	density := math.Exp(shape*math.Log(x/2) - x/2 - logGamma)
	weight := math.Exp(logPoisson(first, half))
	var sum float64
	for j := first; j <= mode+reach; j++ {
		sum += weight * upper
		upper += density
		density *= x / 2 / (float64(df)/2 + j + 1)
		weight *= half / (j + 1)
	}
	return math.Min(sum, 1)
}

func logPoisson(x, mean float64) float64 {
	if x == 0 {
		return -mean
	}
	return -stirlingError(x) - deviance(x, mean) - 0.5*math.Log(2*math.Pi*x)
}

// noncentrality is the lambda at which a chi-square test has the power.
func noncentrality(df int, alpha, power float64) float64 {
	critical := chiSquareCritical(alpha, df)
	low, high := 0., 1.
	for NoncentralChiSquareUpper(critical, df, high) < power {
		low, high = high, 2*high
		if high > 1e9 {
			return high
		}
	}
	for range 40 {
		middle := (low + high) / 2
		if middle <= low || middle >= high {
			break
		}
		if NoncentralChiSquareUpper(critical, df, middle) < power {
			low = middle
		} else {
			high = middle
		}
	}
	return high
}
