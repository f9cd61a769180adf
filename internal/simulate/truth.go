package simulate

import (
	"errors"
	"fmt"
)

// A truth is seen through the weights of a plan.
type truth struct {
	// shares of the versions of the weights in their order; unknown is what is
	// left for versions that the weights do not name, stray their names.
	shares   []float64
	unknown  float64
	stray    string
	positive int // versions of positive weight
}

func (e Experiment) truth() (truth, error) {
	var t truth
	if err := e.Truth.Shares.Validate(); err != nil {
		return t, err
	}
	if e.Truth.Reuse < 0 || e.Truth.PerConnection && e.Truth.Reuse == 0 {
		return t, errors.New("the number of requests on a connection must be at least 1")
	}
	if !(e.Truth.Errors >= 0 && e.Truth.Errors < 1) {
		return t, fmt.Errorf("the share of errors is %g; it must lie between 0 and 1", e.Truth.Errors)
	}
	weights := e.Plan.Question.Weights
	for _, each := range weights {
		t.shares = append(t.shares, e.Truth.Shares.Share(each.Version))
		if each.Weight > 0 {
			t.positive++
		}
	}
	for _, each := range e.Truth.Shares {
		if !weights.Has(each.Version) && each.Weight > 0 {
			t.unknown += e.Truth.Shares.Share(each.Version)
			t.stray = each.Version
		}
	}
	return t, nil
}
