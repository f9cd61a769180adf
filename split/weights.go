// Package split holds the words that every other package shares: the weights
// that were asked for, the answers that came back, and the tally of them. It
// imports only the standard library, draws no conclusion and sends nothing.
package split

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// A Weight is the relative share of traffic that one version is meant to get.
type Weight struct {
	Version string
	Weight  float64
}

// Weights are what was asked for, in the order in which the user wrote them.
// Only the ratios count: v1=9,v2=1 asks for the same as v1=90,v2=10. A weight
// of zero means "never".
type Weights []Weight

// ParseWeights reads "v1=90,v2=10". The error names every mistake in s.
func ParseWeights(s string) (Weights, error) {
	var (
		weights  Weights
		mistakes []string
	)
	for _, part := range strings.Split(s, ",") {
		name, number, found := strings.Cut(strings.TrimSpace(part), "=")
		name = strings.TrimSpace(name)
		if !found || name == "" {
			mistakes = append(mistakes, fmt.Sprintf("%q is not VERSION=WEIGHT", part))
			continue
		}
		weight, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(number), "%"), 64)
		if err != nil {
			mistakes = append(mistakes, fmt.Sprintf("the weight of %s, %q, is not a number", name, number))
			continue
		}
		weights = append(weights, Weight{Version: name, Weight: weight})
	}
	if len(mistakes) == 0 {
		if err := weights.Validate(); err != nil {
			return nil, err
		}
		return weights, nil
	}
	// What could be read may be wrong as well.
	mistakes = append(mistakes, weights.mistakes()...)
	return nil, fmt.Errorf("weights %q: %s; write them as v1=90,v2=10", s, strings.Join(mistakes, "; "))
}

// Validate reports why w cannot be a split, with every mistake in one error,
// or nil.
func (w Weights) Validate() error {
	if mistakes := w.Mistakes(); len(mistakes) > 0 {
		return fmt.Errorf("weights: %s", strings.Join(mistakes, "; "))
	}
	return nil
}

// Mistakes are why w cannot be a split; none if it can.
func (w Weights) Mistakes() []string {
	mistakes := w.mistakes()
	if len(w) == 0 {
		mistakes = append(mistakes, "no versions are given")
	}
	if len(mistakes) == 0 && !(w.Sum() > 0) {
		mistakes = append(mistakes, "all weights are zero; at least one version must get traffic")
	}
	if len(mistakes) == 0 && math.IsInf(w.Sum(), 0) {
		mistakes = append(mistakes, "the sum of the weights is not a finite number")
	}
	return mistakes
}

// mistakes are those of single weights.
func (w Weights) mistakes() []string {
	var mistakes []string
	seen := map[string]bool{}
	for _, each := range w {
		if each.Version == "" {
			mistakes = append(mistakes, "a version has no name")
		}
		switch {
		case math.IsNaN(each.Weight) || math.IsInf(each.Weight, 0):
			mistakes = append(mistakes, fmt.Sprintf("the weight of %s is not a finite number", each.Version))
		case each.Weight < 0:
			mistakes = append(mistakes, fmt.Sprintf("the weight of %s, %g, is negative", each.Version, each.Weight))
		}
		if seen[each.Version] {
			mistakes = append(mistakes, fmt.Sprintf("%s is given twice", each.Version))
		}
		seen[each.Version] = true
	}
	return mistakes
}

// Sum returns the sum of all weights.
func (w Weights) Sum() float64 {
	var sum float64
	for _, each := range w {
		sum += each.Weight
	}
	return sum
}

// Share returns the fraction of traffic, between 0 and 1, that w asks for
// version. It is 0 for a version that w does not name.
func (w Weights) Share(version string) float64 {
	for _, each := range w {
		if each.Version == version {
			return each.Weight / w.Sum()
		}
	}
	return 0
}

// Same reports whether two shares that were computed of the same numbers are the
// same, but for what dividing costs.
func Same(a, b float64) bool { return math.Abs(a-b) <= 1e-9 }

// Has reports whether w names version, with whatever weight.
func (w Weights) Has(version string) bool {
	return slices.ContainsFunc(w, func(each Weight) bool { return each.Version == version })
}

// String writes w as ParseWeights reads it.
func (w Weights) String() string {
	parts := make([]string, len(w))
	for i, each := range w {
		parts[i] = each.Version + "=" + strconv.FormatFloat(each.Weight, 'f', -1, 64)
	}
	return strings.Join(parts, ",")
}
