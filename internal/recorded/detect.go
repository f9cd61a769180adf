package recorded

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"

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
	array := bytes.HasPrefix(text, []byte("["))
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
	case object && isResult(line):
		return loadgen.JSON, nil
	case csvStart.Match(text):
		return loadgen.CSV, nil
	case (object || array) && isResult(text):
		return "", errors.New("holds results of vegeta as JSON in another layout; give one on each line, as vegeta writes them and jq -c . does (jq -c '.[]' for a list)")
	case resultLine(text) > 0:
		return "", fmt.Errorf("holds results of vegeta from line %d on, and something else before; leave out what does not belong to them", resultLine(start))
	case object && containsAll(text, `"latencies":`, `"bytes_in":`):
		return "", errors.New("is a report of vegeta, which holds no answers; give the results that it was made of")
	case object && bytes.Contains(text, []byte(`"splitcheck.dev/report/`)):
		return "", errors.New("is a report of splitcheck, which has been judged already; render it again with splitcheck report")
	}
	return "", nil
}

// isResult says whether the beginning of s looks like a result of vegeta's as JSON.
func isResult(s []byte) bool {
	return resultField["seq"].Match(s) && resultField["code"].Match(s) && resultField["timestamp"].Match(s) && resultField["latency"].Match(s)
}

var resultField = func() map[string]*regexp.Regexp {
	fields := map[string]*regexp.Regexp{}
	for _, name := range []string{"seq", "code", "timestamp", "latency"} {
		fields[name] = regexp.MustCompile(`"` + name + `"\s*:`)
	}
	return fields
}()

// resultLine is the number of the first line, from 1, that is a result of vegeta's
// while the first is not; 0 if there is none.
func resultLine(text []byte) int {
	number := 0
	for line := range bytes.Lines(text) {
		number++
		line = bytes.TrimSpace(line)
		if bytes.HasPrefix(line, []byte("{")) && isResult(line) || csvStart.Match(line) {
			return number
		}
	}
	return 0
}

func containsAll(s []byte, words ...string) bool {
	return !slices.ContainsFunc(words, func(word string) bool { return !bytes.Contains(s, []byte(word)) })
}
