package outward

import (
	"bytes"
	"io"
	"unicode"
	"unicode/utf8"
)

// A Writer is a stream that may be a CI job's log or a file that is shown in one.
// It takes finished text. What does not print is shown as Go writes it, but for the
// ends of lines and tabs; and nothing in it is a command to a runner any more:
//
//   - GitHub's runner obeys a line that begins with "::", after any blanks, and
//     "##[" wherever it stands (actions/runner, ActionCommand.cs);
//   - that of Azure Pipelines obeys "##vso[" and "##[" (microsoft/azure-pipelines-agent,
//     Command.cs), and TeamCity's "##teamcity[".
//
// A backslash breaks them, and the words stay readable.
type Writer struct {
	to io.Writer
	// rest is the beginning of a rune whose other bytes are yet to come.
	rest []byte
	// begun says that something other than blanks stands on the line, and colon
	// that it is one colon.
	begun, colon bool
	// hashes is how many "#" stand last, and command says that what stands last
	// is two of them or more and then letters.
	hashes  int
	command bool
}

// NewWriter returns a Writer to a stream.
func NewWriter(to io.Writer) *Writer { return &Writer{to: to} }

// Write implements io.Writer.
func (w *Writer) Write(p []byte) (int, error) {
	var out bytes.Buffer
	text := append(w.rest, p...)
	w.rest = nil
	for len(text) > 0 {
		if !utf8.FullRune(text) {
			w.rest = bytes.Clone(text)
			break
		}
		r, size := utf8.DecodeRune(text)
		text = text[size:]
		w.put(&out, r)
	}
	if _, err := w.to.Write(out.Bytes()); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (w *Writer) put(out *bytes.Buffer, r rune) {
	if w.colon && r == ':' || w.command && r == '[' {
		out.WriteByte('\\')
	}
	w.colon = !w.begun && r == ':'
	w.begun = r != '\n' && (w.begun || !unicode.IsSpace(r))
	if r == '#' {
		w.hashes++
		w.command = w.hashes >= 2
	} else {
		w.hashes = 0
		w.command = w.command && unicode.IsLetter(r)
	}
	if r == '\n' || r == '\t' {
		out.WriteRune(r)
		return
	}
	out.WriteString(shown(r))
}

// Unwrap returns what w writes to.
func (w *Writer) Unwrap() io.Writer { return w.to }
