// Package recorded reads answers that somebody else has recorded into a tally:
// the output of a curl loop, the results of vegeta, or bare counts. It sends
// nothing and judges nothing.
package recorded

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"

	"github.com/splitcheck/splitcheck/identify"
	"github.com/splitcheck/splitcheck/loadgen"
	"github.com/splitcheck/splitcheck/split"
)

// Options say how to read recorded answers.
type Options struct {
	// Name is how the user knows what is read: "1.txt", "standard input".
	Name     string
	Identify identify.Rules
	// Expected are the versions that answers should name.
	Expected []string
	// Answers is how many answers there must be; 0 if the user did not say.
	Answers int64
	// Guessed says that the user gave no rule, so Identify is a guess.
	Guessed bool
	// Split is what stands between the answers of a text; nil if each line
	// with a marker is an answer. See ParseSplit.
	Split *regexp.Regexp
	// Each, if set, is told each answer as it is counted, in dispatch order
	// as far as that is known.
	Each func(split.Answer)
}

// ParseSplit reads what separates answers. ^ and $ match at every line.
func ParseSplit(pattern string) (*regexp.Regexp, error) {
	re, err := regexp.Compile("(?m)" + pattern)
	if err != nil {
		return nil, fmt.Errorf("split %q: %w", pattern, err)
	}
	if re.MatchString("") || re.MatchString("x") && re.FindStringIndex("x")[1] == 0 {
		return nil, fmt.Errorf("split %q matches even nothing at all, so it would separate everything; write what stands between two answers", pattern)
	}
	return re, nil
}

// maxPiece bounds a line of text, or an answer between two separators, in bytes.
const maxPiece = 1 << 20

// A Record is what recorded answers come to.
type Record struct {
	Tally *split.Tally
	// Other counts the lines of a text that are neither answers nor known errors;
	// Example is the first of them, with its place.
	Other   int64
	Example string
	// Disordered says that the record does not tell in which order its answers
	// were asked for, so that the tally has no order either.
	Disordered bool
	// Fault is set if the first answers tell nothing. What follows them is
	// counted, and not to be judged.
	Fault *loadgen.Fault
	// Sorted says that the answers of each version stand together. They may have
	// been sorted after they were recorded; the tally has them as they stand.
	Sorted bool
}

// Read counts the answers that r holds: text, or vegeta's results as gob, JSON
// or CSV, told apart by their content. The tally has no connections, because a
// record does not say which was used. Memory does not grow with the length of
// r. The errors are for the user and name him the line.
func Read(r io.Reader, options Options) (*Record, error) {
	if options.Name == "" {
		options.Name = "the input"
	}
	input := bufio.NewReaderSize(r, 1<<16)
	start, err := input.Peek(1 << 16)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s cannot be read: %w", options.Name, err)
	}
	if bytes.HasPrefix(start, byteOrderMark) {
		if _, err := input.Discard(len(byteOrderMark)); err != nil {
			return nil, fmt.Errorf("%s cannot be read: %w", options.Name, err)
		}
		start = start[len(byteOrderMark):]
	}
	if len(bytes.TrimSpace(start)) == 0 && errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s is empty: there is nothing to judge", options.Name)
	}
	counter, record := &counter{each: options.Each, opening: loadgen.NewOpening(options.Identify, options.Expected)}, &Record{}
	format, err := detect(start)
	if err != nil {
		return nil, fmt.Errorf("%s %w", options.Name, err)
	}
	switch {
	case format != "" && options.Split != nil:
		return nil, fmt.Errorf("%s holds results of vegeta, which need nothing to separate them; leave out --split", options.Name)
	case format != "":
		err = readVegeta(input, format, options, counter)
	case options.Split != nil:
		err = readPieces(input, options, counter)
	case statusLine.Match(bytes.TrimLeft(start, " \t\r\n")):
		err = readExchanges(input, options, counter)
	default:
		err = readLines(input, options, counter, record)
	}
	if err != nil {
		return nil, err
	}
	record.Tally, record.Fault = counter.close(), counter.fault
	record.Disordered = counter.disordered()
	found := record.Tally.Requests()
	switch {
	case options.Answers == 0 || found == options.Answers:
		return record, nil
	case format != "" || options.Split != nil:
		return nil, fmt.Errorf("%s: %d answers were found, but there should be %d", options.Name, found, options.Answers)
	default:
		return nil, fmt.Errorf("%s: %d lines name a version or an error, but there should be %d answers; say what separates one answer from the next with --split REGEXP",
			options.Name, found, options.Answers)
	}
}

var byteOrderMark = []byte("\xef\xbb\xbf")
