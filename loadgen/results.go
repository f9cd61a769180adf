package loadgen

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"iter"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/splitcheck/splitcheck/identify"
	"github.com/splitcheck/splitcheck/split"
)

// A Format is one of those in which vegeta writes its results down.
type Format string

// The formats, by the names that `vegeta encode -to` gives them.
const (
	Gob  Format = "gob"
	JSON Format = "json"
	CSV  Format = "csv"
)

// maxResult bounds one recorded result, body and all, in bytes.
const maxResult = 16 << 20

// Recorded reads the results that vegeta has written to r, in the order in
// which they stand there, which is that of their completion. Number of each
// answer is vegeta's sequence number, counted from 0 in each attack. The error
// of the last pair says why the rest cannot be read, counting results from 1;
// each result is held in memory alone, and one of more than 16 MiB is refused.
func Recorded(r io.Reader, format Format, rules identify.Rules) iter.Seq2[RecordedAnswer, error] {
	return func(yield func(RecordedAnswer, error) bool) {
		bounded := &boundedReader{source: r}
		var decode vegeta.Decoder
		lines := &lineReader{source: bufio.NewReader(bounded)}
		switch format {
		case Gob:
			decode = vegeta.NewDecoder(bounded)
		case JSON:
			decode = vegeta.NewJSONDecoder(lines)
		case CSV:
			decode = vegeta.NewCSVDecoder(bounded)
		default:
			yield(RecordedAnswer{}, fmt.Errorf("vegeta has no format %q", format))
			return
		}
		for n := 1; ; n++ {
			// A fresh Result: the decoders leave what a record does not
			// mention as it was.
			var result vegeta.Result
			bounded.left = maxResult
			switch err := safely(decode, &result); {
			case errors.Is(err, io.EOF) && (!result.Timestamp.IsZero() || lines.begun >= n):
				// Not the end of the record, but of something within a result.
				yield(RecordedAnswer{}, fmt.Errorf("vegeta result %d cannot be read as %s: it breaks off", n, format))
				return
			case errors.Is(err, io.EOF):
				if format == CSV && n > 1 && bounded.last != '\n' {
					// Its last fields could be missing, and nothing else tells.
					yield(RecordedAnswer{}, fmt.Errorf("vegeta result %d may have been cut: its line is not ended", n-1))
				}
				return
			case err != nil:
				yield(RecordedAnswer{}, fmt.Errorf("vegeta result %d cannot be read as %s: %w", n, format, err))
				return
			}
			if !yield(answerOf(&result, rules, n <= FirstAnswers), nil) {
				return
			}
		}
	}
}

// A RecordedAnswer is an answer and what tells it from all others that were
// recorded.
type RecordedAnswer struct {
	Answer split.Answer
	// Seen is what was identified of one of the first answers, decoded.
	Seen identify.Answer
	// Attack is the name that vegeta was given for the attack; Time is when the
	// request was sent, zero if the record does not say.
	Attack  string
	Time    time.Time
	Latency time.Duration
}

// Fingerprint is the same for the same result, and hardly ever for another.
func (r RecordedAnswer) Fingerprint() uint64 {
	hash := fnv.New64a()
	fmt.Fprintf(hash, "%d %d %d %s", r.Answer.Number, r.Time.UnixNano(), r.Latency, r.Attack)
	return hash.Sum64()
}

func answerOf(result *vegeta.Result, rules identify.Rules, first bool) RecordedAnswer {
	var (
		answer split.Answer
		seen   identify.Answer
	)
	if result.Code == 0 {
		// vegeta notes the status last, when the whole body has been read.
		answer = Failure(errors.New(result.Error))
	} else {
		// Nothing is missing of a body that stands in memory: there is no error.
		answer, _ = classifyBody(rules, int(result.Code), result.Headers, bytes.NewReader(result.Body), maxResult, func(a identify.Answer) {
			// The body is the buffer's, which is used again.
			if !first {
				return
			}
			seen = identify.Answer{Status: a.Status, Header: a.Header, Body: bytes.Clone(a.Body[:min(len(a.Body), mostKept)])}
		})
		answer.Latency = result.Latency
	}
	answer.Number = result.Seq
	return RecordedAnswer{Answer: answer, Seen: seen, Attack: result.Attack, Time: result.Timestamp, Latency: result.Latency}
}

// safely turns a panic of a decoder into an error: encoding/gob does not claim
// to withstand whatever is fed to it.
func safely(decode vegeta.Decoder, result *vegeta.Result) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	return decode(result)
}

var errTooLong = fmt.Errorf("it is longer than %d MiB", maxResult>>20)

// A boundedReader fails when more is read from it than is left.
type boundedReader struct {
	source io.Reader
	left   int
	last   byte // that was read
}

func (b *boundedReader) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooLong
	}
	n, err := b.source.Read(p[:min(len(p), b.left)])
	b.left -= n
	if n > 0 {
		b.last = p[n-1]
	}
	return n, err
}

// A lineReader hands out one line at a time, so that it is known which one a decoder
// is reading: vegeta's JSON decoder calls it the end of the record when a line breaks
// off. It ends the last line if nothing else does, because the decoder drops one that
// is not ended, and leaves out blank ones, at which the decoder would stop.
type lineReader struct {
	source *bufio.Reader
	line   []byte // what is left of the line
	within bool   // a part of the line has been handed out
	begun  int    // lines
}

func (l *lineReader) Read(p []byte) (int, error) {
	for len(l.line) == 0 {
		line, err := l.source.ReadSlice('\n')
		switch {
		case err == nil, errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && (len(line) > 0 || l.within):
			line = append(line[:len(line):len(line)], '\n')
		default:
			return 0, err
		}
		if !l.within && !errors.Is(err, bufio.ErrBufferFull) && len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		if !l.within {
			l.begun++
		}
		l.line, l.within = line, line[len(line)-1] != '\n'
	}
	n := copy(p, l.line)
	l.line = l.line[n:]
	return n, nil
}
