package recorded

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"

	"github.com/splitcheck/splitcheck/loadgen"
	"github.com/splitcheck/splitcheck/split"
)

// exchangeStart is where an answer of curl -i begins: a status line, and behind it
// a header or the end of the headers. The body of the answer before need not have
// ended its last line.
var exchangeStart = regexp.MustCompile("HTTP/[0-9](?:\\.[0-9])? [1-5][0-9]{2}(?: [^\\r\\n]*)?\\r?\\n(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:|\\r?\\n)")

// exchanges reads the output of curl -i or -I: each status line begins an answer,
// whatever stands in it.
type exchanges struct {
	options Options
	counter *counter
	number  uint64
	line    int
	// hops are answers that send the client elsewhere. With -L the next answer is
	// that of the same request, and without it another request's.
	hops, others int64
	hop          string // the first of them
}

func readExchanges(r io.Reader, options Options, counter *counter) error {
	scanner := bufio.NewScanner(r)
	scanner.Buffer(make([]byte, 1<<16), maxPiece)
	scanner.Split(nextExchange)
	x := &exchanges{options: options, counter: counter, line: 1}
	for scanner.Scan() {
		if err := x.read(scanner.Bytes()); err != nil {
			return err
		}
	}
	switch err := scanner.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return fmt.Errorf("%s:%d: the answer that begins here is longer than %d MiB", options.Name, x.line, maxPiece>>20)
	case err != nil:
		return fmt.Errorf("%s:%d: cannot be read: %w", options.Name, x.line, err)
	case x.number == 0:
		return fmt.Errorf("%s holds no whole answer: there is nothing to judge", options.Name)
	case x.hops > 0 && x.others > 0 && options.Answers == 0:
		return fmt.Errorf("%s: some answers send the client elsewhere, the first at %s, and with curl -L the next answer is that of the same request; "+
			"record without -i or without -L; if there was no -L, say how many answers there are with --answers N", options.Name, x.hop)
	}
	return nil
}

// nextExchange splits data before the second status line in it. One within the
// length that the first answer gives its body is a part of that body.
func nextExchange(data []byte, atEOF bool) (int, []byte, error) {
	if len(data) == 0 {
		return 0, nil, nil
	}
	first := exchangeStart.FindIndex(data)
	if first == nil {
		return whole(data, atEOF)
	}
	body, length := bodyOf(data[first[0]:])
	ends, inside := 0, 0
	if length > 0 && body >= 0 {
		ends = first[0] + body + length
	}
	for at := first[1]; ; {
		found := exchangeStart.FindIndex(data[at:])
		if found == nil {
			break
		}
		start := at + found[0]
		switch {
		// An answer to a HEAD has a length and no body: then the next answer
		// follows the headers at once.
		case ends == 0, start == first[0]+body, curlLine.Match(data[first[0]+body : start]):
			return start, data[:start], nil
		case start < ends && inside == 0:
			inside = start
		case start >= ends && inside > 0 && len(bytes.TrimSpace(data[ends:start])) > 0:
			// The body does not end where it says: it was cut short, and what seemed
			// to stand in it are the next answers.
			return inside, data[:inside], nil
		case start >= ends:
			return start, data[:start], nil
		}
		at += found[1]
	}
	if atEOF && inside > 0 && (len(data) < ends || len(bytes.TrimSpace(data[ends:])) > 0) {
		return inside, data[:inside], nil
	}
	return whole(data, atEOF)
}

// whole takes all of data for an answer, if no more is to come.
func whole(data []byte, atEOF bool) (int, []byte, error) {
	if atEOF {
		return len(data), data, nil
	}
	return 0, nil, nil
}

// bodyOf returns where the body of an answer begins, -1 if the headers are not all
// there, and how long it says it is: -1 if it does not say so, or if what was
// recorded is decoded and has another length.
func bodyOf(answer []byte) (at, length int) {
	at, length = -1, -1
	encoded := false
	for done := 0; done < len(answer); {
		line, _, ended := bytes.Cut(answer[done:], []byte("\n"))
		if !ended {
			break
		}
		done += len(line) + 1
		line = bytes.TrimSuffix(line, []byte("\r"))
		if len(line) == 0 {
			at = done
			break
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		switch value := string(bytes.TrimSpace(value)); {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if n, err := strconv.Atoi(value); err == nil && n >= 0 {
				length = n
			}
		case bytes.EqualFold(name, []byte("Content-Encoding")):
			encoded = true
		}
	}
	if encoded {
		length = -1
	}
	return at, length
}

func (x *exchanges) read(piece []byte) error {
	defer func(lines int) { x.line += lines }(bytes.Count(piece, []byte("\n")))
	text := bytes.TrimLeft(piece, " \t\r\n")
	text, failures := withoutFailures(text)
	answer := answerOf(text)
	at, length := bodyOf(text)
	if at < 0 {
		at = len(text)
	}
	answer.Body = text[at:]
	// An answer on the way to the answer is none: 100 Continue, 103 Early Hints, and
	// a proxy's to CONNECT.
	if answer.Status >= 200 && !connected.Match(text) {
		said := loadgen.Classify(x.options.Identify, answer)
		if cutShort(answer.Body, length, failures) {
			said = split.Answer{Outcome: split.Error, Kind: split.Kind("kind-cut-short")}
		} else if x.options.Guessed && said.Outcome == split.Hit && inPath(answer.Body, said.Version) {
			return fmt.Errorf("%s:%d: is %s in this answer a version or part of an address? say with --identify how an answer names its version: %s",
				x.options.Name, x.line, said.Version, quote(answer.Body))
		}
		if answer.Status < 400 && answer.Header.Get("Location") != "" {
			if x.hops++; x.hop == "" {
				x.hop = fmt.Sprintf("%s:%d", x.options.Name, x.line)
			}
		} else {
			x.others++
		}
		x.add(said, text)
	}
	for _, failed := range failures {
		if !partOfAnswer(failed) || answer.Status < 200 {
			x.add(split.Answer{Outcome: split.Error, Kind: failed}, text)
		}
	}
	return nil
}

func (x *exchanges) add(a split.Answer, text []byte) {
	if a.Outcome != split.Hit {
		a.Example = fmt.Sprintf("%s:%d: %s", x.options.Name, x.line, quote(text))
	}
	a.Number = x.number
	x.number++
	x.counter.see(a, answerOf(text))
}

// withoutFailures takes the lines in which curl says that a request failed out of
// an answer, and returns what they say.
func withoutFailures(text []byte) (rest []byte, failures []string) {
	if !curlLine.Match(text) {
		return text, nil
	}
	for _, found := range curlLine.FindAllSubmatch(text, -1) {
		failures = append(failures, string(found[1]))
	}
	return curlLine.ReplaceAll(text, nil), failures
}

// curlLine is a line, or the rest of one, in which curl says that a request failed.
var curlLine = regexp.MustCompile(`(curl: \(\d+\))[^\n]*\n?`)

// partOfAnswer says whether a failure of curl's is that of an answer of which a
// part had come: 18 is a partial file, 92 a stream of HTTP/2 that was reset.
func partOfAnswer(failure string) bool {
	return failure == "curl: (18)" || failure == "curl: (92)"
}

// cutShort says whether an answer came only in part. An empty body with a length is
// the answer to a HEAD.
func cutShort(body []byte, length int, failures []string) bool {
	for _, each := range failures {
		if partOfAnswer(each) {
			return true
		}
	}
	return len(body) > 0 && len(body) < length
}

var connected = regexp.MustCompile(`^\s*HTTP/[0-9.]+ 200 Connection [Ee]stablished`)
