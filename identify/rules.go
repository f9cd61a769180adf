package identify

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"

	"github.com/tidwall/gjson"
)

type bodyRule struct {
	form Form
	text *text
}

func (r *bodyRule) Identify(a Answer) (string, bool) { return r.text.find(a.Body) }
func (r *bodyRule) All(a Answer) []string            { return r.text.all(a.Body) }
func (r *bodyRule) String() string                   { return r.form.String() }

// A headerRule takes the first value of the header that names a version.
type headerRule struct {
	form  Form
	key   string
	value value
}

func (r *headerRule) Identify(a Answer) (string, bool) {
	for _, each := range a.Header[r.key] {
		if version, ok := r.value.find(each); ok {
			return version, true
		}
	}
	return "", false
}

func (r *headerRule) All(a Answer) []string {
	var all []string
	for _, each := range a.Header[r.key] {
		all = appendNew(all, r.value.all(each)...)
	}
	return all
}

func (r *headerRule) String() string { return r.form.String() }

type jsonRule struct {
	form  Form
	value value
}

// lookup returns the text of the value at the rule's path, or false if the
// body is not JSON, has no such value, or has null there. gjson reads whatever
// is put before it and finds things in texts that are not JSON; encoding/json,
// whose depth is bounded, says whether it is.
func (r *jsonRule) lookup(body []byte) (string, bool) {
	if !json.Valid(body) {
		return "", false
	}
	switch found := gjson.GetBytes(body, r.form.JSON); found.Type {
	case gjson.String:
		return found.Str, true
	case gjson.Number, gjson.True, gjson.False:
		return found.Raw, true
	case gjson.JSON:
		return found.Raw, true
	default:
		return "", false
	}
}

func (r *jsonRule) Identify(a Answer) (string, bool) {
	text, ok := r.lookup(a.Body)
	if !ok {
		return "", false
	}
	return r.value.find(text)
}

func (r *jsonRule) All(a Answer) []string {
	text, ok := r.lookup(a.Body)
	if !ok {
		return nil
	}
	return r.value.all(text)
}

func (r *jsonRule) String() string { return r.form.String() }

type statusRule struct {
	form  Form
	names names
}

func (r *statusRule) Identify(a Answer) (string, bool) {
	switch {
	case a.Status == 0, r.form.Status != 0 && r.form.Status != a.Status:
		return "", false
	case r.form.Version != "":
		return r.form.Version, true
	default:
		var digits [8]byte
		return r.names.name(strconv.AppendInt(digits[:0], int64(a.Status), 10))
	}
}

func (r *statusRule) All(a Answer) []string {
	if version, ok := r.Identify(a); ok {
		return []string{version}
	}
	return nil
}

func (r *statusRule) String() string { return r.form.String() }

// text searches by a regular expression.
type text struct {
	re      *regexp.Regexp
	group   int // 0 for the whole match
	version string
	names   names
}

func (t *text) find(s []byte) (string, bool) {
	var found []byte
	if t.group == 0 {
		if found = t.re.Find(s); found == nil {
			return "", false
		}
	} else {
		at := t.re.FindSubmatchIndex(s)
		if at == nil {
			return "", false
		}
		if at[2] >= 0 {
			found = s[at[2]:at[3]]
		}
	}
	if version, ok := t.nameOf(found); ok {
		return version, true
	}
	// "v(\d*)" meets the v of "div" first: what names no version is passed
	// over.
	if all := t.all(s); len(all) > 0 {
		return all[0], true
	}
	return "", false
}

func (t *text) nameOf(found []byte) (string, bool) {
	if t.version != "" {
		return t.version, true
	}
	return t.names.name(found)
}

// manyMarkers bounds the search for further markers: two different ones are
// enough to call an answer ambiguous.
const manyMarkers = 100

func (t *text) all(s []byte) []string {
	var all []string
	for _, found := range t.re.FindAllSubmatch(s, manyMarkers) {
		if version, ok := t.nameOf(found[t.group]); ok {
			all = appendNew(all, version)
		}
	}
	return all
}

// value reads the value of a header or of a JSON field.
type value struct {
	text    *text
	is      *string
	version string
	names   names
}

func (v *value) find(s string) (string, bool) {
	switch {
	case v.text != nil:
		return v.text.find([]byte(s))
	case v.is != nil && *v.is != s:
		return "", false
	case v.version != "":
		return v.version, true
	default:
		return v.names.name([]byte(s))
	}
}

func (v *value) all(s string) []string {
	if v.text != nil {
		return v.text.all([]byte(s))
	}
	if version, ok := v.find(s); ok {
		return []string{version}
	}
	return nil
}

func appendNew(all []string, more ...string) []string {
	for _, each := range more {
		if !slices.Contains(all, each) {
			all = append(all, each)
		}
	}
	return all
}
