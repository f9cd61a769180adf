package strict

import (
	"fmt"
	"math"
	"strings"

	"go.yaml.in/yaml/v3"
)

// An expander copies the nodes of one document, with aliases and merges
// written out.
type expander struct {
	*Reader
	offset int // lines before the document
	active map[*yaml.Node]bool
	full   bool // the bound on nodes or depth is reported
	// foreign says that nothing in the document may be repeated.
	foreign bool
}

// expand returns nil if it has reported a problem and there is no point in
// looking further.
func (e *expander) expand(n *yaml.Node, depth int) *yaml.Node {
	line := n.Line + e.offset
	if e.full {
		return nil
	}
	if depth > maxDepth {
		e.full = true
		e.Add(line, n.Column, fmt.Sprintf("values nest more than %d deep", maxDepth), "no Kubernetes object does; is this the file you meant?")
		return nil
	}
	if e.nodes++; e.nodes > maxNodes {
		e.full = true
		e.Add(line, n.Column, fmt.Sprintf("the file holds more than %d values once its aliases are written out", maxNodes), "write fewer aliases, or split the file")
		return nil
	}
	if n.Kind == yaml.AliasNode {
		if e.active[n.Alias] {
			e.full = true
			e.Add(line, n.Column, fmt.Sprintf("*%s contains itself", n.Value), "an alias cannot stand inside its own anchor")
			return nil
		}
		return e.expand(n.Alias, depth+1)
	}
	if n.Anchor != "" {
		e.active[n] = true
		defer delete(e.active, n)
	}
	c := &yaml.Node{Kind: n.Kind, Style: n.Style, Tag: n.ShortTag(), Value: n.Value, Line: line, Column: n.Column}
	switch n.Kind {
	case yaml.ScalarNode:
		e.scalar(c)
	case yaml.SequenceNode:
		for _, item := range n.Content {
			if item := e.expand(item, depth+1); item != nil {
				c.Content = append(c.Content, item)
			}
		}
	case yaml.MappingNode:
		e.mapping(n, c, depth)
	}
	if n.Kind != yaml.ScalarNode && n.Style&yaml.TaggedStyle != 0 && c.Tag != "!!map" && c.Tag != "!!seq" {
		e.At(c, fmt.Sprintf("the tag %s means nothing here", e.brief(n.Tag)), "remove it")
	}
	return c
}

// scalar gives c the tag that Kubernetes reads it with.
func (e *expander) scalar(c *yaml.Node) {
	plain := c.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle|yaml.TaggedStyle) == 0
	switch c.Tag {
	case "!!str":
		if plain && isOldBool(c.Value) {
			c.Tag = "!!bool"
		}
	case "!!timestamp":
		c.Tag = "!!str"
	case "!!int", "!!float":
		var f float64
		if err := c.Decode(&f); err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
			e.At(c, fmt.Sprintf("%s is not a number that can be used", e.brief(c.Value)), "write a finite number, or put it in quotes if it is text")
			c.Tag, c.Value = "!!int", "0"
		}
	case "!!bool", "!!null":
	default:
		e.At(c, fmt.Sprintf("the tag %s means nothing here", e.brief(c.Tag)), "remove it")
		c.Tag = "!!str"
	}
}

// isOldBool reports whether a word is a boolean in YAML 1.1, which Kubernetes
// uses, but text in YAML 1.2.
func isOldBool(s string) bool {
	switch strings.ToLower(s) {
	case "y", "n":
		return true
	case "yes", "no", "on", "off":
		return s == strings.ToLower(s) || s == strings.ToUpper(s) || s[1:] == strings.ToLower(s[1:])
	}
	return false
}

func (e *expander) mapping(n, c *yaml.Node, depth int) {
	seen := map[string]*yaml.Node{}
	var merges []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Kind == yaml.ScalarNode && key.ShortTag() == "!!merge" {
			merges = append(merges, value)
			continue
		}
		key = e.expand(key, depth+1)
		value = e.expand(value, depth+1)
		if key == nil || value == nil {
			continue
		}
		if key.Kind != yaml.ScalarNode {
			if key.Kind == yaml.MappingNode && n.Style&yaml.FlowStyle != 0 {
				e.At(n, templated, renderFirst)
				continue
			}
			e.At(key, "a field's name must be text", "remove the ? or the brackets before the colon")
			continue
		}
		if first := seen[key.Value]; first != nil {
			e.At(key, fmt.Sprintf("%q is given twice; the first is in line %d", e.brief(key.Value), first.Line), "keep one of them")
			continue
		}
		seen[key.Value] = key
		c.Content = append(c.Content, key, value)
	}
	for _, merge := range merges {
		for _, source := range e.mergeSources(merge, depth) {
			for i := 0; i+1 < len(source.Content); i += 2 {
				key := source.Content[i]
				if seen[key.Value] == nil {
					seen[key.Value] = key
					c.Content = append(c.Content, key, source.Content[i+1])
				}
			}
		}
	}
}

// mergeSources returns the maps that a << includes; earlier ones win.
func (e *expander) mergeSources(merge *yaml.Node, depth int) []*yaml.Node {
	value := e.expand(merge, depth+1)
	if value == nil {
		return nil
	}
	sources := []*yaml.Node{value}
	if value.Kind == yaml.SequenceNode {
		sources = value.Content
	}
	for _, source := range sources {
		if source.Kind != yaml.MappingNode {
			e.At(source, "<< must bring in a map, or a list of maps", "write <<: *name, where &name marks a map")
			return nil
		}
	}
	return sources
}

func (e *expander) brief(s string) string {
	if e.foreign {
		return "…"
	}
	return Brief(s)
}

// Brief shortens the user's words so that they fit into a message.
func Brief(s string) string {
	const most = 60
	runes := []rune(s)
	if len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return s
}
