package scenarios

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/problems"
)

// A strict reads the fields of splitcheck's own documents and gathers every
// mistake in them. Scalars are taken by their text: a version 1.10 is no number
// here, whatever YAML makes of it.
type strict struct {
	file  string
	found problems.List
	// decoded are the files of manifests that were read before, by the names
	// that problems show; steps often name the same ones. It may be nil.
	decoded map[string]decoded
}

// decoded is what came of reading a file of manifests.
type decoded struct {
	objects []manifests.Object
	found   problems.List
	err     error
}

// A field is one that may stand in a map.
type field struct {
	name     string
	required bool
	read     func(n *yaml.Node)
}

func (s *strict) at(n *yaml.Node, message, hint string) {
	s.found = append(s.found, problems.Problem{File: s.file, Line: n.Line, Column: n.Column, Message: message, Hint: hint})
}

// object reads the fields of a map in the order of fields, not of the file, so
// that a later one may build on an earlier one.
func (s *strict) object(n *yaml.Node, path string, fields ...field) {
	var names, required []string
	for _, f := range fields {
		names = append(names, f.name)
		if f.required {
			required = append(required, f.name)
		}
	}
	if n.Kind != yaml.MappingNode {
		s.wrong(n, path, "a map", "its fields are "+strings.Join(names, ", "))
		return
	}
	for _, f := range fields {
		_, value := entry(n, f.name)
		if value != nil && !isNull(value) {
			f.read(value)
		}
	}
	for key, value := range entries(n) {
		if !slices.Contains(names, key.Value) {
			hint := problems.DidYouMean(key.Value, names)
			if hint == "" {
				hint = "the fields here are " + strings.Join(names, ", ")
			}
			s.at(key, fmt.Sprintf("%s: unknown field %q", orTop(path), brief(key.Value)), hint)
		} else if isNull(value) && !slices.Contains(required, key.Value) {
			s.at(key, fmt.Sprintf("%s has no value", join(path, key.Value)), "write one, or remove the field")
		}
	}
	for _, name := range required {
		if key, value := entry(n, name); key == nil {
			s.at(n, fmt.Sprintf("%s is missing", join(path, name)), "")
		} else if isNull(value) {
			s.at(key, fmt.Sprintf("%s has no value", join(path, name)), "")
		}
	}
}

func (s *strict) wrong(n *yaml.Node, path, want, hint string) {
	s.at(n, fmt.Sprintf("%s: want %s, got %s", orTop(path), want, manifests.Describe(n)), hint)
}

func (s *strict) text(n *yaml.Node, path string) (string, bool) {
	if n.Kind != yaml.ScalarNode || isNull(n) {
		s.wrong(n, path, "text", "")
		return "", false
	}
	return n.Value, true
}

// oneOf reads a word out of a list.
func (s *strict) oneOf(n *yaml.Node, path string, words ...string) (string, bool) {
	word, ok := s.text(n, path)
	if !ok {
		return "", false
	}
	if !slices.Contains(words, word) {
		hint := problems.DidYouMean(word, words)
		if hint == "" {
			hint = "write one of " + strings.Join(words, ", ")
		}
		s.at(n, fmt.Sprintf("%s: %q is not known here", path, brief(word)), hint)
		return "", false
	}
	return word, true
}

// list calls read with each entry of a list.
func (s *strict) list(n *yaml.Node, path string, read func(n *yaml.Node, path string)) {
	if n.Kind != yaml.SequenceNode {
		s.wrong(n, path, "a list", "write it as [a, b], or each entry in a line of its own that begins with a dash")
		return
	}
	for i, item := range n.Content {
		read(item, path+"["+strconv.Itoa(i)+"]")
	}
}

// mapping calls read with each entry of a map, in the order of the file.
func (s *strict) mapping(n *yaml.Node, path, want string, read func(key, value *yaml.Node, path string)) {
	if n.Kind != yaml.MappingNode {
		s.wrong(n, path, "a map", want)
		return
	}
	for key, value := range entries(n) {
		read(key, value, join(path, key.Value))
	}
}

func (s *strict) texts(n *yaml.Node, path, want string) map[string]string {
	all := map[string]string{}
	s.mapping(n, path, want, func(key, value *yaml.Node, path string) {
		if text, ok := s.text(value, path); ok {
			all[key.Value] = text
		}
	})
	return all
}

// number reads a finite number between least and most.
func (s *strict) number(n *yaml.Node, path string, least, most float64) (float64, bool) {
	value, err := strconv.ParseFloat(n.Value, 64)
	if n.Kind != yaml.ScalarNode || err != nil || math.IsNaN(value) || math.IsInf(value, 0) {
		s.wrong(n, path, "a number", "")
		return 0, false
	}
	return value, s.within(n, path, value, least, most)
}

func (s *strict) whole(n *yaml.Node, path string, least, most int) (int, bool) {
	value, err := strconv.ParseFloat(n.Value, 64) // 1e6 is a good way to write a million.
	if n.Kind != yaml.ScalarNode || err != nil || value != math.Trunc(value) || math.IsInf(value, 0) {
		s.wrong(n, path, "a whole number", "")
		return 0, false
	}
	if !s.within(n, path, value, float64(least), float64(most)) {
		return 0, false
	}
	return int(value), true
}

func (s *strict) within(n *yaml.Node, path string, value, least, most float64) bool {
	if value >= least && value <= most {
		return true
	}
	s.at(n, fmt.Sprintf("%s: %s is out of bounds", path, n.Value), fmt.Sprintf("write a number from %s to %s", plain(least), plain(most)))
	return false
}

func plain(f float64) string {
	if f >= 1e6 {
		return strconv.FormatFloat(f, 'g', -1, 64)
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// share reads 0.05 or 5%. It is between 0 and 1, both included.
func (s *strict) share(n *yaml.Node, path string) (float64, bool) {
	digits, percent := strings.CutSuffix(strings.TrimSpace(n.Value), "%")
	value, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
	if n.Kind != yaml.ScalarNode || err != nil || math.IsNaN(value) {
		s.wrong(n, path, "a share", "write it as 0.05 or 5%")
		return 0, false
	}
	if percent {
		value /= 100
	}
	if value < 0 || value > 1 {
		hint := "write a share from 0 to 1, or in percent"
		if !percent && value > 1 && value <= 100 {
			hint = fmt.Sprintf("is %s%% meant?", n.Value)
		}
		s.at(n, fmt.Sprintf("%s: %s is not a share", path, n.Value), hint)
		return 0, false
	}
	return value, true
}

// properShare is a share that is neither 0 nor at most or above most.
func (s *strict) properShare(n *yaml.Node, path string, most float64) float64 {
	value, ok := s.share(n, path)
	if ok && (value == 0 || value >= most) {
		s.at(n, fmt.Sprintf("%s: %s is not a useful value", path, n.Value), fmt.Sprintf("write a share above 0 and below %s", plain(most)))
		return 0
	}
	return value
}

func (s *strict) duration(n *yaml.Node, path string, most time.Duration) (time.Duration, bool) {
	value, err := time.ParseDuration(n.Value)
	if n.Kind != yaml.ScalarNode || err != nil {
		s.wrong(n, path, "a duration", "write it as 500ms, 10s or 2m")
		return 0, false
	}
	if value <= 0 || value > most {
		s.at(n, fmt.Sprintf("%s: %s is out of bounds", path, n.Value), fmt.Sprintf("write a duration above 0 and of at most %s", most))
		return 0, false
	}
	return value, true
}

// name reads a DNS label.
func (s *strict) name(n *yaml.Node, path string) string {
	text, ok := s.text(n, path)
	if ok && !isLabel(text) {
		s.at(n, fmt.Sprintf("%s: %q is not a name", path, brief(text)), "use lower-case letters, digits and -, at most 63 characters, beginning and ending with a letter or digit")
	}
	return text
}

// Parts of YAML nodes.

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

func entries(n *yaml.Node) func(yield func(key, value *yaml.Node) bool) {
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

func entry(n *yaml.Node, name string) (key, value *yaml.Node) {
	for key, value := range entries(n) {
		if key.Value == name {
			return key, value
		}
	}
	return nil, nil
}

func orTop(path string) string {
	if path == "" {
		return "at the top"
	}
	return path
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func brief(s string) string {
	const most = 60
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return s
}
