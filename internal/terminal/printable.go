package terminal

import (
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/splitcheck/splitcheck/reports"
	"github.com/splitcheck/splitcheck/split"
)

// Printable is for what is shown beside a report, word by word as a report's texts
// are.
func Printable(s string) string { return printable(s) }

// printable makes s safe to show on a terminal. Versions and excerpts come from
// servers that nobody vouches for, and a terminal obeys what it is sent. Runs of
// blanks become one blank; whatever else does not print, escape sequences and
// marks that turn the direction of text among it, is shown as Go writes it.
func printable(s string) string {
	var b strings.Builder
	blank := false
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		s = s[size:]
		if unicode.IsSpace(r) {
			blank = true
			continue
		}
		if blank && b.Len() > 0 {
			b.WriteByte(' ')
		}
		blank = false
		if unicode.IsPrint(r) { // Invalid UTF-8 has become U+FFFD, which prints.
			b.WriteRune(r)
			continue
		}
		quoted := strconv.QuoteRune(r)
		b.WriteString(quoted[1 : len(quoted)-1])
	}
	return b.String()
}

// printableLines does the same line by line: what a cluster says of itself, its
// events and logs, is only readable so.
func printableLines(s string) string {
	var lines []string
	for line := range strings.SplitSeq(s, "\n") {
		if line = printable(line); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// printableReport returns a copy of r in which every string is printable, so
// that no rendering for people can forget one.
func printableReport(r *reports.Report) (*reports.Report, error) {
	data, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	safe := &reports.Report{}
	if err := json.Unmarshal(data, safe); err != nil {
		return nil, err
	}
	makePrintable(reflect.ValueOf(safe).Elem(), printable)
	return safe, nil
}

// makePrintable goes through a document. Fields with the tag text:"lines" keep
// their line ends.
func makePrintable(v reflect.Value, printable func(string) string) {
	switch v.Kind() {
	case reflect.String:
		if v.CanSet() {
			v.SetString(printable(v.String()))
		}
	case reflect.Pointer:
		if !v.IsNil() {
			makePrintable(v.Elem(), printable)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			as := printable
			if v.Type().Field(i).Tag.Get("text") == "lines" {
				as = printableLines
			}
			makePrintable(v.Field(i), as)
		}
	case reflect.Slice:
		for i := range v.Len() {
			makePrintable(v.Index(i), printable)
		}
	case reflect.Map:
		if values, isFinding := v.Interface().(split.Values); isFinding {
			if v.CanSet() && values != nil {
				v.Set(reflect.ValueOf(split.Values(printableValues(values))))
			}
			return
		}
		if v.Type().Elem().Kind() != reflect.String {
			return // statuses and their counts
		}
		safe := reflect.MakeMap(v.Type())
		for _, key := range v.MapKeys() {
			k := reflect.ValueOf(printable(key.String()))
			safe.SetMapIndex(k, reflect.ValueOf(printable(v.MapIndex(key).String())))
		}
		if v.CanSet() && !v.IsNil() {
			v.Set(safe)
		}
	}
}

// printableValues are the values of a finding. What somebody else said is in its
// text, which keeps its line ends.
func printableValues(values map[string]any) map[string]any {
	safe := make(map[string]any, len(values))
	for name, value := range values {
		switch x := value.(type) {
		case string:
			if safe[name] = printable(x); name == "text" {
				safe[name] = printableLines(x)
			}
		case map[string]any:
			safe[name] = printableValues(x)
		case split.Finding:
			safe[name] = split.Found(printable(x.ID), printableValues(x.Values))
		case []any:
			list := make([]any, len(x))
			for i, each := range x {
				list[i] = printableValues(map[string]any{name: each})[name]
			}
			safe[name] = list
		default:
			safe[name] = value
		}
	}
	return safe
}
