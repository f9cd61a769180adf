package reports_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/splitcheck/splitcheck/reports"
	"github.com/splitcheck/splitcheck/reports/reportstest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSavedReportsComeBackEqual(t *testing.T) {
	all := reportstest.Documents()
	all["full"] = reportstest.Full()
	for name, r := range all {
		saved := asJSON(t, r)
		read, err := reports.Read(strings.NewReader(saved))
		require.NoError(t, err, name)
		assert.Equal(t, saved, asJSON(t, read), name)
	}
	read, err := reports.Read(strings.NewReader("\ufeff\n " + asJSON(t, reportstest.Full())))
	require.NoError(t, err, "an editor may have put a mark and blanks before it")
	assert.Equal(t, reportstest.Full(), read)
}

func TestReadSaysWhatIsWrong(t *testing.T) {
	whole := asJSON(t, reportstest.Full())
	for name, c := range map[string]struct{ data, says string }{
		"empty":          {"", "empty"},
		"blank":          {" \n\t", "empty"},
		"text":           {"VERIFIED (simulated)", "not a report"},
		"binary":         {"\x1f\x8b\x08\x00\x00", "not a report"},
		"a list":         {"[]", "not a report"},
		"another object": {`{"kind": "Pod"}`, "has no schema"},
		"odd schema":     {`{"schema": 3}`, "has no schema"},
		"foreign schema": {`{"schema": "splitcheck.dev/plan/v1"}`, `its schema is "splitcheck.dev/plan/v1"`},
		"newer":          {`{"schema": "splitcheck.dev/report/v2"}`, `this splitcheck reads "splitcheck.dev/report/v1"`},
		"cut off":        {whole[:len(whole)/2], "cut off after"},
		"cut to a brace": {"{", "cut off after 1 bytes"},
		"spoilt":         {strings.Replace(whole, `"target"`, `target`, 1), "not a report: line"},
		"two reports":    {whole + whole, "not a report"},
		"unknown field":  {strings.Replace(whole, `"method"`, `"methode"`, 1), `unknown field "scenarios[0].steps[0].checks[0].methode"`},
		"other case":     {strings.Replace(whole, `"verdict"`, `"Verdict"`, 1), "Verdict"},
		"twice":          {strings.Replace(whole, `"target"`, `"verdict": "error", "target"`, 1), "duplicate field"},
		"a wrong type":   {strings.Replace(whole, `"requests": 1920`, `"requests": "many"`, 1), "damaged"},
		"odd verdict":    {strings.Replace(whole, `"violated"`, `"green"`, 1), `"green" is not a verdict`},
		"made green":     {strings.Replace(whole, `"verdict": "error"`, `"verdict": "verified"`, 1), "but its checks come to"},
		"no scenarios":   {`{"schema": "splitcheck.dev/report/v1", "verdict": "verified", "target": {"kind": "sim", "simulated": true}}`, "scenarios are missing"},
		"no target":      {`{"schema": "splitcheck.dev/report/v1", "verdict": "error", "scenarios": []}`, "kind is missing"},
	} {
		_, err := reports.Read(strings.NewReader(c.data))
		assert.ErrorContains(t, err, c.says, name)
	}
}

// endless is junk without an end; count says how much of it was read.
type endless struct {
	head  io.Reader
	count int64
}

func (e *endless) Read(p []byte) (int, error) {
	if n, err := e.head.Read(p); err == nil {
		return n, nil
	}
	for i := range p {
		p[i] = ' '
	}
	e.count += int64(len(p))
	return len(p), nil
}

func TestReadTakesNoEndOfJunk(t *testing.T) {
	for _, head := range []string{"", "{", "junk"} {
		junk := &endless{head: strings.NewReader(head)}
		_, err := reports.Read(junk)
		assert.Error(t, err)
		assert.Less(t, junk.count, int64(80<<20), "64 MiB and a buffer")
	}
}

func TestReadPassesErrorsOn(t *testing.T) {
	broken := errors.New("the disk is gone")
	_, err := reports.Read(io.MultiReader(strings.NewReader("{"), iotestErr{broken}))
	assert.ErrorIs(t, err, broken)
}

type iotestErr struct{ err error }

func (e iotestErr) Read([]byte) (int, error) { return 0, e.err }

func TestJSONIsSafeOnATerminal(t *testing.T) {
	saved := asJSON(t, reportstest.Hostile())
	for _, r := range saved {
		assert.True(t, r == '\n' || r >= ' ' && r < 0x7f || r > 0xa0 && r != 0x202e && r != 0x2066 && r != 0x200b, "%q", r)
	}
	var back struct{ Target struct{ URL string } }
	require.NoError(t, json.Unmarshal([]byte(saved), &back))
	assert.Equal(t, strings.ToValidUTF8(strings.ReplaceAll(reportstest.HostileText, "\xff\xfe", "\xff \xfe"), "\ufffd"),
		strings.ReplaceAll(back.Target.URL, "\ufffd\ufffd", "\ufffd \ufffd"), "and loses nothing but invalid UTF-8")
}

func FuzzRead(f *testing.F) {
	var b bytes.Buffer
	if err := reports.JSON(&b, reportstest.Full()); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte(`{"schema": "splitcheck.dev/report/v1", "verdict": "error", "target": {"kind": "sim"}, "scenarios": [{"name": "x", "verdict": "error", "steps": null}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := reports.Read(bytes.NewReader(data))
		if err != nil {
			return
		}
		// What was read and written reads back.
		var again bytes.Buffer
		require.NoError(t, reports.JSON(&again, r))
		_, err = reports.Read(&again)
		require.NoError(t, err)
	})
}
