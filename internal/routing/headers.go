package routing

import "net/http"

// ChangeRequest changes the headers of a request as r and the destination that was
// drawn ask for; the latter is nil if there is none.
func (r *Rule) ChangeRequest(h http.Header, drawn *Destination) {
	r.change(h, drawn, func(c *HeaderChanges) *HeaderOps { return &c.Request })
}

// ChangeResponse is ChangeRequest for the headers of an answer.
func (r *Rule) ChangeResponse(h http.Header, drawn *Destination) {
	r.change(h, drawn, func(c *HeaderChanges) *HeaderOps { return &c.Response })
}

// change applies the changes of a rule and of a destination: the destination's
// first, or both as one list, of which Envoy removes all that is to be removed, then
// sets all that is to be set, and adds what is left
// (source/common/router/header_parser.cc).
//
//differential:virtualservice/headers virtualservice/headers-of-one
func (r *Rule) change(h http.Header, drawn *Destination, of func(*HeaderChanges) *HeaderOps) {
	switch {
	case drawn == nil:
		apply(h, of(&r.Headers))
	case drawn.Alone:
		apply(h, of(&r.Headers), of(&drawn.Headers))
	default:
		apply(h, of(&drawn.Headers))
		apply(h, of(&r.Headers))
	}
}

// apply makes one list of changes: remove, set, add.
func apply(h http.Header, list ...*HeaderOps) {
	for _, ops := range list {
		for _, name := range ops.Remove {
			h.Del(name)
		}
	}
	for _, ops := range list {
		for name, value := range ops.Set {
			h.Set(name, value)
		}
	}
	for _, ops := range list {
		for name, value := range ops.Add {
			h.Add(name, value)
		}
	}
}
