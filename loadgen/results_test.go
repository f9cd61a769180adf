package loadgen_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/splitcheck/splitcheck/loadgen"
	"github.com/splitcheck/splitcheck/split"
)

var recorded = []vegeta.Result{
	{Seq: 1, Code: 200, Body: []byte("this is v1"), Timestamp: time.Unix(1, 0), Latency: time.Millisecond, Headers: http.Header{"Server": {"nginx"}}},
	{Seq: 0, Code: 500, Body: []byte("v2 crashed"), Error: "500 Internal Server Error", Timestamp: time.Unix(0, 1)},
	{Seq: 3, Code: 0, Error: `Get "http://127.0.0.1:1/": dial tcp 127.0.0.1:1: connect: connection refused`, Timestamp: time.Unix(3, 0)},
	{Seq: 2, Code: 404, Error: "404 Not Found", Timestamp: time.Unix(2, 0)},
}

func encode(t testing.TB, format loadgen.Format, results []vegeta.Result) []byte {
	var b bytes.Buffer
	encoders := map[loadgen.Format]func(io.Writer) vegeta.Encoder{
		loadgen.Gob: vegeta.NewEncoder, loadgen.JSON: vegeta.NewJSONEncoder, loadgen.CSV: vegeta.NewCSVEncoder,
	}
	encoder := encoders[format](&b)
	for _, result := range results {
		require.NoError(t, encoder.Encode(&result))
	}
	return b.Bytes()
}

func read(t testing.TB, r io.Reader, format loadgen.Format) (answers []split.Answer, err error) {
	for answer, err := range loadgen.Recorded(r, format, rules(t, `body:v\d`)) {
		if err != nil {
			return answers, err
		}
		answers = append(answers, answer.Answer)
	}
	return answers, nil
}

func TestRecordedResults(t *testing.T) {
	for _, format := range []loadgen.Format{loadgen.Gob, loadgen.JSON, loadgen.CSV} {
		answers, err := read(t, bytes.NewReader(encode(t, format, recorded)), format)
		require.NoError(t, err, format)
		assert.Equal(t, []split.Answer{
			{Number: 1, Version: "v1", Status: 200, Latency: time.Millisecond},
			{Number: 0, Version: "v2", Status: 500},
			{Number: 3, Outcome: split.Error, Kind: "connection refused", Example: recorded[2].Error},
			{Number: 2, Outcome: split.Unidentified, Status: 404, Kind: "404 without a marker", Example: "404 Not Found: (empty body)"},
		}, answers, format)
	}
	answers, err := read(t, bytes.NewReader(bytes.TrimSpace(encode(t, loadgen.JSON, recorded))), loadgen.JSON)
	require.NoError(t, err)
	assert.Len(t, answers, 4, "the last line need not be ended")
}

func TestRecordedResultsThatBreakOff(t *testing.T) {
	for _, format := range []loadgen.Format{loadgen.Gob, loadgen.JSON, loadgen.CSV} {
		all := encode(t, format, recorded)
		broken := append(bytes.Clone(all), all[:len(all)/8]...)
		if format != loadgen.Gob {
			broken = append(broken, "\n"...)
		}
		answers, err := read(t, bytes.NewReader(broken), format)
		assert.ErrorContains(t, err, "vegeta result 5 cannot be read as "+string(format))
		assert.Len(t, answers, 4)
	}
	_, err := read(t, strings.NewReader(""), "xml")
	assert.ErrorContains(t, err, `no format "xml"`)
}

// endless is a file that never comes to its end.
type endless byte

func (e endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(e)
	}
	return len(p), nil
}

func TestRecordedResultsAreBounded(t *testing.T) {
	for format, start := range map[loadgen.Format]string{
		loadgen.JSON: `{"attack":"`,
		loadgen.CSV:  `1,200,1,0,0,"`,
		loadgen.Gob:  "\xfc\x3f\xff\xff\xff", // a message of a gibibyte
	} {
		_, err := read(t, io.MultiReader(strings.NewReader(start), endless('x')), format)
		assert.ErrorContains(t, err, "longer than 16 MiB", format)
	}
}

func FuzzRecorded(f *testing.F) {
	for _, format := range []loadgen.Format{loadgen.Gob, loadgen.JSON, loadgen.CSV} {
		f.Add(string(format), encode(f, format, recorded))
	}
	f.Fuzz(func(t *testing.T, format string, content []byte) {
		_, _ = read(t, bytes.NewReader(content), loadgen.Format(format))
	})
}
