package routing

import (
	"net/http"
	"strconv"
	"strings"
)

// ChangesPath says whether w is of paths, even if it leaves one as it is.
func (w *Rewrite) ChangesPath() bool { return w.Path != "" || w.Prefix != "" || w.Regex != nil }

// Apply returns the path that w sends on in place of path, which is the
// request's, escaped and without its query.
func (w *Rewrite) Apply(path string) string {
	switch {
	case w.Path != "":
		return w.Path
	case w.Prefix != "":
		return replacePrefix(path, w.Prefix, w.PrefixReplaceBy)
	case w.Regex != nil:
		return w.Regex.ReplaceAllString(path, w.RegexReplaceBy)
	}
	return path
}

// Location returns where rd sends the client of r: what the redirect names,
// and the request's own for the rest (envoy source/common/router, newUri).
//
//differential:virtualservice/redirects httproute/redirects
func (rd *Redirect) Location(r *http.Request) string {
	from := scheme(r)
	to := rd.Scheme
	if to == "" {
		to = from
	}
	host, port := rd.Host, ""
	if rd.Port != 0 {
		port = ":" + strconv.Itoa(rd.Port)
	}
	if host == "" {
		host = authority(r)
		end := portIndex(host)
		own := host[end:]
		if port != "" || !rd.KeepPort && to != from && (from == "http" && own == ":80" || from == "https" && own == ":443") {
			host = host[:end]
		}
	}
	path, query := r.URL.EscapedPath(), ""
	if r.URL.RawQuery != "" {
		query = "?" + r.URL.RawQuery
	}
	switch {
	case rd.Path != "":
		path = rd.Path
		if strings.Contains(path, "?") {
			query = "" // The redirect's own query wins.
		}
	case rd.Prefix != "":
		path = replacePrefix(path, rd.Prefix, rd.PrefixReplaceBy)
	}
	if path == "" {
		path = "/"
	}
	return to + "://" + host + port + path + query
}

// replacePrefix replaces the first len(prefix) bytes, which matched, perhaps
// without regard to case. Nothing left is the root.
func replacePrefix(path, prefix, by string) string {
	if len(path) < len(prefix) {
		return path
	}
	if path = by + path[len(prefix):]; path == "" {
		return "/"
	}
	return path
}
