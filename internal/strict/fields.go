package strict

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/splitcheck/splitcheck/internal/problems"
)

// A Field is one that may stand in a map.
type Field struct {
	Name     string
	Required bool
	Read     func(n *yaml.Node)
}

// Required and Optional are such fields.
func Required(name string, read func(*yaml.Node)) Field { return Field{name, true, read} }

func Optional(name string, read func(*yaml.Node)) Field { return Field{name, false, read} }

// Object reads the fields of a map in the order of fields, not of the file, so
// that a later one may build on an earlier one.
func (r *Reader) Object(n *yaml.Node, path string, fields ...Field) {
	var names, required []string
	for _, f := range fields {
		names = append(names, f.Name)
		if f.Required {
			required = append(required, f.Name)
		}
	}
	if n.Kind != yaml.MappingNode {
		r.NotAMap(n, path, names)
		return
	}
	for _, f := range fields {
		_, value := Entry(n, f.Name)
		if value != nil && !IsNull(value) {
			f.Read(value)
		}
	}
	for key, value := range Entries(n) {
		switch {
		case !slices.Contains(names, key.Value):
			r.Unknown(key, path, names)
		case IsNull(value) && slices.Contains(required, key.Value):
			r.At(key, Join(path, key.Value)+" has no value", "write one")
		case IsNull(value):
			r.Record(Empty(key, path))
		}
	}
	for _, name := range required {
		if key, _ := Entry(n, name); key == nil {
			r.At(n, Join(path, name)+" is missing", "")
		}
	}
}

// Wrong reports that a value is not what it must be.
func (r *Reader) Wrong(n *yaml.Node, path, want, hint string) {
	if hint == "" && n.Kind == yaml.ScalarNode {
		switch {
		case want == "text" && !IsNull(n):
			hint = fmt.Sprintf("put it in quotes: %q", Brief(n.Value))
		case n.Tag == "!!str" && looksLike(want, n.Value):
			hint = "write it without quotes"
		}
	}
	got := Describe(n)
	if path == "" && n.Kind == yaml.ScalarNode {
		got = "text" // of a file that was not meant, perhaps
	}
	r.At(n, fmt.Sprintf("%s: want %s, got %s", OrTop(path), want, got), hint)
}

func looksLike(want, value string) bool {
	switch want {
	case "a whole number":
		_, err := strconv.Atoi(value)
		return err == nil
	case "a number":
		_, err := strconv.ParseFloat(value, 64)
		return err == nil
	case "true or false":
		return value == "true" || value == "false"
	}
	return false
}

// mostNames is how many names of fields a message has room for.
const mostNames = 20

// Unknown reports a field that is not one of known.
func (r *Reader) Unknown(key *yaml.Node, path string, known []string) {
	hint := problems.DidYouMean(key.Value, known)
	if hint == "" {
		hint = "the fields here are " + strings.Join(known, ", ")
		if len(known) > mostNames {
			hint = "remove it, or check its indentation"
		}
	}
	r.At(key, fmt.Sprintf("%s: unknown field %q", OrTop(path), Brief(key.Value)), hint)
}

// Empty is the problem of a field without a value.
func Empty(key *yaml.Node, path string) problems.Problem {
	return problems.Problem{Line: key.Line, Column: key.Column, Message: Join(path, key.Value) + " has no value", Hint: "write one, or remove the field"}
}

// NotAMap reports that a value is not a map of these fields.
func (r *Reader) NotAMap(n *yaml.Node, path string, known []string) {
	hint := ""
	if len(known) <= mostNames {
		hint = "its fields are " + strings.Join(known, ", ")
	}
	r.Wrong(n, path, "a map", hint)
}

// Known says whether a word is one of those that are known, and reports it if not.
func (r *Reader) Known(n *yaml.Node, path, word string, words []string) bool {
	if slices.Contains(words, word) {
		return true
	}
	hint := problems.DidYouMean(word, words)
	if hint == "" {
		hint = "write one of " + strings.Join(words, ", ")
		if len(words) == 1 {
			hint = "write " + words[0]
		}
	}
	r.At(n, fmt.Sprintf("%s: %q is not known here", path, Brief(word)), hint)
	return false
}

// Text reads a scalar by its text: a version 1.10 is not a number here, whatever
// YAML makes of it.
func (r *Reader) Text(n *yaml.Node, path string) (string, bool) {
	if n.Kind != yaml.ScalarNode || IsNull(n) {
		r.Wrong(n, path, "text", "")
		return "", false
	}
	return n.Value, true
}

// OneOf reads a word out of a list; it is of use only if it is one of them.
func (r *Reader) OneOf(n *yaml.Node, path string, words ...string) (string, bool) {
	word, ok := r.Text(n, path)
	if !ok {
		return "", false
	}
	return word, r.Known(n, path, word, words)
}

// List calls read with each entry of a list.
func (r *Reader) List(n *yaml.Node, path string, read func(n *yaml.Node, path string)) {
	if n.Kind != yaml.SequenceNode {
		r.Wrong(n, path, "a list", "write it as [a, b], or begin each entry with a dash")
		return
	}
	for i, item := range n.Content {
		at := path + "[" + strconv.Itoa(i) + "]"
		if IsNull(item) {
			r.At(item, at+" is empty", "remove the dash, or write the entry")
			continue
		}
		read(item, at)
	}
}

// Mapping calls read with each entry of a map, in the order of the file.
func (r *Reader) Mapping(n *yaml.Node, path, want string, read func(key, value *yaml.Node, path string)) {
	if n.Kind != yaml.MappingNode {
		r.Wrong(n, path, "a map", want)
		return
	}
	for key, value := range Entries(n) {
		read(key, value, Join(path, key.Value))
	}
}

// Texts reads a map of texts.
func (r *Reader) Texts(n *yaml.Node, path, want string) map[string]string {
	all := map[string]string{}
	r.Mapping(n, path, want, func(key, value *yaml.Node, path string) {
		if text, ok := r.Text(value, path); ok {
			all[key.Value] = text
		}
	})
	return all
}
