package analysis

import "math"

// upperCritical returns the least x with P(X >= x) <= alpha for
// X ~ Binomial(n, p); it is n + 1 where there is none.
func upperCritical(n, p, alpha float64) float64 {
	limit := math.Log(alpha)
	z := normalCritical(alpha)
	guess := n*p + z*math.Sqrt(n*p*(1-p)) + (z*z-1)*(1-2*p)/6
	return least(guess, 0, n+1, func(x float64) bool { return logUpperTail(x, n, p) <= limit })
}

// lowerCritical returns the greatest x with P(X <= x) <= alpha for
// X ~ Binomial(n, p); it is -1 where there is none.
func lowerCritical(n, p, alpha float64) float64 { return n - upperCritical(n, 1-p, alpha) }

// least returns the least whole number in [low, high] at which a condition
// holds that, once it holds, holds for all greater ones; it is high if there
// is no other. It looks near guess first.
func least(guess, low, high float64, holds func(float64) bool) float64 {
	guess = math.Min(math.Max(math.Ceil(guess), low), high)
	step := 1.
	if guess == high || holds(guess) {
		high = guess
		for high > low {
			next := math.Max(low, high-step)
			if !holds(next) {
				low = next + 1
				break
			}
			high, step = next, 2*step
		}
	} else {
		low = guess + 1
		for {
			next := math.Min(high, low-1+step)
			if next == high || holds(next) {
				high = next
				break
			}
			low, step = next+1, 2*step
		}
	}
	for low < high {
		middle := math.Floor((low + high) / 2)
		if holds(middle) {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return high
}

// boundBelow returns the least share p at which x or more hits of n have a
// probability of alpha: the lower bound of Clopper and Pearson (1934).
func boundBelow(x, n, alpha float64) float64 {
	if x <= 0 {
		return 0
	}
	return crossing(alpha, x/n, 0, func(p float64) float64 { return logUpperTail(x, n, p) })
}

// boundAbove returns the greatest share at which x or fewer hits of n have a
// probability of alpha.
func boundAbove(x, n, alpha float64) float64 {
	if x >= n {
		return 1
	}
	if x == 0 {
		return -math.Expm1(math.Log(alpha) / n)
	}
	return crossing(alpha, x/n, 1, func(p float64) float64 { return logLowerTail(x, n, p) })
}

// crossing finds the p between inside, where a tail is about a half, and
// outside, where it vanishes, at which the tail is alpha. In the scale of
// asin√p and of the root of the logarithm the tail is all but a straight
// line, so that false position needs few steps.
func crossing(alpha, inside, outside float64, logTail func(float64) float64) float64 {
	target := math.Sqrt(-math.Log(alpha))
	miss := func(angle float64) float64 {
		s := math.Sin(angle)
		return math.Sqrt(math.Max(0, -logTail(s*s))) - target
	}
	a, b := math.Asin(math.Sqrt(inside)), math.Asin(math.Sqrt(outside))
	fa, fb := miss(a), math.Inf(1)
	for range 200 {
		middle := (a + b) / 2
		if !math.IsInf(fb, 1) {
			middle = (a*fb - b*fa) / (fb - fa)
		}
		if math.Abs(b-a) < 1e-15 || middle == a || middle == b {
			break
		}
		f := miss(middle)
		if math.Abs(f) < 1e-12 {
			a, b = middle, middle
			break
		}
		if f < 0 {
			if !math.IsInf(fb, 1) {
				fb /= 2 // the Illinois rule: neither end may stay for ever
			}
			a, fa = middle, f
		} else {
			if !math.IsInf(fb, 1) {
				fa /= 2
			}
			b, fb = middle, f
		}
	}
	s := math.Sin((a + b) / 2)
	return s * s
}
