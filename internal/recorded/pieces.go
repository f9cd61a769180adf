package recorded

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/splitcheck/splitcheck/split"
)

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

// exchangeStart is where an answer of curl -i begins. The body of the one before
// need not have ended its last line.
var exchangeStart = regexp.MustCompile(`HTTP/[0-9](?:\.[0-9])? [1-5][0-9]{2}[ \r\n]`)

// readExchanges reads the output of curl -i or -I: each status line begins an
// answer, whatever stands in it.
func readExchanges(r io.Reader, options Options, counter *counter) error {
	scanner := bufio.NewScanner(r)
	scanner.Buffer(make([]byte, 1<<16), maxPiece)
	scanner.Split(func(data []byte, atEOF bool) (int, []byte, error) {
		if len(data) == 0 {
			return 0, nil, nil
		}
		// The first one begins this answer; what stands before it is blank.
		starts := exchangeStart.FindAllIndex(data, 2)
		switch {
		case len(starts) == 2:
			return starts[1][0], data[:starts[1][0]], nil
		case atEOF:
			return len(data), data, nil
		default:
			return 0, nil, nil
		}
	})
	var (
		number uint64
		line   = 1
	)
	for scanner.Scan() {
		piece := scanner.Bytes()
		answer := answerOf(bytes.TrimLeft(piece, " \t\r\n"))
		// An answer on the way to the answer is none: 100 Continue, 103 Early
		// Hints, and a proxy's to CONNECT.
		if answer.Status >= 200 && !connected.Match(piece) {
			said := classify(options.Identify, bytes.TrimLeft(piece, " \t\r\n"))
			if said.Outcome != split.Hit {
				said.Example = fmt.Sprintf("%s:%d: %s", options.Name, line, said.Example)
			}
			said.Number = number
			counter.add(said)
			number++
		}
		line += bytes.Count(piece, []byte("\n"))
	}
	switch err := scanner.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return fmt.Errorf("%s:%d: the answer that begins here is longer than %d MiB", options.Name, line, maxPiece>>20)
	case err != nil:
		return fmt.Errorf("%s:%d: cannot be read: %w", options.Name, line, err)
	case number == 0:
		return fmt.Errorf("%s holds no whole answer: there is nothing to judge", options.Name)
	}
	return nil
}

var connected = regexp.MustCompile(`^\s*HTTP/[0-9.]+ 200 Connection [Ee]stablished`)
