package recorded_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/internal/recorded"
	"github.com/splitcheck/splitcheck/split"
)

func TestCounts(t *testing.T) {
	tally, err := recorded.Counts("v1=881, v2 = 119,v3=0,errors=3,unidentified=2")
	require.NoError(t, err)
	assert.Equal(t, &split.Tally{
		Versions:     map[string]int64{"v1": 881, "v2": 119},
		Errors:       map[string]int64{"given as errors": 3},
		Unidentified: map[string]int64{"given as unidentified": 2},
	}, tally)
	for s, mistakes := range map[string][]string{
		"":                        {`"" is not VERSION=COUNT`},
		"v1":                      {`"v1" is not VERSION=COUNT`},
		"=3":                      {`"=3" is not VERSION=COUNT`},
		"v1=x,v2=-1":              {`the count of v1, "x"`, `the count of v2, "-1"`, "write them as v1=881,v2=119"},
		"v1=1.5":                  {"not a whole number"},
		"v1=1e3":                  {"not a whole number"},
		"v1=1,v1=2":               {"v1 is given twice"},
		"v1=0,v1=2":               {"v1 is given twice"},
		"errors=1,errors=":        {`the count of errors, ""`},
		"v1=0,errors=0":           {"there is nothing to judge"},
		"v1=99999999999999999999": {"not a whole number"},
	} {
		_, err := recorded.Counts(s)
		for _, want := range mistakes {
			assert.ErrorContains(t, err, want, s)
		}
	}
}
