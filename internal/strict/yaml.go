// Package strict reads YAML so that every mistake in a file is told at once, with
// its place, in one voice: fields that are not known, values of another kind than
// is wanted, fields without a value. It knows the fields of no document: those are
// for whoever reads one.
package strict

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/splitcheck/splitcheck/internal/problems"
)

// Limits on what is read. Each is far above what people write, and low enough
// that a hostile file costs little time and memory.
const (
	// MaxFileSize is the greatest size of a file, in bytes.
	MaxFileSize = 8 << 20
	// maxDocumentSize is what etcd takes for one object; a greater one could
	// not be applied to any cluster.
	maxDocumentSize = 3 << 19
	// maxNodes bounds the values of a file after its aliases are written out.
	maxNodes    = 400_000
	maxDepth    = 100
	maxProblems = 100
)

// A Reader gathers what is wrong with one file.
type Reader struct {
	// File is the name by which the user knows the file.
	File string
	// Found is what is wrong, in no order.
	Found problems.List
	nodes int
}

// Add reports a mistake by its place.
func (r *Reader) Add(line, column int, message, hint string) {
	r.Record(problems.Problem{Line: line, Column: column, Message: message, Hint: hint})
}

// Record reports a problem of the file, unless there are more than anybody reads.
func (r *Reader) Record(p problems.Problem) {
	if r.Full() {
		return
	}
	if len(r.Found) == maxProblems {
		p.Message, p.Hint, p.Warning = fmt.Sprintf("more than %d mistakes; the rest is not shown", maxProblems), "", false
	}
	p.File = r.File
	r.Found = append(r.Found, p)
}

// Full reports whether further mistakes are no longer recorded. Then nothing
// that is read from here on can be assumed to be correct.
func (r *Reader) Full() bool { return len(r.Found) > maxProblems }

// At reports a mistake in a value.
func (r *Reader) At(n *yaml.Node, message, hint string) { r.Add(n.Line, n.Column, message, hint) }

// Documents reads the documents of the file into nodes, one for each document
// that holds anything, with aliases and merges written out, so that a node's
// Content is all there is to look at. A document that does not say what it is has
// no Content, and no message repeats what is in it. Lines and columns are the file's. Scalars
// have the tag that Kubernetes gives them: yes, no, on and off without quotes
// are booleans, as in YAML 1.1. Bad syntax, duplicate keys, aliases that
// multiply, and anything that is not text are reported, never panicked over.
func (r *Reader) Documents(data []byte) []*yaml.Node {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if len(data) > MaxFileSize {
		r.Add(0, 0, fmt.Sprintf("the file is larger than %d MiB", MaxFileSize>>20), "is this the file you meant? Split it if it is")
		return nil
	}
	if line, column, bad := firstNonText(data); bad {
		r.Add(line, column, "this is not UTF-8 text", "is this the file you meant?")
		return nil
	}
	var roots []*yaml.Node
	for _, chunk := range documentChunks(data) {
		if len(chunk.text) > maxDocumentSize {
			r.Add(chunk.line+1, 1, fmt.Sprintf("this document is larger than %.1f MiB, more than a cluster would take", float64(maxDocumentSize)/(1<<20)), "split it")
			continue
		}
		roots = append(roots, r.parse(chunk)...)
	}
	return roots
}

// firstNonText finds the first byte that no text file holds.
func firstNonText(data []byte) (line, column int, bad bool) {
	line, column = 1, 1
	for len(data) > 0 {
		c, size := utf8.DecodeRune(data)
		switch {
		case c == utf8.RuneError && size == 1, c < ' ' && c != '\n' && c != '\r' && c != '\t', c == 0x7f:
			return line, column, true
		case c == '\n':
			line, column = line+1, 0
		}
		column++
		data = data[size:]
	}
	return 0, 0, false
}

type chunk struct {
	line int // lines before it
	text []byte
}

// documentChunks cuts data before each line that begins a document, so a syntax
// mistake in one document does not hide those in the next.
func documentChunks(data []byte) []chunk {
	var (
		chunks      []chunk
		start, line int
		at          chunk
		hasContent  bool
	)
	end := func(stop int) {
		at.text = data[start:stop]
		if hasContent {
			chunks = append(chunks, at)
		}
	}
	for offset := 0; offset < len(data); line++ {
		length := bytes.IndexByte(data[offset:], '\n') + 1
		if length == 0 {
			length = len(data) - offset
		}
		text := data[offset : offset+length]
		if bytes.HasPrefix(text, []byte("---")) && (len(text) == 3 || strings.IndexByte(" \t\r\n", text[3]) >= 0) {
			end(offset)
			start, at, hasContent = offset, chunk{line: line}, false
			text = text[3:]
		}
		text = bytes.TrimSpace(text)
		if len(text) > 0 && text[0] != '#' && text[0] != '%' {
			hasContent = true
		}
		offset += length
	}
	end(len(data))
	return chunks
}

func (r *Reader) parse(c chunk) (roots []*yaml.Node) {
	// yaml.v3 has been known to panic on malformed comments; a user's file
	// must not bring us down whatever the parser does.
	defer func() {
		if recover() != nil {
			r.Add(c.line+1, 1, "this document cannot be read as YAML", "look for unfinished quotes, brackets and indentation")
		}
	}()
	decoder := yaml.NewDecoder(bytes.NewReader(c.text))
	for {
		var document yaml.Node
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			return roots
		}
		if err != nil {
			r.syntax(c, err)
			return roots
		}
		if document.Kind != yaml.DocumentNode || len(document.Content) == 0 {
			continue
		}
		e := expander{Reader: r, offset: c.line, active: map[*yaml.Node]bool{}, foreign: isForeign(document.Content[0])}
		root := e.expand(document.Content[0], 0)
		if root != nil && e.foreign {
			root.Content = nil // for whoever would name a field of it
		}
		if root != nil && root.Tag != "!!null" {
			roots = append(roots, root)
		}
	}
}

// Of a template of Helm's, which is not YAML until it is rendered.
const (
	templated   = "{{ }} stands in a template, which is no manifest yet"
	renderFirst = "render it first, such as with helm template, and give the result; or quote the text"
)

// isForeign says that a document is none that we read: those are maps that say what
// they are. No message shows what is in another one, which may be /etc/passwd or a
// file of credentials.
func isForeign(root *yaml.Node) bool {
	for key := range Entries(root) {
		if problems.Nearest(key.Value, []string{"apiVersion", "kind", "metadata", "spec"}) != "" {
			return false
		}
	}
	return true
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)

// syntax reports what the parser could not read, in plainer words if it is one
// of the usual slips.
func (r *Reader) syntax(c chunk, err error) {
	line, message := 0, err.Error()
	if m := yamlLine.FindStringSubmatch(message); m != nil {
		line, _ = strconv.Atoi(m[1])
		message = m[2]
	}
	lines := strings.Split(string(c.text), "\n")
	// The parser's line is where it gave up. A tab used for indentation is the
	// likely reason, and is on that line or before it.
	if strings.Contains(message, "cannot start any token") || strings.Contains(message, "tab character") {
		for i, text := range lines[:min(len(lines), line+1)] {
			indent := text[:len(text)-len(strings.TrimLeft(text, " \t"))]
			if tab := strings.IndexByte(indent, '\t'); tab >= 0 {
				r.Add(c.line+i+1, tab+1, "a tab indents this line, and YAML allows only spaces there", "replace the tab with spaces")
				return
			}
		}
	}
	// The first line of a template is where the parser gave up, or above it.
	for i, text := range lines[:min(len(lines), line+1)] {
		if at := strings.Index(text, "{{"); at >= 0 && strings.Contains(text[at:], "}}") && !strings.ContainsAny(text[:at], `"'#`) {
			r.Add(c.line+i+1, at+1, templated, renderFirst)
			return
		}
	}
	hint := "check the indentation and the colons of this line and the one above"
	switch {
	case strings.Contains(message, "mapping values are not allowed"):
		hint = "text with a colon and a space in it needs quotes; otherwise check the indentation"
	case strings.Contains(message, "did not find expected"):
		hint = "look for a bracket, brace or quote that is not closed, and for indentation that does not line up"
	case strings.Contains(message, "unknown anchor"):
		message = "unknown anchor" // its name is a word of the file
		hint = "an alias (*name) needs an anchor (&name) before it in the same document; quote the text if it only begins with *"
	}
	column := 0
	if line > 0 && line <= len(lines) {
		column = 1 + len(lines[line-1]) - len(strings.TrimLeft(lines[line-1], " "))
		line += c.line
	} else {
		line, column = c.line+max(1, min(line, len(lines))), 1
	}
	r.Add(line, column, "this is not YAML: "+message, hint)
}
