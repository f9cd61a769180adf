package manifests

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/splitcheck/splitcheck/internal/problems"
)

// A shape is what a value must look like. Shapes describe both families of Go
// types, protocol buffers and Kubernetes' structs, so a mistake reads
// the same in both.
type shape interface {
	check(r *reader, n *yaml.Node, path string)
}

// anything is for fields whose content we do not check.
type anything struct{}

func (anything) check(*reader, *yaml.Node, string) {}

// fields is a map with known fields. find returns the shape of a field, or
// nil, and the group of fields it excludes, if any.
type fields struct {
	find  func(name string) (shape, string)
	names func() []string
}

func (f fields) check(r *reader, n *yaml.Node, path string) {
	if n.Kind != yaml.MappingNode {
		hint := ""
		if known := f.names(); len(known) <= 12 {
			hint = "its fields are " + strings.Join(known, ", ")
		}
		r.wrong(n, path, "a map of fields", hint)
		return
	}
	chosen := map[string]string{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		s, group := f.find(key.Value)
		if s == nil {
			r.unknownField(key, path, f.names())
			continue
		}
		if isNull(value) {
			continue
		}
		if group != "" {
			if other := chosen[group]; other != "" {
				r.at(key, fmt.Sprintf("%s: %s and %s exclude each other", orTop(path), other, key.Value), "keep one of them")
				continue
			}
			chosen[group] = key.Value
		}
		s.check(r, value, join(path, key.Value))
	}
}

func (r *reader) unknownField(key *yaml.Node, path string, known []string) {
	hint := problems.DidYouMean(key.Value, known)
	if hint == "" {
		hint = "the fields here are " + strings.Join(known, ", ")
		if len(known) > 12 {
			hint = "remove it, or check its indentation"
		}
	}
	r.at(key, fmt.Sprintf("%s: unknown field %q", orTop(path), brief(key.Value)), hint)
}

// list is a list of equal shapes.
type list struct{ of shape }

func (l list) check(r *reader, n *yaml.Node, path string) {
	if n.Kind != yaml.SequenceNode {
		r.wrong(n, path, "a list", "begin each entry with a dash")
		return
	}
	for i, item := range n.Content {
		at := path + "[" + strconv.Itoa(i) + "]"
		if isNull(item) {
			r.at(item, at+" is empty", "remove the dash, or write the entry")
			continue
		}
		l.of.check(r, item, at)
	}
}

// mapOf is a map with keys of the user's choice.
type mapOf struct{ of shape }

func (m mapOf) check(r *reader, n *yaml.Node, path string) {
	if n.Kind != yaml.MappingNode {
		r.wrong(n, path, "a map", "")
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		at := join(path, key.Value)
		if isNull(value) {
			r.at(key, at+" has no value", `write "" for empty text, or remove it`)
			continue
		}
		m.of.check(r, value, at)
	}
}

// scalar is a single value. It returns whether n is one, having reported why
// it is not itself.
type scalar struct {
	want  string
	tags  []string
	valid func(value string) bool
	hint  string
}

func (s scalar) check(r *reader, n *yaml.Node, path string) {
	if n.Kind != yaml.ScalarNode || !slices.Contains(s.tags, n.Tag) || s.valid != nil && !s.valid(n.Value) {
		r.wrong(n, path, s.want, s.hint)
	}
}

var (
	text     = scalar{want: "text", tags: []string{"!!str"}}
	boolean  = scalar{want: "true or false", tags: []string{"!!bool"}}
	number   = scalar{want: "a number", tags: []string{"!!int", "!!float"}}
	duration = scalar{want: "a duration", tags: []string{"!!str"}, hint: "write it as 5s, 1.5s or 2m", valid: func(value string) bool {
		_, err := time.ParseDuration(value)
		return err == nil
	}}
	timestamp = scalar{want: "a time", tags: []string{"!!str"}, hint: "write it as 2026-01-31T12:00:00Z", valid: func(value string) bool {
		_, err := time.Parse(time.RFC3339, value)
		return err == nil
	}}
)

// integer is a whole number of so many bits.
func integer(bits int, signed bool) shape {
	return scalar{
		want: "a whole number", tags: []string{"!!int"},
		valid: func(value string) bool {
			value = strings.ReplaceAll(value, "_", "")
			var err error
			if signed {
				_, err = strconv.ParseInt(value, 0, bits)
			} else {
				_, err = strconv.ParseUint(value, 0, bits)
			}
			return err == nil
		},
	}
}

// oneOf is text from a list.
type oneOf []string

func (o oneOf) check(r *reader, n *yaml.Node, path string) {
	if n.Kind != yaml.ScalarNode || n.Tag != "!!str" {
		r.wrong(n, path, "one of "+strings.Join(o, ", "), "")
		return
	}
	if slices.Contains(o, n.Value) {
		return
	}
	hint := problems.DidYouMean(n.Value, o)
	if hint == "" {
		hint = "write one of " + strings.Join(o, ", ")
	}
	r.at(n, fmt.Sprintf("%s: %q is not known here", path, brief(n.Value)), hint)
}

// wrong reports that n is not of the wanted kind.
func (r *reader) wrong(n *yaml.Node, path, want, hint string) {
	got := Describe(n)
	if hint == "" && n.Kind == yaml.ScalarNode {
		switch {
		case want == "text":
			hint = fmt.Sprintf("put it in quotes: %q", brief(n.Value))
		case n.Tag == "!!str" && looksLike(want, n.Value):
			hint = "write it without quotes"
		}
	}
	r.at(n, fmt.Sprintf("%s: want %s, got %s", orTop(path), want, got), hint)
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

// Describe says what n is, in the user's words.
func Describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a map"
	case yaml.SequenceNode:
		return "a list"
	}
	switch n.Tag {
	case "!!null":
		return "nothing"
	case "!!bool":
		if lower := strings.ToLower(n.Value); lower != "true" && lower != "false" {
			return fmt.Sprintf("%s, which Kubernetes reads as true or false", n.Value)
		}
		return n.Value
	case "!!int", "!!float":
		return "the number " + brief(n.Value)
	}
	return fmt.Sprintf("the text %q", brief(n.Value))
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// join appends a field to a path as Position reads it.
func join(path, field string) string {
	if strings.ContainsAny(field, `.[]"`) || field == "" {
		return path + "[" + strconv.Quote(field) + "]"
	}
	if path == "" {
		return field
	}
	return path + "." + field
}

func orTop(path string) string {
	if path == "" {
		return "at the top"
	}
	return path
}
