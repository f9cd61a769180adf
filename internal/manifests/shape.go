package manifests

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/splitcheck/splitcheck/internal/strict"
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
		r.NotAMap(n, path, f.names())
		return
	}
	chosen := map[string]string{}
	for key, value := range strict.Entries(n) {
		s, group := f.find(key.Value)
		if s == nil {
			r.Unknown(key, path, f.names())
			continue
		}
		if strict.IsNull(value) {
			r.empty(key, path)
			continue
		}
		if group != "" {
			if other := chosen[group]; other != "" {
				r.At(key, fmt.Sprintf("%s: %s and %s exclude each other", strict.OrTop(path), other, key.Value), "keep one of them")
				continue
			}
			chosen[group] = key.Value
		}
		s.check(r, value, strict.Join(path, key.Value))
	}
}

// empty warns of a field without a value. Kubernetes takes it for one that is not
// there, which is seldom what was meant by writing its name. What generators write
// so is left alone.
func (r *reader) empty(key *yaml.Node, path string) {
	if key.Value == "creationTimestamp" || key.Value == "status" {
		return
	}
	p := strict.Empty(key, path)
	p.Warning = true
	r.Record(p)
}

// list is a list of equal shapes.
type list struct{ of shape }

func (l list) check(r *reader, n *yaml.Node, path string) {
	r.List(n, path, func(n *yaml.Node, path string) { l.of.check(r, n, path) })
}

// mapOf is a map with keys of the user's choice.
type mapOf struct{ of shape }

func (m mapOf) check(r *reader, n *yaml.Node, path string) {
	if n.Kind != yaml.MappingNode {
		r.Wrong(n, path, "a map", "")
		return
	}
	for key, value := range strict.Entries(n) {
		at := strict.Join(path, key.Value)
		if strict.IsNull(value) {
			r.At(key, at+" has no value", `write "" for empty text, or remove it`)
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
		r.Wrong(n, path, s.want, s.hint)
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
		r.Wrong(n, path, "one of "+strings.Join(o, ", "), "")
		return
	}
	r.Known(n, path, n.Value, o)
}
