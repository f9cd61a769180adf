package split_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/split"
)

func TestParseWeights(t *testing.T) {
	for input, want := range map[string]split.Weights{
		"v1=90,v2=10":              {{Version: "v1", Weight: 90}, {Version: "v2", Weight: 10}},
		" v1 = 90% , v2 = 10% ":    {{Version: "v1", Weight: 90}, {Version: "v2", Weight: 10}},
		"v2=0,v1=1":                {{Version: "v2", Weight: 0}, {Version: "v1", Weight: 1}},
		"nginx/1.14.2=.5,canary=2": {{Version: "nginx/1.14.2", Weight: 0.5}, {Version: "canary", Weight: 2}},
		"a=1e-9,b=1e9":             {{Version: "a", Weight: 1e-9}, {Version: "b", Weight: 1e9}},
	} {
		got, err := split.ParseWeights(input)
		require.NoError(t, err, input)
		assert.Equal(t, want, got, input)
		again, err := split.ParseWeights(got.String())
		require.NoError(t, err)
		assert.Equal(t, got, again, "what String writes is read back as it was")
	}
}

func TestParseWeightsNamesEveryMistake(t *testing.T) {
	for input, says := range map[string][]string{
		"":                      {`"" is not VERSION=WEIGHT`, "v1=90,v2=10"},
		"v1":                    {`"v1" is not VERSION=WEIGHT`},
		"v1=,v2=ten":            {`weight of v1, ""`, `weight of v2, "ten"`},
		"=5":                    {`"=5" is not VERSION=WEIGHT`},
		"v1=-1,v2=NaN,v3=Inf":   {"weight of v1, -1, is negative", "weight of v2 is not a finite number", "weight of v3 is not a finite number"},
		"v1=1,v1=2":             {"v1 is given twice"},
		"v1=0,v2=0":             {"all weights are zero"},
		"v1=x,v2=-3,v2=4":       {`weight of v1, "x"`, "weight of v2, -3, is negative", "v2 is given twice"},
		"v1=1e400":              {`weight of v1, "1e400"`},
		"v1=1.7e308,v2=1.7e308": {"sum of the weights is not a finite number"},
	} {
		weights, err := split.ParseWeights(input)
		assert.Nil(t, weights, input)
		for _, each := range says {
			assert.ErrorContains(t, err, each, input)
		}
	}
}

func TestValidateRefusesWhatCannotBeASplit(t *testing.T) {
	assert.ErrorContains(t, split.Weights{}.Validate(), "no versions are given")
	assert.ErrorContains(t, split.Weights{{Version: "", Weight: 1}}.Validate(), "a version has no name")
	assert.ErrorContains(t, split.Weights{{Version: "v1", Weight: math.NaN()}}.Validate(), "not a finite number")
}

func TestSharesAreOfTheSum(t *testing.T) {
	w := split.Weights{{Version: "v1", Weight: 9}, {Version: "v2", Weight: 1}, {Version: "v3", Weight: 0}}
	assert.Equal(t, 0.9, w.Share("v1"))
	assert.Equal(t, 0.1, w.Share("v2"))
	assert.Zero(t, w.Share("v3"))
	assert.Zero(t, w.Share("v4"))
	assert.True(t, w.Has("v3"))
	assert.False(t, w.Has("v4"))
	assert.Equal(t, "v1=9,v2=1,v3=0", w.String())
}

func FuzzParseWeights(f *testing.F) {
	for _, seed := range []string{"v1=90,v2=10", "", ",", "=", "a=1%", "a=-0", "a=0x1p-2,b=1_0", "a=1e-320", "\x00=1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, input string) {
		weights, err := split.ParseWeights(input)
		if err != nil {
			assert.Nil(t, weights)
			return
		}
		require.NoError(t, weights.Validate())
		var sum float64
		for _, each := range weights {
			share := weights.Share(each.Version)
			assert.True(t, share >= 0 && share <= 1, "%v: %v", each, share)
			sum += share
		}
		assert.InDelta(t, 1, sum, 1e-9)
	})
}
