package identify

import (
	"encoding/json"
	"slices"

	"github.com/tidwall/gjson"
)

// lookup returns the texts of the value at path: none if the body is not JSON,
// has no such value, or has null there; several if a key that stands in an
// object more than once gives it several values. gjson reads whatever is put
// before it and finds things in texts that are not JSON; encoding/json, whose
// depth is bounded, says whether it is.
func lookup(body []byte, path string) []string {
	if !json.Valid(body) {
		return nil
	}
	text, ok := valueOf(gjson.GetBytes(body, path))
	if !ok {
		return nil
	}
	document := gjson.ParseBytes(body)
	most := repeats(document)
	if most < 2 {
		return []string{text}
	}
	// Readers differ in whether the first value of a key counts or the last, so
	// the document is read once for each.
	var texts []string
	for nth := range most {
		if text, ok := valueOf(gjson.GetBytes(appendNth(nil, document, nth), path)); ok && !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	return texts
}

func valueOf(found gjson.Result) (string, bool) {
	switch found.Type {
	case gjson.String:
		return found.Str, true
	case gjson.Number, gjson.True, gjson.False, gjson.JSON:
		return found.Raw, true
	default:
		return "", false
	}
}

// repeats returns how many times the commonest key of any object in value stands
// in it; 1 where each stands there once.
func repeats(value gjson.Result) int {
	most := 1
	if !value.IsObject() && !value.IsArray() {
		return most
	}
	var (
		few   [16]string
		keys  = few[:0]
		times map[string]int // once there are too many keys to compare them all
	)
	value.ForEach(func(key, each gjson.Result) bool {
		most = max(most, repeats(each))
		if !value.IsObject() {
			return true
		}
		name := key.String()
		if times == nil && len(keys) < len(few) && !slices.Contains(keys, name) {
			keys = append(keys, name)
			return true
		}
		if times == nil {
			times = map[string]int{}
			for _, each := range keys {
				times[each] = 1
			}
		}
		times[name]++
		most = max(most, times[name])
		return true
	})
	return most
}

// appendNth writes value to b with one value for each key: its nth one, counted
// from 0, or its last.
func appendNth(b []byte, value gjson.Result, nth int) []byte {
	switch {
	case value.IsArray():
		b = append(b, '[')
		for i, each := range value.Array() {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendNth(b, each, nth)
		}
		return append(b, ']')
	case value.IsObject():
		var (
			names []string
			kept  = map[string]gjson.Result{}
			times = map[string]int{}
		)
		value.ForEach(func(key, each gjson.Result) bool {
			name := key.String()
			if times[name] == 0 {
				names = append(names, name)
			}
			if times[name] <= nth {
				kept[name] = each
			}
			times[name]++
			return true
		})
		b = append(b, '{')
		for i, name := range names {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(b, quoted(name)...)
			b = append(b, ':')
			b = appendNth(b, kept[name], nth)
		}
		return append(b, '}')
	default:
		return append(b, value.Raw...)
	}
}

func quoted(name string) []byte {
	text, err := json.Marshal(name)
	if err != nil {
		panic(err) // a string always has a JSON form
	}
	return text
}
