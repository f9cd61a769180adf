package analysis

import "math"

// The binomial and hypergeometric tails below are what every exact statement
// of this package rests on. They work in logarithms, so that a probability of
// 1e-300 keeps its digits, and they sum the tail itself rather than subtract
// the other one from 1.

// logBinomial returns ln P(X = x) for X ~ Binomial(n, p) by the saddle-point
// expansion of Loader, "Fast and Accurate Computation of Binomial
// Probabilities" (2000): differences of log-gammas lose all digits from
// n = 1e10 on, this loses none.
func logBinomial(x, n, p float64) float64 {
	q := 1 - p
	switch {
	case x < 0 || x > n:
		return math.Inf(-1)
	case p <= 0:
		return zeroOrNever(x == 0)
	case q <= 0:
		return zeroOrNever(x == n)
	case x == 0:
		return n * math.Log1p(-p)
	case x == n:
		return n * math.Log(p)
	}
	return stirlingError(n) - stirlingError(x) - stirlingError(n-x) -
		deviance(x, n*p) - deviance(n-x, n*q) -
		0.5*math.Log(2*math.Pi*x*((n-x)/n))
}

func zeroOrNever(certain bool) float64 {
	if certain {
		return 0
	}
	return math.Inf(-1)
}

// stirlingError is ln n! less Stirling's formula for it.
func stirlingError(n float64) float64 {
	if n <= 15 {
		factorial, _ := math.Lgamma(n + 1)
		return factorial - (n+0.5)*math.Log(n) + n - 0.5*math.Log(2*math.Pi)
	}
	square := n * n
	return (1./12 - (1./360-(1./1260-(1./1680-1./1188/square)/square)/square)/square) / n
}

// deviance is x·ln(x/mean) + mean - x without the cancellation that the
// formula suffers where x is close to its mean.
func deviance(x, mean float64) float64 {
	if math.Abs(x-mean) >= 0.1*(x+mean) {
		return x*math.Log(x/mean) + mean - x
	}
	v := (x - mean) / (x + mean)
	sum := (x - mean) * v
	term := 2 * x * v
	for j := 1.; ; j++ {
		term *= v * v
		next := sum + term/(2*j+1)
		if next == sum {
			return sum
		}
		sum = next
	}
}

// directSum is the variance beyond which a tail is not summed term by term.
// There the saddle-point formula is right to a relative error of 1e-8, and
// a sum would take time that grows with the sample.
const directSum = 1e5

// logUpperTail returns ln P(X >= x) for X ~ Binomial(n, p). A p beyond 0 or 1
// is taken for that bound.
func logUpperTail(x, n, p float64) float64 {
	switch {
	case x <= 0:
		return 0
	case x > n || p <= 0:
		return math.Inf(-1)
	case p >= 1:
		return 0
	}
	if n*p*(1-p) > directSum && x < n {
		return logSaddleTail(x, n, p)
	}
	if x > n*p {
		odds := p / (1 - p)
		return logBinomial(x, n, p) + math.Log(geometricSum(func(j float64) float64 {
			return (n - x - j) / (x + j + 1) * odds
		}))
	}
	return logComplement(logLowerTail(x-1, n, p))
}

// logLowerTail returns ln P(X <= x) for X ~ Binomial(n, p).
func logLowerTail(x, n, p float64) float64 {
	switch {
	case x >= n:
		return 0
	case x < 0 || p >= 1:
		return math.Inf(-1)
	case p <= 0:
		return 0
	}
	if n*p*(1-p) > directSum && x > 0 {
		return logSaddleTail(n-x, n, 1-p)
	}
	if x < n*p {
		odds := (1 - p) / p
		return logBinomial(x, n, p) + math.Log(geometricSum(func(j float64) float64 {
			return (x - j) / (n - x + j + 1) * odds
		}))
	}
	return logComplement(logUpperTail(x+1, n, p))
}

// geometricSum returns 1 + r(0) + r(0)r(1) + … of ratios that fall.
func geometricSum(ratio func(float64) float64) float64 {
	sum, term := 1., 1.
	for j := 0.; ; j++ {
		r := ratio(j)
		if r <= 0 {
			return sum
		}
		term *= r
		sum += term
		if term < 1e-17*sum*(1-r) {
			return sum
		}
	}
}

// logComplement returns ln(1 - e^log).
func logComplement(log float64) float64 {
	if log > -math.Ln2 {
		return math.Log(-math.Expm1(log))
	}
	return math.Log1p(-math.Exp(log))
}

// logSaddleTail is ln P(X >= x) by Lugannani and Rice (1980) with Daniels'
// continuity correction (1987).
func logSaddleTail(x, n, p float64) float64 {
	q := 1 - p
	y := x - 0.5
	w := math.Sqrt(2 * (deviance(y, n*p) + deviance(n-y, n*q)))
	if y < n*p {
		w = -w
	}
	tilt := math.Log(y/(n*p)) - math.Log((n-y)/(n*q))
	u := 2 * math.Sinh(tilt/2) * math.Sqrt(y*((n-y)/n))
	correction := 1/u - 1/w
	if math.Abs(w) < 3e-3 {
		correction = (p - q) / (6 * math.Sqrt(n*p*q)) // its limit
	}
	if w > 0 {
		return -w*w/2 - 0.5*math.Log(2*math.Pi) + math.Log(mills(w)+correction)
	}
	lower := -w*w/2 - 0.5*math.Log(2*math.Pi) + math.Log(mills(-w)-correction)
	return logComplement(lower)
}

// mills is the ratio of the normal upper tail at w >= 0 to its density.
func mills(w float64) float64 {
	if w < 20 {
		return 0.5 * math.Erfc(w/math.Sqrt2) * math.Exp(w*w/2) * math.Sqrt(2*math.Pi)
	}
	v := 1 / (w * w)
	return (1 - v*(1-3*v*(1-5*v*(1-7*v*(1-9*v))))) / w
}

// upperTail is P(X >= x) for X ~ Binomial(n, p); lowerTail is P(X <= x).
func upperTail(x, n, p float64) float64 { return math.Exp(logUpperTail(x, n, p)) }

func lowerTail(x, n, p float64) float64 { return math.Exp(logLowerTail(x, n, p)) }

// A hypergeometric variable counts the marked among draws taken without
// replacement from population, of which marked are marked.
type hypergeometric struct{ population, marked, draws float64 }

func (h hypergeometric) mean() float64 { return h.draws * (h.marked / h.population) }

func (h hypergeometric) variance() float64 {
	if h.population <= 1 {
		return 0
	}
	share := h.marked / h.population
	return h.draws * share * (1 - share) * ((h.population - h.draws) / (h.population - 1))
}

// logProbability is by Loader's identity: three binomials with the share of
// the draws in common.
func (h hypergeometric) logProbability(x float64) float64 {
	rest := h.population - h.marked
	if x < 0 || x > h.marked || h.draws-x < 0 || h.draws-x > rest {
		return math.Inf(-1)
	}
	p := h.draws / h.population
	return logBinomial(x, h.marked, p) + logBinomial(h.draws-x, rest, p) - logBinomial(h.draws, h.population, p)
}

// upper returns P(X >= x).
func (h hypergeometric) upper(x float64) float64 {
	if x <= math.Max(0, h.draws-(h.population-h.marked)) {
		return 1
	}
	if x > math.Min(h.marked, h.draws) {
		return 0
	}
	if x <= h.mean() {
		return 1 - h.lower(x-1)
	}
	if h.variance() > 1e8 {
		return normalUpper((x - 0.5 - h.mean()) / math.Sqrt(h.variance()))
	}
	rest := h.population - h.marked - h.draws
	return math.Exp(h.logProbability(x)) * geometricSum(func(j float64) float64 {
		x := x + j
		return (h.marked - x) / (x + 1) * (h.draws - x) / (rest + x + 1)
	})
}

// lower returns P(X <= x): the draws that are not marked, seen from above.
func (h hypergeometric) lower(x float64) float64 {
	mirror := hypergeometric{h.population, h.population - h.marked, h.draws}
	if x >= math.Min(h.marked, h.draws) {
		return 1
	}
	if x < 0 {
		return 0
	}
	if x >= h.mean() {
		return 1 - h.upper(x+1)
	}
	return mirror.upper(h.draws - x)
}

func normalUpper(z float64) float64 { return 0.5 * math.Erfc(z/math.Sqrt2) }
