package loadgen

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"sync"
)

// buffers holds the bodies while their versions are looked for. There are as
// many as requests in flight, each as long as the longest body that is read.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// readBody reads at most limit bytes of the decoded body into buffer and says
// whether there is more. It does not close the body: closing one that has more
// to come cuts its connection. An error means that the answer is not complete.
func readBody(response *http.Response, limit int64, buffer *bytes.Buffer) (more bool, err error) {
	body := io.Reader(response.Body)
	if !response.Uncompressed && isGzip(response.Header.Get("Content-Encoding")) {
		decoded, err := gzip.NewReader(body)
		if err == io.EOF {
			return false, nil // the answer to a HEAD has the header and no body
		}
		if err != nil {
			return false, err
		}
		body = decoded
	}
	// One byte more, so that a body of exactly limit bytes is read to its end
	// and its connection can be used again.
	_, err = buffer.ReadFrom(io.LimitReader(body, limit+1))
	if int64(buffer.Len()) > limit {
		buffer.Truncate(int(limit))
		return true, err
	}
	return false, err
}

func isGzip(encoding string) bool {
	return strings.EqualFold(encoding, "gzip") || strings.EqualFold(encoding, "x-gzip")
}
