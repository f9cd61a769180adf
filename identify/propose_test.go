package identify_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/identify"
)

func TestProposals(t *testing.T) {
	page := func(body string, headers ...string) identify.Answer {
		a := identify.Answer{Status: 200, Header: http.Header{"Date": {"today"}}, Body: []byte(body)}
		for i := 0; i < len(headers); i += 2 {
			a.Header.Add(headers[i], headers[i+1])
		}
		return a
	}
	for _, test := range []struct {
		name    string
		rule    string
		answers []identify.Answer
		want    string
	}{
		{"the word before", "body:(v[12])", []identify.Answer{
			page("served by v1\n"), page("served by v2\nupgraded from v1\n"),
		}, "body:by (v[12])"},
		{"the attribute before", "body:v[12]", []identify.Answer{
			page(`<p class="v1">old v2</p>`), page(`<p class="v2">new</p>`),
		}, `body:class="(v[12])`},
		{"two words before", "body:(v[12])", []identify.Answer{
			page("running version v1, latest version v2"), page("running version v2, latest version v2"),
		}, "body:running version (v[12])"},
		{"a header instead", "body:(v[12])", []identify.Answer{
			page("v1 or v2", "X-Version", "v1"), page("v1 or v2", "X-Version", "v2"),
		}, "header:X-Version"},
		{"a header where the rule finds nothing", "header:X-Release", []identify.Answer{
			page("", "App-Version", "v1"), page("", "App-Version", "v2"),
		}, "header:App-Version"},
		{"a path", "json:release", []identify.Answer{
			page(`{"app": {"version": "v1"}}`), page(`{"app": {"version": "v2"}}`),
		}, "json:app.version"},
		{"a word", "header:X-Release", []identify.Answer{page("I am v1."), page("I am v2.")}, `body:\b(v1|v2)\b`},
		{"what only some answers have", "body:nothing", []identify.Answer{page("I am v1."), page("I am lost.")}, ""},
		{"what names others", "body:(v[12])", []identify.Answer{page("from v1 to v3")}, ""},
		{"nothing to look at", "body:x", nil, ""},
	} {
		rules, err := identify.ParseAll([]string{test.rule})
		require.NoError(t, err)
		assert.Equal(t, test.want, rules.Propose(test.answers, []string{"v1", "v2"}), test.name)
	}
}

func TestPlacesShowWhatSurroundsAVersion(t *testing.T) {
	rules, err := identify.ParseAll([]string{"header:X-Version", "body:(v[12])"})
	require.NoError(t, err)
	body := identify.Answer{Body: []byte("upgraded from v1 to v2, not v10")}
	assert.Equal(t, []identify.Place{
		{Version: "v1", Where: "body", Before: "upgraded from ", After: " to v2, not v10"},
		{Version: "v2", Where: "body", Before: "upgraded from v1 to ", After: ", not v10"},
	}, rules.Places(body))
	body.Header = http.Header{"X-Version": {"v1", "v2"}}
	assert.Equal(t, []identify.Place{
		{Version: "v1", Where: "header X-Version"}, {Version: "v2", Where: "header X-Version"},
	}, rules.Places(body))
	assert.Empty(t, rules.Places(identify.Answer{Body: []byte("none")}))
}
