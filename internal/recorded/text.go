package recorded

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/splitcheck/splitcheck/identify"
	"github.com/splitcheck/splitcheck/split"
)

// fewMistakes is how many lines are complained about one by one.
const fewMistakes = 5

// readLines counts each line with a marker as an answer and passes over all
// others.
func readLines(r io.Reader, options Options, counter *counter) error {
	scanner := bufio.NewScanner(r)
	scanner.Buffer(make([]byte, 1<<16), maxPiece)
	var (
		line, hits uint64
		first      string
		ambiguous  []error
		more       int
	)
	for scanner.Scan() {
		line++
		text := scanner.Bytes()
		if bytes.IndexByte(text, 0) >= 0 {
			return fmt.Errorf("%s:%d: the line is no text but something binary", options.Name, line)
		}
		if first == "" {
			first = quote(text)
		}
		switch found := markers(options.Identify, answerOf(text)); {
		case len(found) == 0:
		case len(found) > 1 && len(ambiguous) < fewMistakes:
			ambiguous = append(ambiguous, fmt.Errorf("%s:%d: the line names several versions, %s: %s",
				options.Name, line, list(found), quote(text)))
		case len(found) > 1:
			more++
		default:
			counter.add(split.Answer{Number: hits, Version: found[0]})
			hits++
		}
	}
	switch err := scanner.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return fmt.Errorf("%s:%d: the line is longer than %d MiB; say what separates one answer from the next with --split REGEXP", options.Name, line+1, maxPiece>>20)
	case err != nil:
		return fmt.Errorf("%s:%d: cannot be read: %w", options.Name, line+1, err)
	case len(ambiguous) > 0:
		if more > 0 {
			ambiguous = append(ambiguous, fmt.Errorf("and %d more lines like these", more))
		}
		ambiguous = append(ambiguous, errors.New("say what separates one answer from the next with --split REGEXP"))
		return errors.Join(ambiguous...)
	case hits == 0:
		return fmt.Errorf("%s: none of its %d lines names a version by %s; the first one reads %s", options.Name, line, options.Identify, first)
	}
	return nil
}

// markers returns the versions that any rule finds, not only the first that
// matches: two answers on one line can be told by two rules.
func markers(rules identify.Rules, a identify.Answer) []string {
	var all []string
	for _, rule := range rules {
		for _, version := range rule.All(a) {
			if !slices.Contains(all, version) {
				all = append(all, version)
			}
		}
	}
	return all
}

// readPieces counts all that stands between two separators as an answer,
// whether it names a version or not. Blank text before the first separator and
// after the last is none.
func readPieces(r io.Reader, options Options, counter *counter) error {
	scanner := bufio.NewScanner(r)
	scanner.Buffer(make([]byte, 1<<16), maxPiece)
	var (
		number uint64
		line   = 1
		first  = true
		last   bool
	)
	scanner.Split(func(data []byte, atEOF bool) (int, []byte, error) {
		at := options.Split.FindIndex(data)
		// At the end of what has been read, the separator may go on.
		if at != nil && at[1] > at[0] && (at[1] < len(data) || atEOF) {
			return at[1], data[:at[0]:at[1]], nil
		}
		if atEOF && len(data) > 0 && !last {
			last = true
			return len(data), data, nil
		}
		return 0, nil, nil
	})
	for scanner.Scan() {
		piece := scanner.Bytes()
		whole := piece[:cap(piece):cap(piece)]
		if last {
			whole = piece
		}
		if blank := len(bytes.TrimSpace(piece)) == 0; !blank || !first && !last {
			answer := classify(options.Identify, piece)
			if answer.Outcome != split.Hit {
				answer.Example = fmt.Sprintf("%s:%d: %s", options.Name, line, quote(piece))
			}
			answer.Number = number
			counter.add(answer)
			number++
		}
		first = false
		line += bytes.Count(whole, []byte("\n"))
	}
	switch err := scanner.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return fmt.Errorf("%s:%d: the answer that begins here is longer than %d MiB; does --split %s say what separates answers?",
			options.Name, line, maxPiece>>20, strings.TrimPrefix(options.Split.String(), "(?m)"))
	case err != nil:
		return fmt.Errorf("%s:%d: cannot be read: %w", options.Name, line, err)
	case number == 0:
		return fmt.Errorf("%s holds nothing but separators: there is nothing to judge", options.Name)
	}
	return nil
}

func classify(rules identify.Rules, piece []byte) split.Answer {
	if version, ok := rules.Identify(answerOf(piece)); ok {
		return split.Answer{Version: version}
	}
	return split.Answer{Outcome: split.Unidentified, Kind: "no marker in a recorded answer"}
}

var (
	statusLine = regexp.MustCompile(`^HTTP/[\d.]+ (\d{3})`)
	headerLine = regexp.MustCompile(`^([!-9;-~]+): (.+)`)
)

// answerOf makes an answer of recorded text. Its lines may be those of curl -i
// or -I, so status and headers are looked for there too.
func answerOf(text []byte) identify.Answer {
	a := identify.Answer{Body: text}
	for rest := text; ; {
		line, more, found := bytes.Cut(rest, []byte("\n"))
		line = bytes.TrimSuffix(line, []byte("\r"))
		if status := statusLine.FindSubmatch(line); status != nil {
			a.Status, _ = strconv.Atoi(string(status[1]))
		} else if header := headerLine.FindSubmatch(line); header != nil {
			if a.Header == nil {
				a.Header = http.Header{}
			}
			a.Header.Add(string(header[1]), string(header[2]))
		} else {
			return a
		}
		if rest = more; !found {
			return a
		}
	}
}

// quote shows a little of a text that can be anything.
func quote(text []byte) string {
	const most = 80
	text = bytes.TrimSpace(text)
	if len(text) > most {
		return strconv.Quote(strings.ToValidUTF8(string(text[:most]), "")) + "…"
	}
	return strconv.Quote(string(text))
}

func list(words []string) string {
	if len(words) > fewMistakes {
		words = append(words[:fewMistakes:fewMistakes], "…")
	}
	return strings.Join(words, ", ")
}
