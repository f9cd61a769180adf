package identify_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/identify"
)

// answer is the page of version-test, as its users' manifests serve it, behind
// nginx.
var answer = identify.Answer{
	Status: 200,
	Header: http.Header{"Server": {"nginx/1.16.1"}, "Via": {"", "1.1 edge"}},
	Body:   []byte("<div>\nThis is version v2\r\n</div>"),
}

func body(s string) identify.Answer { return identify.Answer{Status: 200, Body: []byte(s)} }

func TestShortForms(t *testing.T) {
	for _, test := range []struct {
		rule    string
		answer  identify.Answer
		version string // empty for no match
	}{
		{`body:(v[12])`, answer, "v2"},
		{`body:v[12]`, answer, "v2"},
		{`body:version (.+)`, answer, "v2"}, // without the carriage return
		{`body:(v3)`, answer, ""},
		{`body:v(\d*)`, answer, "2"}, // the v of "div" names nothing
		{`body:x|v2( alpha)?`, answer, ""},
		{`body:(?s)(.+)`, answer, ""},
		{`body:(.+)`, body(strings.Repeat("x", 1000)), ""},
		{`body:(.+)`, body("\xff\xfe"), ""},
		{`body:(.+)`, body("\x1b[31mred"), ""},
		{`body:(.+)`, body("   "), ""},
		{`body:(v[12])`, identify.Answer{}, ""},
		{`header:Server`, answer, "nginx/1.16.1"},
		{`header:server:nginx/(.+)`, answer, "1.16.1"},
		{`header:Server:nginx/1\.14`, answer, ""},
		{`header:Via`, answer, "1.1 edge"},
		{`header:X-Version`, answer, ""},
		{`header:X:a:b`, identify.Answer{Header: http.Header{"X": {"a:b"}}}, "a:b"},
		{`json:reviews.0.rating.color`, body(`{"reviews":[{"rating":{"color":"red"}}]}`), "red"},
		{`json:version`, body(`{"version": 1.10}`), "1.10"},
		{`json:canary`, body(`{"canary": true}`), "true"},
		{`json:version`, body(`{"version": null}`), ""},
		{`json:version`, body(`{"version": ""}`), ""},
		{`json:version`, body(`{"other": "v1"}`), ""},
		{`json:version`, body(`<p>{"version": "v1"}</p>`), ""},
		{`json:version`, body(`{"version": "v1"`), ""},
		{`json:version`, body(""), ""},
		{`json:a`, body(strings.Repeat(`{"a":`, 1<<18)), ""},
		{`status`, answer, "200"},
		{`status`, identify.Answer{}, ""},
	} {
		t.Run(test.rule, func(t *testing.T) {
			rule, err := identify.Parse(test.rule)
			require.NoError(t, err)
			version, ok := identify.Rules{rule}.Identify(test.answer)
			assert.Equal(t, test.version, version)
			assert.Equal(t, test.version != "", ok)
			assert.Equal(t, test.rule, rule.String())
		})
	}
}

func TestForms(t *testing.T) {
	red := "red"
	stars := body(`{"reviews":[{"rating":{"color":"red","stars":5}},{"rating":{"color":"red","stars":4}}]}`)
	for _, test := range []struct {
		form    identify.Form
		answer  identify.Answer
		version string
		text    string
	}{
		{identify.Form{Body: "color=.red", Version: "v3"}, body(`<font color="red">`), "v3", `{body: 'color=.red', version: 'v3'}`},
		{identify.Form{Body: "^$", Version: "empty"}, body(""), "empty", `{body: '^$', version: 'empty'}`},
		{identify.Form{Header: "Server", Match: "nginx/(.+)"}, answer, "1.16.1", `header:Server:nginx/(.+)`},
		{identify.Form{Header: "Server", Match: "1[.]16", Version: "new"}, answer, "new", `{header: 'Server', match: '1[.]16', version: 'new'}`},
		{identify.Form{JSON: "reviews.0.rating.color", Is: &red, Version: "v3"}, stars, "v3", `{json: 'reviews.0.rating.color', is: 'red', version: 'v3'}`},
		{identify.Form{JSON: "reviews.0.rating.color", Is: &red}, stars, "red", `{json: 'reviews.0.rating.color', is: 'red'}`},
		{identify.Form{JSON: "reviews.0.rating.stars", Is: &red}, stars, "", `{json: 'reviews.0.rating.stars', is: 'red'}`},
		{identify.Form{JSON: "reviews.#.rating.color", Match: "red|black"}, stars, "red", `{json: 'reviews.#.rating.color', match: 'red|black'}`},
		{identify.Form{Status: 500, Version: "aborted"}, identify.Answer{Status: 500}, "aborted", `{status: 500, version: 'aborted'}`},
		{identify.Form{Status: 500, Version: "aborted"}, answer, "", `{status: 500, version: 'aborted'}`},
		{identify.Form{Status: 503}, identify.Answer{Status: 503}, "503", `{status: 503}`},
		{identify.Form{AnyStatus: true}, answer, "200", `status`},
	} {
		t.Run(test.text, func(t *testing.T) {
			rule, err := test.form.Rule()
			require.NoError(t, err)
			version, ok := identify.Rules{rule}.Identify(test.answer)
			assert.Equal(t, test.version, version)
			assert.Equal(t, test.version != "", ok)
			assert.Equal(t, test.text, rule.String())
		})
	}
}

func TestMistakesSayWhatToDo(t *testing.T) {
	for form, want := range map[string]string{
		"":              "write it as body:REGEXP",
		"v1":            "write it as body:REGEXP",
		"cookie:x":      "write it as body:REGEXP",
		"body:":         `nothing follows "body:"`,
		"header:":       `nothing follows "header:"`,
		"json:":         `nothing follows "json:"`,
		"status:200":    "write it as body:REGEXP",
		"header:A:":     "is empty",
		"header:A B":    "not a name of a header",
		"header::x":     "a rule has exactly one",
		"body:(v[12)":   `missing closing ]: "[12)"`,
		"body:(v1)?":    "matches even nothing at all",
		"header:X:(v1)": "",
	} {
		_, err := identify.Parse(form)
		if want == "" {
			assert.NoError(t, err, form)
			continue
		}
		assert.ErrorContains(t, err, want, form)
	}
	_, err := identify.ParseAll([]string{"body:(", "status", "json:"})
	assert.ErrorContains(t, err, `"body:("`)
	assert.ErrorContains(t, err, `"json:"`)
}

func TestFormNamesEveryMistake(t *testing.T) {
	is := "x"
	_, err := identify.Form{Body: "(", Status: 42, Match: "y", Is: &is, Version: "a\nb"}.Rule()
	for _, want := range []string{"exactly one", "match goes with", "is goes with", "not both", "42 is not an HTTP status", "not a name of a version", "missing closing )"} {
		assert.ErrorContains(t, err, want)
	}
	_, err = identify.Form{}.Rule()
	assert.ErrorContains(t, err, "exactly one of body, header, json and status")
}

func TestFirstMatchingRuleWins(t *testing.T) {
	rules, err := identify.ParseAll([]string{"header:X-Version", `body:(v\d)`, "status"})
	require.NoError(t, err)
	version, other := rules.Names(body("v1 replaces v2 and v1"))
	assert.Equal(t, []string{"v1", "v2"}, []string{version, other})
	_, ok := rules.Identify(body("v1 replaces v2 and v1"))
	assert.False(t, ok, "an answer that names two versions names none")
	assert.Equal(t, []string{"v1", "v2"}, rules.All(body("v1 replaces v2 and v1")))
	assert.Equal(t, []identify.Finding{
		{Rule: "header:X-Version"},
		{Rule: `body:(v\d)`, Versions: []string{"v1", "v2"}, Taken: true},
		{Rule: "status", Versions: []string{"200"}},
	}, rules.Explain(body("v1, v2")))
	assert.Equal(t, `header:X-Version, body:(v\d), status`, rules.String())
	_, ok = identify.Rules{}.Identify(answer)
	assert.False(t, ok)
}

// TestAnswersThatNameTwoVersions are those from which no version can be told,
// each in a form in which the first one was once taken in silence.
func TestAnswersThatNameTwoVersions(t *testing.T) {
	late := strings.Repeat("v1 ", 500) + "v2"
	for _, test := range []struct {
		rule   string
		answer identify.Answer
		other  string // empty where the answer names v1 alone
	}{
		{`body:(v[12])`, body("upgraded from v1 to v2"), "v2"},
		{`body:(v[12])`, body(late), "v2"},
		{`body:(v[12])`, body("v1 and v1"), ""},
		{`body:v[12]`, body(late), "v2"},
		{`body:version (v[12])`, body("version v1, version v2"), "v2"},
		{`body:(?m)^(v[12])$`, body("v1\nv2"), "v2"},
		{`body:(?m)^(v[12])$`, body("v1\nv2 "), ""},
		{`body:\b(v[12])\b`, body("v1-v2"), "v2"},
		{`header:X-Version`, identify.Answer{Header: http.Header{"X-Version": {"v1", "v2"}}}, "v2"},
		{`header:X-Version`, identify.Answer{Header: http.Header{"X-Version": {"", "v1", "v1"}}}, ""},
		{`header:X-Version:(v.)`, identify.Answer{Header: http.Header{"X-Version": {"v1, v2"}}}, "v2"},
		{`json:version`, body(`{"version":"v1","version":"v2"}`), "v2"},
		{`json:version`, body(`{"version":"v1","\u0076ersion":"v2"}`), "v2"},
		{`json:version`, body(`{"version":"v1","version":"v2","version":"v1"}`), "v2"},
		{`json:a.version`, body(`{"a":{"version":"v1"},"b":{"version":"v2"},"a":{"version":"v2"}}`), "v2"},
		{`json:0.version`, body(`[{"version":"v1","version":"v2"}]`), "v2"},
		{`json:version`, body(`{"version":"v1","b":{"version":"v2"},"b":1}`), ""},
	} {
		rules, err := identify.ParseAll([]string{test.rule})
		require.NoError(t, err)
		version, other := rules.Names(test.answer)
		assert.Equal(t, []string{"v1", test.other}, []string{version, other}, "%s in %.40s", test.rule, test.answer.Body)
		_, ok := rules.Identify(test.answer)
		assert.Equal(t, test.other == "", ok)
	}
}

// TestNamesInsideLongerWords: a rule that finds a name inside a longer word has
// not found it.
func TestNamesInsideLongerWords(t *testing.T) {
	is := func(form identify.Form) identify.Rules {
		rule, err := form.Rule()
		require.NoError(t, err)
		return identify.Rules{rule}
	}
	for _, test := range []struct {
		form          identify.Form
		text, version string
		inside        []string
	}{
		{identify.Form{Body: "(v[12])"}, "v10", "", []string{"v1"}},
		{identify.Form{Body: "(v[12])"}, "v1beta, not v2", "v2", []string{"v1"}},
		{identify.Form{Body: "(v[12])"}, "v1é", "", []string{"v1"}},
		{identify.Form{Body: "(v[12])"}, "v1-beta", "v1", nil},
		{identify.Form{Body: "(v[12])"}, "reviews-v1_2", "v1", nil},
		{identify.Form{Body: "(v[12])"}, "这是v1版本", "v1", nil}, // Chinese sets no blanks
		{identify.Form{Body: "v[12]"}, "v12 v2", "v2", []string{"v1"}},
		{identify.Form{Body: "版本(一)"}, "版本一二", "", []string{"一"}},
		{identify.Form{Body: `version (v\d)`}, "version v1, version v23", "v1", []string{"v2"}},
		{identify.Form{Body: `\b(v[0-9]+)\b`}, "v2version", "", []string{"v2"}},
		{identify.Form{Body: `\b(v[0-9]+)\b`}, "v2_a", "", []string{"v2"}},
		{identify.Form{Body: `(?:v(1|2)\b)`}, "v2 v1x", "2", []string{"1"}},
		{identify.Form{Body: `\b(v[0-9]+\b)`}, "v2版本", "v2", nil},
		{identify.Form{Body: `(v.)\b`}, "v1x v2", "v2", nil}, // what may not be a word keeps its \b
		{identify.Form{Body: "v1", Version: "stable"}, "v10", "", []string{"stable"}},
		{identify.Form{Body: "v1", Version: "stable"}, "v10 v1", "stable", []string{"stable"}},
		{identify.Form{Body: "color=", Version: "v3"}, "color=red", "v3", nil},
	} {
		rules := is(test.form)
		version, other := rules.Names(body(test.text))
		assert.Equal(t, test.version, version, test.text)
		assert.Empty(t, other, test.text)
		assert.Equal(t, test.inside, rules.Explain(body(test.text))[0].Inside, test.text)
	}
	header := is(identify.Form{Header: "Server", Match: "(v[12])"})
	version, _ := header.Names(identify.Answer{Header: http.Header{"Server": {"v10"}}})
	assert.Empty(t, version)
	field := is(identify.Form{JSON: "version", Match: "v[12]"})
	version, _ = field.Names(body(`{"version": "v10"}`))
	assert.Empty(t, version)
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{`body:(v[12])`, "header:Server:nginx/(.+)", "json:a.#(b==1).c", "status", "json:@this|a", `json:{a,"b"}`} {
		f.Add(seed, []byte(`{"a":[{"b":1,"c":"v1"}]}`))
	}
	f.Fuzz(func(t *testing.T, form string, content []byte) {
		rule, err := identify.Parse(form)
		if err != nil {
			return
		}
		again, err := identify.Parse(rule.String())
		require.NoError(t, err)
		a := identify.Answer{Status: 200, Header: http.Header{"Server": {string(content)}}, Body: content}
		version, other := rule.Names(a)
		sameVersion, sameOther := again.Names(a)
		assert.Equal(t, version, sameVersion)
		assert.Equal(t, other, sameOther)
		switch all := rule.Explain(a).Versions; {
		case version == "":
			assert.Empty(t, all)
			assert.Empty(t, other)
		case other == "":
			assert.Equal(t, []string{version}, all)
		default:
			require.Equal(t, []string{version, other}, all[:2])
		}
	})
}
