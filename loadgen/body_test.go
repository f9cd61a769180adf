package loadgen_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"fmt"
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

// stored is text in an encoding that does not compress it: whoever searches the
// encoded bytes finds it as well.
func stored(t *testing.T, encoding, text string) string {
	t.Helper()
	var (
		encoded bytes.Buffer
		w       io.WriteCloser
		err     error
	)
	switch encoding {
	case "gzip":
		w, err = gzip.NewWriterLevel(&encoded, gzip.NoCompression)
	case "zlib":
		w, err = zlib.NewWriterLevel(&encoded, zlib.NoCompression)
	case "flate":
		w, err = flate.NewWriter(&encoded, flate.NoCompression)
	}
	require.NoError(t, err)
	_, err = io.WriteString(w, text)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.Contains(t, encoded.String(), text)
	return encoded.String()
}

// Each encoded body has "v1" among its bytes; only a decoded one may be searched.
func TestEncodedBodies(t *testing.T) {
	gzipped := stored(t, "gzip", "this is v1")
	for _, test := range []struct {
		encoding     []string
		body         string
		unidentified string // empty for a hit
	}{
		{[]string{"gzip"}, gzipped, ""},
		{[]string{"X-GZIP"}, gzipped, ""},
		{[]string{"identity, gzip"}, gzipped, ""},
		{[]string{"deflate"}, stored(t, "zlib", "this is v1"), ""},
		{[]string{"deflate"}, stored(t, "flate", "this is v1"), ""},
		{[]string{"identity"}, "v1", ""},
		{[]string{"deflate"}, "this is v1", "broken deflate body"},
		{[]string{"deflate"}, "1", "broken deflate body"},
		{[]string{"gzip"}, "this is v1", "broken gzip body"},
		{[]string{"gzip"}, gzipped[:len(gzipped)-3], "broken gzip body"},
		{[]string{"gzip"}, gzipped[:len(gzipped)-8] + "checksum", "broken gzip body"},
		{[]string{"br"}, "\x0b\x02\x80v1\x03", "body encoded with br, which is not decoded"},
		{[]string{"zstd"}, "v1", "body encoded with zstd, which is not decoded"},
		{[]string{"v1"}, "v1", "body with an unknown encoding"},
		{[]string{"gzip", "gzip"}, gzipped, "body encoded more than once, which is not decoded"},
		{[]string{"gzip, br"}, gzipped, "body encoded more than once, which is not decoded"},
		{[]string{"br"}, "", "no marker in a 200 answer"},
	} {
		want := split.Tally{Versions: map[string]int64{"v1": 4}}
		if test.unidentified != "" {
			want = split.Tally{Unidentified: map[string]int64{test.unidentified: 4}}
		}
		name := fmt.Sprintf("%s %q", test.encoding, test.body)
		answer := func(w http.ResponseWriter, r *http.Request) {
			w.Header()["Content-Encoding"] = test.encoding
			w.Header().Set("X-Version", "v2")
			_, _ = io.WriteString(w, test.body)
		}
		request := loadgen.Request{Headers: map[string]string{"Accept-Encoding": "gzip, deflate, br, zstd"}, Identify: rules(t, `body:v\d`)}
		load := loadgen.Load{Requests: 4, Connections: 1}
		result := overSockets(t, answer, loadgen.Plan{Request: request, Load: load})
		assert.Equal(t, want.Versions, result.Tally.Versions, name)
		assert.Equal(t, want.Unidentified, result.Tally.Unidentified, name)

		// Headers name the version whatever the body is.
		request.Identify = rules(t, "header:X-Version")
		result = overSockets(t, answer, loadgen.Plan{Request: request, Load: load})
		assert.Equal(t, map[string]int64{"v2": 4}, result.Tally.Versions, name)
		assert.EqualValues(t, 1, result.Tally.Connections.Count, "the body is read to its end: "+name)

		// vegeta writes down what it has received.
		var written bytes.Buffer
		require.NoError(t, vegeta.NewEncoder(&written).Encode(&vegeta.Result{
			Code: 200, Headers: http.Header{"Content-Encoding": test.encoding}, Body: []byte(test.body),
			Timestamp: time.Unix(0, 0), Latency: 1,
		}))
		for recorded, err := range loadgen.Recorded(&written, loadgen.Gob, rules(t, `body:v\d`)) {
			require.NoError(t, err)
			assert.Equal(t, test.unidentified, recorded.Answer.Kind, name)
			assert.Equal(t, strings.Repeat("v1", int(want.Versions["v1"])/4), recorded.Answer.Version, name)
		}
	}
}
