package reports

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"unicode"
	"unicode/utf8"
)

// A Format renders a finished document: a *Report, a *Plan or a *Simulation. The
// same document always renders the same.
type Format[D any] func(io.Writer, D) error

// JSON writes the report as the contract has it, indented, with a newline at
// the end. It is a Format.
func JSON(w io.Writer, r *Report) error { return writeJSON(w, r) }

// writeJSON writes document so that it can be shown on a terminal: everything
// that does not print is escaped. The encoder by itself lets through DEL, the
// C1 controls and marks that turn the direction of text, and what a hostile
// server sent may hold them.
func writeJSON(w io.Writer, document any) error {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(document); err != nil {
		return fmt.Errorf("cannot write the report as JSON: %w", err)
	}
	_, err := w.Write(breakCommands(escapeUnprintable(onOneLine(b.Bytes()))))
	return err
}

// commands are what CI runners obey wherever it stands in a line, as GitHub's does
// "##[error]": see outward.Writer, which has those that begin a line, and where no
// JSON of ours can have them.
var commands = regexp.MustCompile(`##[A-Za-z]*\[`)

// breakCommands escapes the bracket. It stands in a string, for there is no "#"
// outside of them.
func breakCommands(text []byte) []byte {
	return commands.ReplaceAllFunc(text, func(command []byte) []byte {
		return append(command[:len(command)-1:len(command)-1], `\u005b`...)
	})
}

// numbers is a list of nothing but numbers as the encoder indents it. No string
// can look like it, for in a string the end of a line is escaped.
var numbers = regexp.MustCompile(`\[\n[-+.,\sEe0-9]+\]`)

// onOneLine writes lists of numbers on one line each: the course of a sample
// would take thousands.
func onOneLine(text []byte) []byte {
	return numbers.ReplaceAllFunc(text, func(list []byte) []byte {
		words := bytes.Join(bytes.Fields(list), []byte(" "))
		return slices.Concat([]byte("["), words[2:len(words)-2], []byte("]"))
	})
}

// escapeUnprintable rewrites runes that do not print as \u escapes. They stand
// in strings only: outside of them JSON is ASCII, and of its control
// characters the encoder writes only newlines, itself.
func escapeUnprintable(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		switch {
		case r == '\n' || unicode.IsPrint(r) && r != utf8.RuneError:
			out = append(out, text[:size]...)
		case r > 0xFFFF:
			// JSON has four digits only: a pair of surrogates.
			r -= 0x10000
			out = appendEscape(appendEscape(out, 0xD800+r>>10), 0xDC00+r&0x3FF)
		default:
			out = appendEscape(out, r)
		}
		text = text[size:]
	}
	return out
}

func appendEscape(out []byte, r rune) []byte {
	digits := strconv.FormatInt(int64(r)+0x10000, 16)[1:]
	return append(append(out, `\u`...), digits...)
}
