package manifests

import "strings"

// A Source is the object, and the place in it, that something was made of. A
// rule's place is its entry; the plain route to a Service has none.
type Source struct {
	Object Key
	Place  string // in the object's spec: "http[0]"
}

// At is the source of what stands at a path of o: "spec.http[0]".
func (o Object) At(path string) Source {
	return Source{o.Key(), strings.TrimPrefix(path, "spec.")}
}

// Path is as Object.Position takes it.
func (s Source) Path() string {
	if s.Place == "" {
		return ""
	}
	return "spec." + s.Place
}

// String names s for people: "VirtualService default/reviews, http[0]". That of
// no source is empty.
func (s Source) String() string {
	switch {
	case s == Source{}:
		return ""
	case s.Place == "":
		return s.Object.String()
	}
	return s.Object.String() + ", " + s.Place
}
