package outward

import (
	"maps"
	"reflect"
	"slices"

	"github.com/splitcheck/splitcheck/split"
)

// Form is how a text in a document is written; a field says so in its tag "text".
type Form string

const (
	// OneLine is a text of one line, from wherever.
	OneLine Form = ""
	// ManyLines has ends of lines that mean something.
	ManyLines Form = "lines"
	// Own are words of our own or of the user's file: names and kinds. What comes
	// from outside is never among them, but a saved report may have anything there.
	Own Form = "own"
)

// Document returns a change of every text in a document, which v points to. So no
// writer of documents can forget one.
func Document(v any, change func(string, Form) string) {
	rewrite(reflect.ValueOf(v).Elem(), OneLine, change)
}

// Document hides the secrets in a document whose sentences have not been made yet: a
// password may be a word of theirs.
func (s *Secrets) Document(v any) {
	Document(v, func(text string, form Form) string {
		if form == Own {
			return text
		}
		return s.Hide(text)
	})
}

var aText = reflect.TypeFor[string]()

func rewrite(v reflect.Value, form Form, change func(string, Form) string) {
	if !v.CanSet() {
		return // it is within a value of another package, such as a time
	}
	switch v.Kind() {
	case reflect.String:
		if v.Type() != aText {
			form = Own // a verdict, for instance
		}
		v.SetString(change(v.String(), form))
	case reflect.Pointer:
		if !v.IsNil() {
			rewrite(v.Elem(), form, change)
		}
	case reflect.Struct:
		if found, isFinding := v.Interface().(split.Finding); isFinding {
			v.Set(reflect.ValueOf(rewriteValue("", found, change)))
			return
		}
		for i := range v.NumField() {
			rewrite(v.Field(i), Form(v.Type().Field(i).Tag.Get("text")), change)
		}
	case reflect.Slice:
		for i := range v.Len() {
			rewrite(v.Index(i), form, change)
		}
	case reflect.Map:
		if v.IsNil() {
			return
		}
		switch x := v.Interface().(type) {
		case map[string]string:
			changed := make(map[string]string, len(x))
			for name, text := range x {
				changed[change(name, OneLine)] = change(text, OneLine)
			}
			v.Set(reflect.ValueOf(changed))
		case map[string]int64:
			v.Set(reflect.ValueOf(rewriteCounts(x, change)))
		}
	}
}

// rewriteCounts changes the names of what is counted. Those that are the same from then
// on are counted as one.
func rewriteCounts(counts map[string]int64, change func(string, Form) string) map[string]int64 {
	changed := make(map[string]int64, len(counts))
	for name, count := range counts {
		changed[change(name, OneLine)] += count
	}
	return changed
}

// rewriteValue changes a value of a finding, as it is made or as it is read. What
// somebody else said is in its text, which keeps its line ends.
func rewriteValue(name string, value any, change func(string, Form) string) any {
	switch x := value.(type) {
	case string:
		if name == "text" {
			return change(x, ManyLines)
		}
		return change(x, OneLine)
	case split.Finding:
		values, _ := rewriteValue("", map[string]any(x.Values), change).(map[string]any)
		return split.Found(change(x.ID, Own), values)
	case map[string]int64:
		return rewriteCounts(x, change)
	case []string:
		changed := slices.Clone(x)
		for i, each := range x {
			changed[i] = change(each, OneLine)
		}
		return changed
	case map[string]any:
		changed := maps.Clone(x)
		for name, each := range x {
			changed[name] = rewriteValue(name, each, change)
		}
		return changed
	case []any:
		changed := slices.Clone(x)
		for i, each := range x {
			changed[i] = rewriteValue(name, each, change)
		}
		return changed
	}
	switch reflect.ValueOf(value).Kind() {
	case reflect.Map, reflect.Slice, reflect.Struct, reflect.Pointer, reflect.String:
		// It is of a type of its own until it is read, as a finding with an id is.
		switch read := (split.Finding{ID: "any", Values: split.Values{name: value}}).AsRead().Values[name].(type) {
		case string, []any, map[string]any, split.Finding:
			return rewriteValue(name, read, change)
		}
	}
	return value
}
