package main

import (
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestRealReportsFollowTheSchema validates what the commands really write
// against the schema that scripts rely on: verified, violated, inconclusive,
// not converged, not measured, recorded, and both methods.
func TestRealReportsFollowTheSchema(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("../../docs/report.schema.json")
	require.NoError(t, err)
	for name, args := range map[string][]string{
		"a whole suite":      {"run", "--all"},
		"one scenario":       {"run", "version-test-90-10", "--method", "sequential"},
		"recorded answers":   {"analyze", "--counts", "v1=881,v2=119,errors=3,unidentified=2", "--expect", "v1=90,v2=10"},
		"an unknown version": {"analyze", "--counts", "v1=881,v3=119", "--expect", "v1=90,v2=10"},
		"no data":            {"analyze", "--counts", "errors=3", "--expect", "v1=90,v2=0"},
		"nobody serves":      {"verify", "http://" + freeAddress(t), "--expect", "v1=1", "--identify", "status"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, errs, _ := call(t, append(args, "-o", "json")...)
			document, err := jsonschema.UnmarshalJSON(strings.NewReader(out))
			require.NoError(t, err, errs)
			assert.NoError(t, schema.Validate(document))

			// What was written reads back as the same document.
			again, errs, _ := callIn(t, t.TempDir(), out, "report", "-", "-o", "json")
			assert.Equal(t, out, again, errs)
		})
	}
}
