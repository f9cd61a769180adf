package simulate_test

import (
	"context"
	"fmt"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/internal/simulate"
	"github.com/splitcheck/splitcheck/split"
)

// What a check for 70/30 says of 65/35, and what the conformance tests of the
// Gateway API say.
func Example() {
	asked, truth := split.Weights{{Version: "v1", Weight: 70}, {Version: "v2", Weight: 30}},
		split.Weights{{Version: "v1", Weight: 65}, {Version: "v2", Weight: 35}}
	plan, err := analysis.NewPlan(analysis.Question{Weights: asked, MaxErrors: -1})
	if err != nil {
		panic(err)
	}
	result, err := simulate.Run(context.Background(), simulate.Experiment{Plan: plan, Truth: simulate.Truth{Shares: truth}})
	if err != nil {
		panic(err)
	}
	fmt.Printf("violated with a probability of %.4f\n", result.Probability(analysis.Violated).Probability)
	gateway := simulate.Peers(asked, truth)[0]
	fmt.Printf("%s: passes with a probability of %.4f\n", gateway.Rule.Name, gateway.Passes)
	// Output:
	// violated with a probability of 0.9993
	// Gateway API conformance: passes with a probability of 0.9994
}
