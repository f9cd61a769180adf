package recorded_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/identify"
	"github.com/splitcheck/splitcheck/internal/recorded"
	"github.com/splitcheck/splitcheck/split"
)

func rules(tb testing.TB, forms ...string) identify.Rules {
	tb.Helper()
	all, err := identify.ParseAll(forms)
	require.NoError(tb, err)
	return all
}

func options(tb testing.TB, separator string, forms ...string) recorded.Options {
	tb.Helper()
	if len(forms) == 0 {
		forms = []string{`body:(v[12])`}
	}
	o := recorded.Options{Name: "1.txt", Identify: rules(tb, forms...)}
	if separator != "" {
		var err error
		o.Split, err = recorded.ParseSplit(separator)
		require.NoError(tb, err)
	}
	return o
}

// loop is what `for i in …; do curl …; done > 1.txt` leaves of version-test.
func loop(versions ...string) string {
	var b strings.Builder
	for _, version := range versions {
		fmt.Fprintf(&b, "<html>\n<body>\n<p>This is version %s</p>\n</body>\n</html>\n", version)
	}
	return b.String()
}

func TestText(t *testing.T) {
	for _, test := range []struct {
		name, text, separator string
		identify              []string
		versions              map[string]int64
		unidentified          int64
	}{
		{name: "a curl loop", text: loop("v1", "v2", "v1"), versions: map[string]int64{"v1": 2, "v2": 1}},
		{name: "written on Windows", text: strings.ReplaceAll(loop("v1", "v2"), "\n", "\r\n"), identify: []string{"body:version (.+)</p>"},
			versions: map[string]int64{"v1": 1, "v2": 1}},
		{name: "without a line's end", text: "v1\nv1", versions: map[string]int64{"v1": 2}},
		{name: "a marker twice on a line", text: "v1 is v1\nv2\n", versions: map[string]int64{"v1": 1, "v2": 1}},
		{name: "JSON by the line", text: `{"version":"a"}` + "\n" + `{"version":"b"}` + "\n", identify: []string{"json:version"},
			versions: map[string]int64{"a": 1, "b": 1}},
		{name: "headers by curl -sI", text: "HTTP/1.1 200 OK\r\nServer: nginx/1.14.2\r\n\r\nHTTP/1.1 200 OK\r\nServer: nginx/1.16.1\r\n\r\n",
			identify: []string{"header:server:nginx/(.+)"}, versions: map[string]int64{"1.14.2": 1, "1.16.1": 1}},
		{name: "statuses by curl -si", text: "HTTP/1.1 200 OK\r\n\r\nHTTP/2 503 \r\n\r\n", identify: []string{"status"},
			versions: map[string]int64{"200": 1, "503": 1}},
		{name: "answers on one line", text: "This is v1This is v2This is v1", separator: "This is",
			versions: map[string]int64{"v1": 2, "v2": 1}},
		{name: "separators before", text: "---\nv1\n---\noops\n---\nv2\n", separator: "^---$",
			versions: map[string]int64{"v1": 1, "v2": 1}, unidentified: 1},
		{name: "separators behind", text: "v1\n---\n\n---\nv2\n---\n", separator: "^---$",
			versions: map[string]int64{"v1": 1, "v2": 1}, unidentified: 1},
		{name: "answers of several lines", text: "{\n\"version\": \"v1\"\n}\n\n{\n\"version\": \"v2\"\n}\n", separator: "\n\n", identify: []string{"json:version"},
			versions: map[string]int64{"v1": 1, "v2": 1}},
		{name: "no separator at all", text: "v1 and v2", separator: "---", unidentified: 1},
		{name: "whole answers by curl -si", text: "HTTP/1.1 200 OK\r\nServer: a\r\n\r\nx\nEND\nHTTP/1.1 200 OK\r\nServer: b\r\n\r\nHeader: no\nEND\n",
			separator: "END\n", identify: []string{"header:Header", "header:Server"}, versions: map[string]int64{"a": 1, "b": 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			// Byte by byte, as a pipe can bring it.
			record, err := recorded.Read(oneByOne{strings.NewReader(test.text)}, options(t, test.separator, test.identify...))
			require.NoError(t, err)
			tally := record.Tally
			assert.Equal(t, test.versions, tally.Versions)
			assert.Equal(t, test.unidentified, tally.Unknown())
			assert.Zero(t, tally.Failed())
			assert.Equal(t, split.Connections{}, tally.Connections)
			assert.Equal(t, tally.Requests(), tally.Course.Answers)
		})
	}
}

type oneByOne struct{ io.Reader }

func (o oneByOne) Read(p []byte) (int, error) { return o.Reader.Read(p[:min(len(p), 1)]) }

func TestTextKeepsItsOrder(t *testing.T) {
	record, err := recorded.Read(strings.NewReader(loop("v1", "v1", "v2", "v1")), options(t, ""))
	require.NoError(t, err)
	tally := record.Tally
	assert.Equal(t, map[string]map[string]int64{"v1": {"v1": 1, "v2": 1}, "v2": {"v1": 1}}, tally.Sequence.Transitions)
	assert.EqualValues(t, 1, tally.Sequence.Segments)
}

func TestExamplesNameTheirLine(t *testing.T) {
	record, err := recorded.Read(strings.NewReader("v1\n---\nv2\n---\n<b>oops</b>\n---\n"), options(t, "^---$"))
	require.NoError(t, err)
	tally := record.Tally
	assert.Equal(t, map[string]string{"no marker in a recorded answer": `1.txt:4: "<b>oops</b>"`}, tally.Examples)
}

func TestTextThatCannotBeCounted(t *testing.T) {
	long := strings.Repeat("x", 2<<20)
	for want, text := range map[string]string{
		"1.txt is empty":                         "",
		"1.txt is empty: there":                  " \n\n",
		"1.txt:2: the line names several":        "v1\nThis is v1This is v2",
		"and 3 more lines like these\nsay what":  strings.Repeat("v1v2\n", 8),
		"none of its 2 lines names a version by": "hello\nworld",
		`the first one reads "hello"`:            "hello\nworld",
		"1.txt:3: the line is longer than 1 MiB": "v1\nv1\n" + long,
		"1.txt is compressed":                    "\x1f\x8b\x08 and so on",
		"1.txt is text in UTF-16":                "\xff\xfev\x001\x00",
		"something binary":                       "\x7fELF\x02\x01\x01\x00",
		"1.txt:70002: the line is not text":      strings.Repeat("v1\n", 70_000) + "\nv1\x00\n",
		"report of splitcheck":                   "{\n  \"schema\": \"splitcheck.dev/report/v1\"\n}\n",
	} {
		_, err := recorded.Read(strings.NewReader(text), options(t, ""))
		assert.ErrorContains(t, err, want)
	}
	_, err := recorded.Read(strings.NewReader("v1\n---\n"+long), options(t, "---"))
	assert.ErrorContains(t, err, "1.txt:2: the answer that begins here is longer than 1 MiB; does --split --- say")
	_, err = recorded.Read(strings.NewReader("---\n---"), options(t, "^---$"))
	assert.NoError(t, err, "an empty answer between two separators is one")
	_, err = recorded.Read(strings.NewReader("---\n"), options(t, "---"))
	assert.ErrorContains(t, err, "nothing but separators")
	_, err = recorded.Read(strings.NewReader("red black\n"), options(t, "", "body:red", "body:black"))
	assert.ErrorContains(t, err, "several versions, red, black", "told by two rules")
	_, err = recorded.Read(io.MultiReader(strings.NewReader("v1\n"), broken{}), options(t, ""))
	assert.ErrorContains(t, err, "1.txt cannot be read: the disk is gone")
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("the disk is gone") }

func TestNumberOfAnswersMustAgree(t *testing.T) {
	o := options(t, "")
	o.Answers = 100
	_, err := recorded.Read(strings.NewReader(loop("v1", "v2")), o)
	assert.ErrorContains(t, err, "1.txt: 2 lines name a version or an error, but there should be 100 answers; say what separates")
	o.Answers = 2
	_, err = recorded.Read(strings.NewReader(loop("v1", "v2")), o)
	assert.NoError(t, err)
	o = options(t, "</html>")
	o.Answers = 3
	_, err = recorded.Read(strings.NewReader(loop("v1", "v2")), o)
	assert.ErrorContains(t, err, "1.txt: 2 answers were found, but there should be 3")
}

// endless never comes to its end: reading must.
type endless struct{ pattern []byte }

func (e endless) Read(p []byte) (int, error) {
	for n := 0; n < len(p); {
		n += copy(p[n:], e.pattern)
	}
	return len(p), nil
}

func TestEndlessInput(t *testing.T) {
	for _, separator := range []string{"", "---", `(\n|x)*---`} {
		for _, pattern := range []string{"x", " ", "\x00", "\xff", "{"} {
			_, err := recorded.Read(endless{[]byte(pattern)}, options(t, separator))
			assert.Error(t, err, "%q", pattern)
		}
	}
}

func TestSeparatorsThatSeparateEverything(t *testing.T) {
	for _, pattern := range []string{"", "^", "$", "x*", `\b`, "(a|)"} {
		_, err := recorded.ParseSplit(pattern)
		assert.ErrorContains(t, err, "matches even nothing at all", pattern)
	}
	_, err := recorded.ParseSplit("(")
	assert.ErrorContains(t, err, `split "(": `)
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(loop("v1", "v2")), "")
	f.Add([]byte("v1\n---\nx\n---\n"), "^---$")
	f.Add([]byte(`{"attack":"","seq":0,"code":200,"timestamp":"2026-01-01T00:00:00Z","latency":1,"body":"djE="}`+"\n"), "")
	f.Add([]byte("1700000000000000000,200,1,0,2,,djE=,,0,GET,http://x/,\n"), "")
	f.Fuzz(func(t *testing.T, content []byte, separator string) {
		o := recorded.Options{Identify: rules(t, `body:(v\d)`, "header:Server", "status")}
		if separator != "" {
			var err error
			if o.Split, err = recorded.ParseSplit(separator); err != nil {
				return
			}
		}
		record, err := recorded.Read(bytes.NewReader(content), o)
		if err == nil {
			assert.Positive(t, record.Tally.Requests())
			assert.LessOrEqual(t, record.Tally.Requests(), int64(len(content)))
		}
	})
}

func TestEachAnswerIsToldInDispatchOrder(t *testing.T) {
	rules, err := identify.ParseAll([]string{"body:v[12]"})
	require.NoError(t, err)
	var told []string
	record, err := recorded.Read(strings.NewReader("v1\nv2\nnothing\nv2\n"), recorded.Options{
		Identify: rules, Each: func(a split.Answer) { told = append(told, a.Version) },
	})
	require.NoError(t, err)
	assert.Equal(t, []string{"v1", "v2", "v2"}, told)
	assert.EqualValues(t, len(told), record.Tally.Requests())
}
