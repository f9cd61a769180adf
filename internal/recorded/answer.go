package recorded

import (
	"bytes"
	"net/http"
	"regexp"
	"strconv"

	"github.com/splitcheck/splitcheck/identify"
	"github.com/splitcheck/splitcheck/loadgen"
	"github.com/splitcheck/splitcheck/split"
)

var (
	noMarker   = split.Kind("kind-no-marker-recorded")
	insideWord = split.Kind("kind-inside-word")
)

// classify says what a piece of text that is one answer came to. One of curl -i has
// a status; one without may still be an error that a proxy words always alike.
func classify(rules identify.Rules, piece []byte) split.Answer {
	answer := answerOf(piece)
	if answer.Status != 0 {
		return loadgen.Classify(rules, answer)
	}
	switch version, other := rules.Names(answer); {
	case other != "":
		return split.Answer{Outcome: split.Unidentified, Kind: loadgen.NamesTwo}
	case version != "":
		return split.Answer{Version: version}
	}
	if known := knownTexts(piece); len(known) > 0 {
		return known[0]
	}
	return split.Answer{Outcome: split.Unidentified, Kind: noMarker}
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
