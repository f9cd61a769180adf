package identify

import (
	"slices"
	"strconv"
)

type bodyRule struct {
	form Form
	text *text
}

func (r *bodyRule) Names(a Answer) (string, string) { return r.text.first(a.Body) }

func (r *bodyRule) Explain(a Answer) Finding {
	found := Finding{Rule: r.String()}
	r.text.all(a.Body, &found)
	return found
}

func (r *bodyRule) String() string { return r.form.String() }

// A headerRule reads each value of the header: two that differ name two
// versions.
type headerRule struct {
	form  Form
	key   string
	value value
}

func (r *headerRule) Names(a Answer) (string, string) { return r.value.first(a.Header[r.key]) }

func (r *headerRule) Explain(a Answer) Finding {
	found := Finding{Rule: r.String()}
	r.value.all(a.Header[r.key], &found)
	return found
}

func (r *headerRule) String() string { return r.form.String() }

type jsonRule struct {
	form  Form
	value value
}

func (r *jsonRule) Names(a Answer) (string, string) {
	return r.value.first(lookup(a.Body, r.form.JSON))
}

func (r *jsonRule) Explain(a Answer) Finding {
	found := Finding{Rule: r.String()}
	r.value.all(lookup(a.Body, r.form.JSON), &found)
	return found
}

func (r *jsonRule) String() string { return r.form.String() }

type statusRule struct {
	form  Form
	names names
}

func (r *statusRule) Names(a Answer) (string, string) {
	switch {
	case a.Status == 0, r.form.Status != 0 && r.form.Status != a.Status:
		return "", ""
	case r.form.Version != "":
		return r.form.Version, ""
	default:
		var digits [8]byte
		version, _ := r.names.name(strconv.AppendInt(digits[:0], int64(a.Status), 10))
		return version, ""
	}
}

func (r *statusRule) Explain(a Answer) Finding {
	found := Finding{Rule: r.String()}
	if version, _ := r.Names(a); version != "" {
		found.Versions = []string{version}
	}
	return found
}

func (r *statusRule) String() string { return r.form.String() }

// value reads the values of a header or of a JSON field.
type value struct {
	text    *text
	is      *string
	version string
	names   names
}

// first returns the first version that the values name, and another one if they
// name two.
func (v *value) first(values []string) (version, other string) {
	for _, each := range values {
		one, two := v.find(each)
		if version == "" {
			version = one
		} else if one != "" && one != version {
			return version, one
		}
		if two != "" && two != version {
			return version, two
		}
	}
	return version, ""
}

func (v *value) find(s string) (version, other string) {
	switch {
	case v.text != nil:
		return v.text.first([]byte(s))
	case v.is != nil && *v.is != s:
		return "", ""
	case v.version != "":
		return v.version, ""
	default:
		version, _ = v.names.name([]byte(s))
		return version, ""
	}
}

func (v *value) all(values []string, found *Finding) {
	for _, each := range values {
		if v.text != nil {
			v.text.all([]byte(each), found)
		} else if version, _ := v.find(each); version != "" {
			found.Versions = appendNew(found.Versions, version)
		}
	}
}

func appendNew(all []string, more string) []string {
	if slices.Contains(all, more) {
		return all
	}
	return append(all, more)
}
