package recorded

import (
	"bytes"
	"errors"
	"regexp"

	"github.com/splitcheck/splitcheck/loadgen"
)

// csvStart is the beginning of a record of vegeta's: time, status, latency and
// bytes as numbers, then the error.
var csvStart = regexp.MustCompile(`^\d{9,20},\d{1,3},\d+,\d+,\d+,`)

// detect tells by the first bytes what is read; the format is empty for text.
func detect(start []byte) (loadgen.Format, error) {
	text := bytes.TrimLeft(start, " \t\r\n")
	line, _, _ := bytes.Cut(text, []byte("\n"))
	object := bytes.HasPrefix(text, []byte("{"))
	switch {
	// The first message of a gob describes the type that follows, by name.
	case bytes.Contains(start[:min(len(start), 64)], []byte("\x06Result\x01")):
		return loadgen.Gob, nil
	case bytes.HasPrefix(start, []byte("\x1f\x8b")):
		return "", errors.New("is compressed; read it through gunzip -c")
	case bytes.HasPrefix(start, []byte("\xff\xfe")), bytes.HasPrefix(start, []byte("\xfe\xff")):
		return "", errors.New("is text in UTF-16, as PowerShell writes it; write it as UTF-8, with | Out-File -Encoding utf8")
	case bytes.IndexByte(start, 0) >= 0:
		return "", errors.New("is neither text nor results of vegeta, but something binary")
	case object && containsAll(line, `"seq":`, `"code":`, `"timestamp":`, `"latency":`):
		return loadgen.JSON, nil
	case csvStart.Match(text):
		return loadgen.CSV, nil
	case object && bytes.Contains(text, []byte(`"splitcheck.dev/report/`)):
		return "", errors.New("is a report of splitcheck, which has been judged already; render it again with splitcheck report")
	}
	return "", nil
}

func containsAll(s []byte, words ...string) bool {
	for _, word := range words {
		if !bytes.Contains(s, []byte(word)) {
			return false
		}
	}
	return true
}
