package split_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/splitcheck/splitcheck/split"
)

func TestOneStatusOfAllAnswers(t *testing.T) {
	for _, test := range []struct {
		answers []split.Answer
		status  int
		one     bool
	}{
		{nil, 0, false},
		{[]split.Answer{{Outcome: split.Error, Kind: "timeout"}}, 0, false},
		{[]split.Answer{{Version: "v1", Status: 503}, {Version: "v2", Status: 503}, {Outcome: split.Error, Kind: "timeout"}}, 503, true},
		{[]split.Answer{{Version: "v1", Status: 503}, {Outcome: split.Error, Status: 503}}, 503, true},
		{[]split.Answer{{Version: "v1", Status: 503}, {Outcome: split.Unidentified, Status: 404}}, 0, false},
		{[]split.Answer{{Version: "v1", Status: 503}, {Version: "v1", Status: 200}}, 0, false},
	} {
		var tally split.Tally
		for _, a := range test.answers {
			tally.Add(a)
		}
		status, one := tally.OneStatus()
		assert.Equal(t, test.status, status, test.answers)
		assert.Equal(t, test.one, one, test.answers)
	}
}
