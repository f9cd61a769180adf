// Package words puts findings into sentences. A language is a file here that
// has a template for each id, and a few lines of grammar in Go; nothing else
// knows any language. The package decides nothing and looks nothing up: what is
// not among the values of a finding cannot be said of it.
package words

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/splitcheck/splitcheck/split"
)

// English words a finding as the reports' JSON has it: half a sentence without
// a full stop, that begins with a small letter unless with a name.
func English(f split.Finding) string { return english.Say(f) }

// All words several findings in English.
func All(found []split.Finding) []string { return english.All(found) }

// All words several findings.
func (l *Language) All(found []split.Finding) []string {
	var said []string
	for _, f := range found {
		said = append(said, l.Say(f))
	}
	return said
}

// Say words a finding. One that this program has no words for, as a later one
// may have written it, is shown as the data that it is.
func (l *Language) Say(f split.Finding) string {
	if f.ID == split.TextID {
		return f.Text("text")
	}
	data, err := json.Marshal(f)
	if err != nil {
		return fmt.Sprintf("%s (%v)", f.ID, err)
	}
	// The values take the form that they have when they are read from a file,
	// so that a saved report and a new one say the same.
	var values map[string]any
	if err := json.Unmarshal(data, &values); err != nil {
		return string(data)
	}
	said, err := l.fill(f.ID, values)
	if err != nil {
		return string(data)
	}
	return said
}

// Words returns the words of an id that takes values which are no finding: a
// heading, a label, a sentence about the report itself.
func (l *Language) Words(id string, values split.Values) string {
	return l.Say(split.Finding{ID: id, Values: values})
}

// Knows reports whether there are words for an id.
func (l *Language) Knows(id string) bool { return l.templates.Lookup(id) != nil }

func (l *Language) fill(id string, values any) (string, error) {
	if !l.Knows(id) {
		return "", fmt.Errorf("there are no words for %q", id)
	}
	var b bytes.Buffer
	if err := l.templates.ExecuteTemplate(&b, id, values); err != nil {
		return "", err
	}
	if strings.Contains(b.String(), missing) {
		return "", fmt.Errorf("a value of %q is missing", id)
	}
	return b.String(), nil
}

// missing is what a template writes in place of a value that is not there.
const missing = "<no value>"
