package mesh

import (
	"cmp"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"

	"github.com/splitcheck/splitcheck/routing"
)

// prepare changes a call on its way to a destination: first the headers that
// the destination asks for, then those of the rule, then host and path.
func prepare(c *call, rule *routing.Rule, dest *routing.Destination) {
	if dest != nil {
		changeHeaders(c.request.Header, dest.Headers.Request)
		if host, ok := dest.Headers.Request.Set["Host"]; ok {
			c.request.Host = host
			c.request.Header.Del("Host")
		}
	}
	changeHeaders(c.request.Header, rule.Headers.Request)
	w := rule.Rewrite
	if w == nil {
		return
	}
	if w.Host != "" {
		c.request.Host = w.Host
	}
	if before := c.url.EscapedPath(); before != w.Apply(before) {
		c.setPath(w.Apply(before))
	}
}

// setPath takes an escaped path, perhaps with a query of its own.
func (c *call) setPath(escaped string) {
	path, query, found := strings.Cut(escaped, "?")
	if found {
		c.url.RawQuery = query
	}
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	c.url.Path, c.url.RawPath = path, ""
	if plain, err := url.PathUnescape(path); err == nil && plain != path {
		c.url.Path, c.url.RawPath = plain, path
	}
}

// changeHeaders applies changes in the order remove, set, add.
func changeHeaders(h http.Header, ops routing.HeaderOps) {
	for _, name := range ops.Remove {
		h.Del(name)
	}
	for name, value := range ops.Set {
		h.Set(name, value)
	}
	for name, value := range ops.Add {
		h.Add(name, value)
	}
}

// redirect answers with the place that a rule sends the client to.
func redirect(to *routing.Redirect, r *http.Request) *answer {
	a := reply(cmp.Or(to.Code, http.StatusMovedPermanently), "")
	a.header["Location"] = []string{to.Location(r)}
	return a
}

// uuid writes a random UUID (version 4), as Envoy's x-request-id is.
func uuid(a, b uint64) string {
	var raw [16]byte
	for i := range 8 {
		raw[i], raw[8+i] = byte(a>>(8*i)), byte(b>>(8*i))
	}
	raw[6], raw[8] = raw[6]&0x0F|0x40, raw[8]&0x3F|0x80
	var text [36]byte
	hex.Encode(text[0:8], raw[0:4])
	hex.Encode(text[9:13], raw[4:6])
	hex.Encode(text[14:18], raw[6:8])
	hex.Encode(text[19:23], raw[8:10])
	hex.Encode(text[24:36], raw[10:16])
	text[8], text[13], text[18], text[23] = '-', '-', '-', '-'
	return string(text[:])
}
