package recorded

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"

	"github.com/splitcheck/splitcheck/identify"
	"github.com/splitcheck/splitcheck/split"
)

// fewMistakes is how many lines are complained about one by one.
const fewMistakes = 5

// fewAdjacent is how many answers must stand on the line after another one before
// it is clear that answers have no other lines.
const fewAdjacent = 3

// lines reads a text line by line: a line with a marker is an answer, known texts
// of proxies and of curl are errors, and other lines are counted and shown.
type lines struct {
	options Options
	counter *counter
	record  *Record
	layout  layout

	line, answers, hits uint64
	first               string // the first line, for a person to look at
	inside              uint64 // answers with a version inside a longer word
	word                string // the first of them
	mistakes            []error
	more                int
	titled              []split.Answer // errors that only a page's title has said so far
	adjacent            uint64         // hits on the line after another
	strays              uint64         // places with other lines between two answers
	since               int            // other lines since the last answer
	after               bool           // that answer was a hit
	tallied             bool           // all lines so far look like those of uniq -c
}

func readLines(r io.Reader, options Options, counter *counter, record *Record) error {
	scanner := bufio.NewScanner(r)
	scanner.Buffer(make([]byte, 1<<16), maxPiece)
	l := &lines{options: options, counter: counter, record: record, tallied: true}
	for scanner.Scan() {
		l.line++
		if err := l.read(scanner.Bytes()); err != nil {
			return err
		}
	}
	switch err := scanner.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return fmt.Errorf("%s:%d: the line is longer than %d MiB; say what separates one answer from the next with --split REGEXP", options.Name, l.line+1, maxPiece>>20)
	case err != nil:
		return fmt.Errorf("%s:%d: cannot be read: %w", options.Name, l.line+1, err)
	}
	return l.end()
}

func (l *lines) read(text []byte) error {
	if bytes.IndexByte(text, 0) >= 0 {
		return fmt.Errorf("%s:%d: the line is not text but something binary", l.options.Name, l.line)
	}
	blank := len(bytes.TrimSpace(text)) == 0
	if l.first == "" && !blank {
		l.first = quote(text)
	}
	l.tallied = l.tallied && (blank || uniqLine.Match(text))
	if curlFailed.Match(text) {
		l.failures(text)
		return nil
	}
	// An answer may stand on the line of an error that has no end of its own.
	answer := answerOf(knownText.ReplaceAll(text, []byte("\n")))
	names, inside := markers(l.options.Identify, answer)
	switch {
	case len(names) == 0 && len(inside) > 0:
		if l.inside++; l.word == "" {
			l.word = l.excerpt(text)
		}
		l.add(split.Answer{Outcome: split.Unidentified, Kind: insideWord, Example: l.excerpt(text)})
		return nil
	case len(names) > 1 || len(names) == 1 && len(inside) > 0:
		l.mistake("the line names several versions, %s: %s", list(append(names, inside...)), quote(text))
	case len(names) == 1 && l.options.Guessed && inPath(text, names[0]):
		l.mistake("is %s in this line a version or part of an address? say with --identify how an answer names its version: %s", names[0], quote(text))
	default:
		failed := l.failures(text)
		if len(names) == 1 {
			l.hit(text, split.Answer{Version: names[0], Status: answer.Status})
		} else if !failed && !blank {
			l.pass(text)
		}
	}
	return nil
}

// failures counts the errors that the line is known to be and says whether there
// are any. The rest of a page says again what its title does, on another line.
func (l *lines) failures(text []byte) bool {
	known := knownTexts(text)
	if len(known) == 0 {
		return false
	}
	for i := range known {
		known[i].Example = l.excerpt(text)
	}
	again := len(l.titled) > 0 && l.titled[0].Kind == known[0].Kind
	if again {
		l.titled = nil
	}
	if only := title.ReplaceAll(text, nil); len(only) < len(text) && len(textsIn(only)) == 0 {
		l.endPage()
		l.titled = known
		return true
	}
	l.endPage()
	for _, each := range known {
		l.add(each)
	}
	l.layout.interrupt()
	return true
}

// endPage counts what only the title of a page has said.
func (l *lines) endPage() {
	for _, each := range l.titled {
		l.add(each)
		l.layout.interrupt()
	}
	l.titled = nil
}

// hit counts a line with a marker.
func (l *lines) hit(text []byte, a split.Answer) {
	l.endPage()
	switch {
	case !l.after: // An error may be a page of several lines.
	case l.since == 0:
		l.adjacent++
	default:
		l.strays++
	}
	l.layout.hit(text, a.Version)
	l.hits++
	l.add(a)
	l.after = true
}

func (l *lines) add(a split.Answer) {
	l.since, l.after = 0, false
	a.Number = l.answers
	l.answers++
	l.counter.add(a)
}

// pass takes notice of a line that is no answer.
func (l *lines) pass(text []byte) {
	l.since++
	if l.record.Other++; l.record.Example == "" {
		l.record.Example = l.excerpt(text)
	}
}

// countStrays counts other lines between two answers as an answer that names no
// version, if answers follow each other without such lines too: then the lines are
// not a part of every answer, and may well be one.
func (l *lines) countStrays() {
	if l.options.Answers > 0 || l.adjacent < fewAdjacent {
		return
	}
	for range l.strays {
		l.add(split.Answer{Outcome: split.Unidentified, Kind: noMarker, Example: l.record.Example})
	}
}

func (l *lines) excerpt(text []byte) string {
	return fmt.Sprintf("%s:%d: %s", l.options.Name, l.line, quote(text))
}

func (l *lines) mistake(format string, args ...any) {
	if len(l.mistakes) == fewMistakes {
		l.more++
		return
	}
	l.mistakes = append(l.mistakes, fmt.Errorf("%s:%d: %s", l.options.Name, l.line, fmt.Sprintf(format, args...)))
}

func (l *lines) end() error {
	l.endPage()
	o := l.options
	if len(l.mistakes) > 0 {
		if l.more > 0 {
			l.mistakes = append(l.mistakes, fmt.Errorf("and %d more lines like these", l.more))
		}
		l.mistakes = append(l.mistakes, errors.New("say what separates one answer from the next with --split REGEXP"))
		return errors.Join(l.mistakes...)
	}
	if l.answers == 0 {
		return fmt.Errorf("%s: none of its %d lines names a version by %s; the first one reads %s", o.Name, l.line, o.Identify, l.first)
	}
	if l.inside == l.answers {
		return fmt.Errorf("%s: none of its %d lines names a version by %s, except inside longer words, as in %s", o.Name, l.line, o.Identify, l.word)
	}
	if l.hits > 0 && l.tallied && l.hits == uint64(len(l.counter.known)) {
		return fmt.Errorf("%s looks like the output of sort | uniq -c, which holds counts and not answers; give the counts with --counts, such as --counts v1=881,v2=119; the first line reads %s", o.Name, l.first)
	}
	if why := l.layout.several(); why != "" && o.Answers == 0 {
		return fmt.Errorf("%s: its lines cannot be counted as answers, for %s; say what separates one answer from the next with --split REGEXP, or how many answers there are with --answers N", o.Name, why)
	}
	l.record.Sorted = l.layout.sorted()
	l.countStrays()
	return nil
}

// uniqLine is a line of uniq -c, or a version and how many times it answered.
var uniqLine = regexp.MustCompile(`^\s*(?:[1-9][0-9]*\s+\S.*|\S+[\s:=]+[1-9][0-9]*\s*)$`)

// inPath says whether a version stands in a line only as part of an address.
func inPath(text []byte, version string) bool {
	for at := 0; ; {
		found := bytes.Index(text[at:], []byte(version))
		if found < 0 {
			return false
		}
		from, to := at+found, at+found+len(version)
		if from > 0 && text[from-1] == '/' || to < len(text) && text[to] == '/' {
			return true
		}
		at = to
	}
}

// markers returns the versions that any rule finds, not only the first that
// matches: two answers on one line can be told by two rules. inside are those that
// stand inside longer words, which may be where one answer ends and the next begins.
func markers(rules identify.Rules, a identify.Answer) (names, inside []string) {
	for _, found := range rules.Explain(a) {
		for _, version := range found.Versions {
			if !slices.Contains(names, version) {
				names = append(names, version)
			}
		}
		inside = append(inside, found.Inside...)
	}
	return names, inside
}
