package mesh

import (
	"cmp"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"

	"github.com/splitcheck/splitcheck/internal/routing"
)

// prepare changes a call on its way to a destination: first the headers that
// the destination asks for, then those of the rule, then host and path.
//
//differential:virtualservice/rewrites virtualservice/headers
func prepare(c *call, rule *routing.Rule, dest *routing.Destination) {
	rule.ChangeRequest(c.request.Header, dest)
	if dest != nil {
		if host, ok := dest.Headers.Request.Set["Host"]; ok {
			c.request.Host = host
			c.request.Header.Del("Host")
		}
	}
	w := rule.Rewrite
	if w == nil {
		return
	}
	// Envoy tells the application what it has rewritten.
	if w.Host != "" {
		c.request.Header["X-Envoy-Original-Host"] = []string{c.request.Host}
		c.request.Host = w.Host
	}
	if w.ChangesPath() {
		c.request.Header["X-Envoy-Original-Path"] = []string{c.url.RequestURI()}
		c.setPath(w.Apply(c.url.EscapedPath()))
	}
}

// setPath takes an escaped path. One with a query of its own stands as text
// before the request's query, as Envoy has it.
//
//differential:virtualservice/rewrites httproute/rewrites
func (c *call) setPath(escaped string) {
	path, query, found := strings.Cut(escaped, "?")
	switch {
	case found && c.url.RawQuery != "":
		c.url.RawQuery = query + "?" + c.url.RawQuery
	case found:
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

// redirect answers with the place that a rule sends the client to.
func redirect(to *routing.Redirect, r *http.Request) *answer {
	a := reply(cmp.Or(to.Code, http.StatusMovedPermanently), "")
	a.header["Location"] = []string{to.Location(r)}
	return a
}

// uuid writes a random UUID (version 4), as Envoy's x-request-id is.
//
//differential:virtualservice/plain
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
