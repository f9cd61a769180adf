package split_test

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/split"
)

func TestAFindingComesBackFromJSON(t *testing.T) {
	f := split.Found("version-silent", split.Values{
		"version": "v<2>", "share": 0.1, "answers": int64(1950), "behind": math.Inf(1), "lost": math.NaN(),
		"nested": split.Found("inner", nil), "list": []split.Values{{"version": "a", "share": 1}},
	})
	data, err := json.Marshal(f)
	require.NoError(t, err)
	assert.JSONEq(t, `{"id": "version-silent", "version": "v<2>", "share": 0.1, "answers": 1950,
		"nested": {"id": "inner"}, "list": [{"version": "a", "share": 1}]}`, string(data), "numbers that JSON lacks are absent")
	var back split.Finding
	require.NoError(t, json.Unmarshal(data, &back))
	assert.True(t, back.Same(f))
	assert.Equal(t, "v<2>", back.Text("version"))
	assert.Empty(t, back.Text("share"), "a number is not a text")
}

func TestWhatIsNotAFinding(t *testing.T) {
	for _, text := range []string{`{}`, `{"id": ""}`, `{"id": 3}`, `[]`, `"x"`} {
		var f split.Finding
		assert.Error(t, json.Unmarshal([]byte(text), &f), text)
	}
}
