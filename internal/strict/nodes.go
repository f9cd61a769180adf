package strict

import (
	"fmt"
	"iter"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Entries are the fields of a map, in the order of the file.
func Entries(n *yaml.Node) iter.Seq2[*yaml.Node, *yaml.Node] {
	return func(yield func(key, value *yaml.Node) bool) {
		if n == nil || n.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if !yield(n.Content[i], n.Content[i+1]) {
				return
			}
		}
	}
}

// Entry returns the key and value of a field of a map, or nil.
func Entry(n *yaml.Node, name string) (key, value *yaml.Node) {
	for key, value := range Entries(n) {
		if key.Value == name {
			return key, value
		}
	}
	return nil, nil
}

// IsNull says whether a value is none: nothing, ~ or null.
func IsNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

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
		return "the number " + Brief(n.Value)
	}
	return fmt.Sprintf("the text %q", Brief(n.Value))
}

// Join appends a field to a path; a name with dots is put in quotes.
func Join(path, field string) string {
	if strings.ContainsAny(field, `.[]"`) || field == "" {
		return path + "[" + strconv.Quote(field) + "]"
	}
	if path == "" {
		return field
	}
	return path + "." + field
}

// OrTop is a path in words.
func OrTop(path string) string {
	if path == "" {
		return "at the top"
	}
	return path
}
