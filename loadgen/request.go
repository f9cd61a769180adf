package loadgen

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"github.com/splitcheck/splitcheck/identify"
	"github.com/splitcheck/splitcheck/internal/outward"
)

// A Request is one HTTP request that is sent again and again, and how its answer
// names the version. Headers, cookies, body and login may hold credentials, and
// so may the URL: whoever writes a Request down keeps it from others.
type Request struct {
	// Method defaults to GET. URL is absolute, with its path and query.
	Method string `json:"method,omitempty"`
	URL    string `json:"url"`
	// Host is the Host header, if it is not the URL's.
	Host    string            `json:"host,omitempty"`
	Headers map[string]string `json:"headers,omitempty"`
	Cookies map[string]string `json:"cookies,omitempty"`
	Body    string            `json:"body,omitempty"`
	// Login is made once before the load, if set.
	Login *Login `json:"login,omitempty"`
	// Identify names the version of each answer.
	Identify identify.Rules `json:"identify,omitempty"`
	// Expected are the versions that answers should name. They change nothing
	// but what is proposed where the first answers name none, or two.
	Expected []string `json:"expected,omitempty"`
	// MaxBody is how many bytes of a decoded body are read; default 1 MiB.
	// The connection of a longer answer is closed, and its version is looked
	// for in what was read.
	MaxBody int64 `json:"max_body,omitempty"`
}

// A Login is one form that is posted, with the Request's URL as its Referer, but for
// its user and password. The cookies that its answer sets go with every request of
// the load.
type Login struct {
	// Path is resolved against the Request's URL; default "/login".
	Path string            `json:"path,omitempty"`
	Form map[string]string `json:"form"`
}

// withDefaults fills in what r leaves open. The error names every mistake.
func (r Request) withDefaults() (Request, error) {
	if r.Method == "" {
		r.Method = http.MethodGet
	}
	if r.MaxBody == 0 {
		r.MaxBody = DefaultMaxBody
	}
	var mistakes []error
	mistake := func(format string, args ...any) { mistakes = append(mistakes, fmt.Errorf(format, args...)) }
	if _, err := http.NewRequest(r.Method, r.URL, nil); err != nil {
		mistakes = append(mistakes, errors.New(r.secrets().Hide(err.Error())))
	} else if u, _ := url.Parse(r.URL); u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		mistake("%q is not the URL of a server: it begins with http:// or https:// and a host", outward.URL(r.URL))
	}
	if r.MaxBody < 0 {
		mistake("the greatest length of a body is not negative")
	}
	for name, value := range r.Headers {
		if name == "" || strings.ContainsFunc(name, notInToken) || strings.ContainsFunc(value, unicode.IsControl) {
			mistake("the header %q: %q cannot be sent", name, outward.HeaderValue(name, value))
		}
	}
	if strings.ContainsFunc(r.Host, func(c rune) bool { return c <= ' ' || c == '/' || c >= 0x7f }) {
		mistake("the host %q cannot be sent", r.Host)
	}
	return r, errors.Join(mistakes...)
}

// notInToken says which characters no name of a header has (RFC 9110, 5.6.2).
func notInToken(r rune) bool {
	return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
}

// secrets are what proves the sender of the request.
func (r Request) secrets() *outward.Secrets {
	secrets := &outward.Secrets{}
	sent := outward.Request{URL: r.URL, Headers: r.Headers, Cookies: r.Cookies, Body: r.Body}
	if r.Login != nil {
		sent.Login = r.Login.Form
	}
	secrets.Request(sent)
	return secrets
}

// header is that of each request, with the URL's user and password where no other
// Authorization is given. It asks for gzip where net/http would, so that
// net/http leaves the decoding to us: to it a broken body is a failed request.
func (r Request) header() http.Header {
	request := &http.Request{Header: http.Header{"User-Agent": {"splitcheck"}}}
	if u, err := url.Parse(r.URL); err == nil && u.User != nil && !r.authorized() {
		password, _ := u.User.Password()
		request.SetBasicAuth(u.User.Username(), password)
	}
	for name, value := range r.Headers {
		if !strings.EqualFold(name, "Host") {
			request.Header.Set(name, value)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.Cookies)) {
		request.AddCookie(&http.Cookie{Name: name, Value: r.Cookies[name]})
	}
	if h := request.Header; r.Method != http.MethodHead && len(h["Accept-Encoding"])+len(h["Range"]) == 0 {
		h.Set("Accept-Encoding", "gzip")
	}
	return request.Header
}

// authorized says whether r has an Authorization among its headers.
func (r Request) authorized() bool {
	for name := range r.Headers {
		if strings.EqualFold(name, "Authorization") {
			return true
		}
	}
	return false
}

// host returns the Host that r asks for, by its field or among its headers.
func (r Request) host() string {
	if r.Host != "" {
		return r.Host
	}
	for name, value := range r.Headers {
		if strings.EqualFold(name, "Host") {
			return value
		}
	}
	return ""
}
