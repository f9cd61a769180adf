package simulate

import (
	"math"
	"math/rand/v2"
)

// binomial draws from Binomial(n, p): by inversion if the expected number is
// small, otherwise by the transformed rejection of Hörmann, "The Generation of
// Binomial Random Variates" (1993), algorithm BTRS. Both draw from the exact
// distribution. gonum uses the Poisson distribution instead if less than one is
// expected, and this is just the case of a leak.
func binomial(random *rand.Rand, n int64, p float64) int64 {
	switch {
	case n <= 0 || p <= 0:
		return 0
	case p >= 1:
		return n
	case p > 0.5:
		return n - binomial(random, n, 1-p)
	case float64(n)*p < 10:
		return inverted(random, n, p)
	}
	return rejected(random, float64(n), p)
}

// inverted walks up the distribution from 0.
func inverted(random *rand.Rand, n int64, p float64) int64 {
	u := random.Float64()
	at := math.Exp(float64(n) * math.Log1p(-p))
	odds := p / (1 - p)
	for x := int64(0); x < n; x++ {
		if u -= at; u < 0 {
			return x
		}
		at *= float64(n-x) / float64(x+1) * odds
		if at < 1e-300 {
			return x // what rounding has left
		}
	}
	return n
}

func rejected(random *rand.Rand, n, p float64) int64 {
	sd := math.Sqrt(n * p * (1 - p))
	b := 1.15 + 2.53*sd
	a := -0.0873 + 0.0248*b + 0.01*p
	c := n*p + 0.5
	vr := 0.92 - 4.2/b
	alpha := (2.83 + 5.1/b) * sd
	odds := math.Log(p / (1 - p))
	mode := math.Floor((n + 1) * p)
	for {
		v := random.Float64()
		u := random.Float64() - 0.5
		us := 0.5 - math.Abs(u)
		x := math.Floor((2*a/us+b)*u + c)
		if us >= 0.07 && v <= vr {
			return int64(x)
		}
		if x < 0 || x > n {
			continue
		}
		v = math.Log(v * alpha / (a/(us*us) + b))
		bound := (mode+0.5)*math.Log((mode+1)/(n-mode+1)) + stirling(mode) + stirling(n-mode)
		bound += (n + 1) * math.Log((n-mode+1)/(n-x+1))
		bound += (x + 0.5) * math.Log((n-x+1)/(x+1))
		bound += odds*(x-mode) - stirling(x) - stirling(n-x)
		if v <= bound {
			return int64(x)
		}
	}
}

// stirling is ln(x!) less Stirling's formula for it, in the form in which
// Hörmann's bound needs it: ln(x!) = ln√(2π) + (x+½)·ln(x+1) - (x+1) + this.
func stirling(x float64) float64 {
	if x < 10 {
		factorial, _ := math.Lgamma(x + 1)
		return factorial - 0.5*math.Log(2*math.Pi) - (x+0.5)*math.Log(x+1) + x + 1
	}
	next := x + 1
	square := next * next
	return (1./12 - (1./360-1./1260/square)/square) / next
}
