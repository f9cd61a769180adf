package loadgen

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/splitcheck/splitcheck/identify"
	"github.com/splitcheck/splitcheck/split"
)

// buffers holds the bodies while their versions are looked for. There are as
// many as requests in flight, each as long as the longest body that is read.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// classifyBody classifies an answer of whose body at most limit bytes are read,
// decoded. Where they cannot be decoded the headers alone may name a version: in
// compressed bytes anything may be found. keep is shown what is classified, which is
// gone afterwards. An error means that the answer is not complete.
func classifyBody(rules identify.Rules, status int, header http.Header, body io.Reader, limit int64, keep func(identify.Answer)) (split.Answer, error) {
	buffer := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(buffer)
	buffer.Reset()
	more, err := readBody(status, header, body, limit, buffer)
	var undecoded *undecodable
	if err != nil && !errors.As(err, &undecoded) {
		return split.Answer{}, err
	}
	read := identify.Answer{Status: status, Header: header, Body: buffer.Bytes()}
	if undecoded != nil {
		read.Body = nil
	}
	keep(read)
	answer := Classify(rules, read)
	switch {
	case answer.Outcome == split.Hit:
	case undecoded != nil:
		answer.Example = fmt.Sprintf("status %d: %s", status, oneLine(undecoded.cause.Error()))
		if answer.Outcome == split.Unidentified && status/100 != 3 { // a redirect says more
			answer.Kind = undecoded.kind
		}
	case more && answer.Outcome == split.Unidentified:
		answer.Kind = partly(answer, limit)
	}
	return answer, nil
}

// partly is the kind of an answer of which no more than limit bytes were read.
func partly(a split.Answer, limit int64) string {
	switch id := split.KindFound(a.Kind).ID; id {
	case "kind-no-marker":
		return split.Kind("kind-no-marker-read", a.Status, limit)
	case "kind-without-marker":
		return split.Kind("kind-without-marker-read", a.Status, limit)
	case "kind-names-two":
		return split.Kind("kind-names-two-read", limit)
	case "kind-redirect":
		return split.Kind("kind-redirect-read", limit)
	}
	return a.Kind
}

// readBody reads at most limit bytes of the decoded body into buffer and says
// whether there is more. It does not close the body: closing one that has more
// to come cuts its connection. The error is an *undecodable where the answer is
// complete, as far as it was read, and its body cannot be decoded.
func readBody(status int, header http.Header, body io.Reader, limit int64, buffer *bytes.Buffer) (more bool, err error) {
	if status == http.StatusSwitchingProtocols {
		return false, nil // what follows is no HTTP, and no timeout would end it
	}
	received := &receiver{source: body}
	err = decode(header, received, func(decoded io.Reader) error {
		// One byte more, so that a body of exactly limit bytes is read to its
		// end and its connection can be used again.
		_, err := buffer.ReadFrom(io.LimitReader(decoded, limit+1))
		return err
	})
	if err != nil && received.failed == nil {
		_, _ = io.Copy(io.Discard, io.LimitReader(received, limit+1))
	}
	switch {
	case received.failed != nil:
		return false, received.failed
	case !received.some:
		return false, nil // the answer to a HEAD has the header and no body
	case err == nil && int64(buffer.Len()) > limit:
		buffer.Truncate(int(limit))
		return true, nil
	}
	return false, err
}

// A receiver remembers what came of the body as it was sent, so that one which
// was cut is told from one that was sent whole and is broken.
type receiver struct {
	source io.Reader
	some   bool
	failed error
}

func (r *receiver) Read(p []byte) (int, error) {
	n, err := r.source.Read(p)
	r.some = r.some || n > 0
	if err != nil && err != io.EOF {
		r.failed = err
	}
	return n, err
}

// An undecodable is a body whose encoding is not one that is decoded, or that is
// not encoded as it says.
type undecodable struct {
	kind  string
	cause error
}

func (u *undecodable) Error() string { return u.kind + ": " + u.cause.Error() }

// decode has read called with the decoded body. An encoding that the standard
// library does not have is not decoded, nor one on top of another, which nobody
// sends but to do harm.
func decode(header http.Header, body io.Reader, read func(io.Reader) error) error {
	var names []string
	for _, name := range strings.Split(strings.ToLower(strings.Join(header.Values("Content-Encoding"), ",")), ",") {
		if name = strings.TrimPrefix(strings.TrimSpace(name), "x-"); name != "" && name != "identity" {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return read(body)
	}
	cause := fmt.Errorf("Content-Encoding: %s", strings.Join(names, ", "))
	open, known := decoders[names[0]]
	switch {
	case len(names) > 1:
		return &undecodable{split.Kind("kind-encoded-twice"), cause}
	case !known:
		return &undecodable{split.Kind("kind-unknown-encoding"), cause}
	case open == nil:
		return &undecodable{split.Kind("kind-not-decoded", names[0]), cause}
	}
	decoded, err := open(body)
	if err == nil {
		err = read(decoded)
	}
	if err != nil {
		return &undecodable{split.Kind("kind-broken-body", names[0]), err}
	}
	return nil
}

// decoders are nil for the encodings that are known by name alone: kinds of
// answers are few, so they take no name from outside.
var decoders = map[string]func(io.Reader) (io.Reader, error){
	"gzip":    func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
	"deflate": inflate,
	"br":      nil, "zstd": nil, "compress": nil, "dcb": nil, "dcz": nil,
}

// inflate reads the zlib format, which is what "deflate" means, or bare deflate,
// which some servers send (RFC 9110, 8.4.1.2). The first byte of zlib names the
// method 8, and the first two are a multiple of 31 (RFC 1950, 2.2).
func inflate(r io.Reader) (io.Reader, error) {
	buffered := bufio.NewReader(r)
	head, err := buffered.Peek(2)
	if err != nil {
		return nil, err
	}
	if head[0]&0x0f == 8 && (int(head[0])<<8|int(head[1]))%31 == 0 {
		return zlib.NewReader(buffered)
	}
	return flate.NewReader(buffered), nil
}
