package split

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
)

// A Finding is something that was found, as data: an id from the list that
// package words has, and the values that belong to it. Programs decide by the
// id and the values; sentences are made of them at the very end, in whatever
// language the reader has, and nothing is ever read out of a sentence.
type Finding struct {
	// ID is in kebab-case: "version-silent".
	ID string
	// Values are what JSON can hold: shares, p-values and counts as numbers,
	// versions, objects and files as strings, and lists and findings of these.
	Values Values
}

// Values are the values of a finding by name, such as "version" or "p_value".
type Values map[string]any

// Found is a finding of an id and its values.
func Found(id string, values Values) Finding { return Finding{ID: id, Values: values} }

// Text is a finding whose words come from somewhere else and are shown as they
// are: an error, or what a cluster says of itself.
func Text(text string) Finding { return Finding{ID: TextID, Values: Values{"text": text}} }

// TextID is the id of Text.
const TextID = "text"

// Text returns a value that is a string, else "".
func (f Finding) Text(name string) string {
	text, _ := f.Values[name].(string)
	return text
}

// Same reports whether both findings say the same.
func (f Finding) Same(other Finding) bool { return f.Key() == other.Key() }

// Key is the same for findings that say the same, and for no others.
func (f Finding) Key() string {
	data, err := json.Marshal(f)
	if err != nil {
		return fmt.Sprintf("%s %v", f.ID, f.Values)
	}
	return string(data)
}

// AsRead returns the finding with the values that it has when it is read from
// JSON: every number is a float64, every list a []any.
func (f Finding) AsRead() Finding {
	data, err := json.Marshal(f)
	if err != nil {
		return f
	}
	read := f
	if json.Unmarshal(data, &read) != nil {
		return f
	}
	return read
}

// MarshalJSON writes the id and the values beside it: {"id": "version-silent",
// "version": "v2"}. Numbers that JSON does not have are left out, as absent
// numbers are everywhere in a report.
func (f Finding) MarshalJSON() ([]byte, error) {
	flat := make(map[string]any, len(f.Values))
	for name, value := range f.Values {
		if x, isNumber := value.(float64); isNumber && (math.IsNaN(x) || math.IsInf(x, 0)) {
			continue
		}
		flat[name] = value
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(flat); err != nil {
		return nil, err
	}
	id, err := json.Marshal(f.ID)
	if err != nil {
		return nil, err
	}
	rest := bytes.TrimPrefix(bytes.TrimSpace(b.Bytes()), []byte("{"))
	head := append([]byte(`{"id":`), id...)
	if len(flat) > 0 {
		head = append(head, ',')
	}
	return append(head, rest...), nil
}

// UnmarshalJSON reads what MarshalJSON writes. Numbers become float64, and
// findings within are findings again.
func (f *Finding) UnmarshalJSON(data []byte) error {
	var flat map[string]any
	if err := json.Unmarshal(data, &flat); err != nil {
		return err
	}
	read, isFinding := revive(flat).(Finding)
	if !isFinding {
		return errors.New("a finding has no id")
	}
	*f = read
	return nil
}

// revive makes findings of the objects that have an id.
func revive(value any) any {
	switch x := value.(type) {
	case []any:
		for i := range x {
			x[i] = revive(x[i])
		}
	case map[string]any:
		id, isText := x["id"].(string)
		if isText {
			delete(x, "id")
		}
		for name := range x {
			x[name] = revive(x[name])
		}
		switch {
		case isText && id != "" && len(x) == 0:
			return Finding{ID: id}
		case isText && id != "":
			return Finding{ID: id, Values: x}
		}
	}
	return value
}
