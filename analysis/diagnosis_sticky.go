package analysis

import (
	"math"

	"github.com/splitcheck/splitcheck/split"
)

// trySticky: the version is drawn once per connection; or the share that a
// connection gets is, by a beta distribution, so that its hits are
// beta-binomial (Skellam 1948). ρ is the correlation of two requests on one
// connection: 1 where all follow the first.
func (o *orderly) trySticky() {
	if o.pure() {
		var connections, mine, squares float64
		for _, c := range o.cells {
			connections += c.times
			squares += c.n * c.n * c.times
			if c.x > 0 {
				mine += c.times
			}
		}
		cause := Cause{Name: StickyConnection, Details: split.Values{"connections": connections, "mine": mine}}
		fits := o.whole(squares / o.n)
		o.add(cause, o.likelihood(o.asked, connections, mine)+o.rest(o.asked), 0, 1, fits)
		o.add(cause, o.likelihood(mine/connections, connections, mine)+o.rest(mine/connections), 1, 1, fits)
		return
	}
	share := o.x / o.n
	correlation, log := greatest(func(rho float64) float64 { return o.betaBinomial(share, rho) })
	var squares float64
	for _, c := range o.cells {
		squares += c.n * c.n * c.times
	}
	details := split.Values{"connections": o.connections, "correlation": correlation}
	o.add(Cause{Name: StickyConnection, Details: details}, log+o.rest(share), 2, 1, o.whole(1+correlation*(squares/o.n-1)))
}

// rest is ln of the likelihood of the hits on connections that are not compared.
func (o *orderly) rest(share float64) float64 { return o.likelihood(share, o.restN, o.restX) }

// betaBinomial is ln of the likelihood of the connections' hits.
func (o *orderly) betaBinomial(share, rho float64) float64 {
	kappa := (1 - rho) / rho
	rising := func(a, n float64) float64 { // ln of a(a+1)…(a+n-1)
		if n < 30 {
			product := 1.
			for i := range int(n) {
				product *= a + float64(i)
				if product > 1e250 {
					break
				}
			}
			if product > 0 && product < 1e250 {
				return math.Log(product)
			}
		}
		above, _ := math.Lgamma(a + n)
		below, _ := math.Lgamma(a)
		return above - below
	}
	var log float64
	for _, c := range o.cells {
		if c.times > 0 {
			log += c.times * (rising(kappa*share, c.x) + rising(kappa*(1-share), c.n-c.x) - rising(kappa, c.n))
		}
	}
	return log
}

// greatest finds the correlation in (0, 1) at which f is greatest, by golden
// sections of its logit.
func greatest(f func(float64) float64) (at, value float64) {
	logistic := func(z float64) float64 { return 1 / (1 + math.Exp(-z)) }
	const golden = 0.6180339887498949
	low, high := -9., 9.
	a, b := high-golden*(high-low), low+golden*(high-low)
	fa, fb := f(logistic(a)), f(logistic(b))
	for range 30 {
		if fa > fb {
			high, b, fb = b, a, fa
			a = high - golden*(high-low)
			fa = f(logistic(a))
		} else {
			low, a, fa = a, b, fb
			b = low + golden*(high-low)
			fb = f(logistic(b))
		}
	}
	return logistic((low + high) / 2), max(fa, fb)
}

// tryStuck: some connections lead to proxies that still have the previous
// weights, the rest to proxies with the weights asked for. The part of them is
// found by expectation and maximisation (Dempster, Laird and Rubin 1977).
func (o *orderly) tryStuck() {
	if !o.knowsPrevious || split.Same(o.previous, o.asked) {
		return
	}
	part, log := 0.5, 0.
	for range 60 {
		var old float64
		log = 0
		for _, c := range o.cells {
			if c.times == 0 {
				continue
			}
			before := math.Log(part) + o.likelihood(o.previous, c.n, c.x)
			now := math.Log1p(-part) + o.likelihood(o.asked, c.n, c.x)
			both := logSum(before, now)
			log += c.times * both
			if !math.IsInf(both, -1) {
				old += c.times * math.Exp(before-both)
			}
		}
		part = min(1-1e-9, max(1e-9, old/o.connections))
	}
	mean := part*o.previous + (1-part)*o.asked
	spread := part * (1 - part) * (o.previous - o.asked) * (o.previous - o.asked)
	var squares float64
	for _, c := range o.cells {
		squares += c.n * c.n * c.times
	}
	inflation := 1 + (squares/o.n-1)*spread/max(1e-12, mean*(1-mean))
	o.add(Cause{
		Name:    PartlyPrevious,
		Details: split.Values{"connections": o.connections, "part": part, "previous": o.previous},
	}, log+o.rest(mean), 1, 1, o.whole(inflation))
}
