package identify_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/identify"
)

func TestRulesCanBeWrittenDown(t *testing.T) {
	black := "black"
	var rules identify.Rules
	for _, form := range []identify.Form{
		{Body: "(v[0-9]+)"}, {Header: "X-Version", Match: "v(.*)", Version: "one"}, {JSON: "rating.color", Is: &black, Version: "v2"},
		{Status: 503, Version: "down"}, {AnyStatus: true},
	} {
		rule, err := form.Rule()
		require.NoError(t, err)
		rules = append(rules, rule)
	}
	written, err := json.Marshal(rules)
	require.NoError(t, err)
	var read identify.Rules
	require.NoError(t, json.Unmarshal(written, &read))
	assert.Equal(t, rules, read)

	err = json.Unmarshal([]byte(`[{"body":"("},{"status":5},{"body":"v1"}]`), &read)
	assert.ErrorContains(t, err, "the regular expression")
	assert.ErrorContains(t, err, "5 is no")
}
