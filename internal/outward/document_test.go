package outward_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/splitcheck/splitcheck/internal/outward"
	"github.com/splitcheck/splitcheck/split"
)

// Values of a finding are of many types, some of them of other rooms. Whatever the
// type, a credential in one is hidden.
func TestValuesOfAnyTypeAreHidden(t *testing.T) {
	type named string
	type other struct {
		Version string `json:"version"`
	}
	var secrets outward.Secrets
	secrets.Value("open-sesame")
	for _, value := range []any{
		"open-sesame", named("open-sesame"), []string{"open-sesame"}, []named{"open-sesame"},
		map[string]string{"x": "open-sesame"}, map[string]int64{"open-sesame": 1},
		split.Values{"x": "open-sesame"}, []split.Values{{"x": "open-sesame"}},
		other{"open-sesame"}, []other{{"open-sesame"}}, &other{"open-sesame"},
		split.Found("id", split.Values{"x": []other{{"open-sesame"}}}), []split.Finding{split.Text("open-sesame")},
	} {
		found := []split.Finding{split.Found("found", split.Values{"value": value})}
		secrets.Document(&found)
		text := fmt.Sprintf("%v", found[0].AsRead().Values["value"])
		assert.NotContains(t, text, "open-sesame", "%T", value)
		assert.Contains(t, text, "REDACTED", "%T", value)
	}
}
