package problems_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/splitcheck/splitcheck/internal/problems"
)

func TestNearest(t *testing.T) {
	known := []string{"route", "redirect", "weight", "destination", "match", "retries"}
	for word, want := range map[string]string{
		"wieght":                       "weight", // neighbours swapped
		"wight":                        "weight",
		"weights":                      "weight",
		"Route":                        "route",
		"rout":                         "route",
		"mach":                         "match",
		"x":                            "",
		"":                             "",
		"gateway":                      "",
		"destinationn":                 "destination",
		strings.Repeat("weight", 1000): "",
	} {
		assert.Equal(t, want, problems.Nearest(word, known), word)
	}
	assert.Equal(t, `did you mean "weight"?`, problems.DidYouMean("wieght", known))
	assert.Empty(t, problems.DidYouMean("gateway", known))
	assert.Empty(t, problems.Nearest("weight", nil))
}
