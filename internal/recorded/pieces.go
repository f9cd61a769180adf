package recorded

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
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
			counter.see(answer, answerOf(piece))
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
