package envoy

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Settings are what a route does besides choosing a destination.
type Settings struct {
	// Timeout is that of the whole request, 0 for none; Retries how often a try
	// is repeated.
	Timeout time.Duration
	Retries int
	// Host and Path are what the request's are rewritten to: Path takes the
	// place of the prefix that matched, or of all of the path. Regex is set
	// where an expression rewrites the path instead: the expression, a blank,
	// and what replaces it.
	Host, Path, Regex string
	// Headers are the changes of headers in words, sorted: "request set x-a: b",
	// "response add x-a: b", "request remove x-a".
	Headers []string
	// Status and Body are a direct response's; a redirect has Status and
	// Location: what it puts in place of the request's scheme, host, port and
	// path, "http://example.org:8080/path", each part only if it is changed.
	Status         int
	Body, Location string
	// AbortStatus is what an aborted request is answered with, Delay how long a
	// delayed one is held back.
	AbortStatus int
	Delay       time.Duration
}

// A duration is a protobuf Duration in JSON, "3.5s".
type duration time.Duration

func (d *duration) UnmarshalJSON(text []byte) error {
	var word string
	if err := json.Unmarshal(text, &word); err != nil {
		return err
	}
	parsed, err := time.ParseDuration(word)
	*d = duration(parsed)
	return err
}

type substitution struct {
	Pattern      regex  `json:"pattern"`
	Substitution string `json:"substitution"`
}

func (s *substitution) words() string {
	if s == nil {
		return ""
	}
	return s.Pattern.Regex + " " + s.Substitution
}

type rawForward struct {
	Prefix  string        `json:"prefix_rewrite"`
	Regex   *substitution `json:"regex_rewrite"`
	Host    string        `json:"host_rewrite_literal"`
	Timeout duration      `json:"timeout"`
	Retry   *struct {
		Number int `json:"num_retries"`
	} `json:"retry_policy"`
}

func (in rawForward) settle(s *Settings) {
	s.Timeout, s.Host, s.Path, s.Regex = time.Duration(in.Timeout), in.Host, in.Prefix, in.Regex.words()
	if in.Retry != nil {
		s.Retries = in.Retry.Number
	}
}

type rawRedirect struct {
	Scheme string        `json:"scheme_redirect"`
	HTTPS  bool          `json:"https_redirect"`
	Host   string        `json:"host_redirect"`
	Port   int           `json:"port_redirect"`
	Path   string        `json:"path_redirect"`
	Prefix string        `json:"prefix_rewrite"`
	Regex  *substitution `json:"regex_rewrite"`
	Code   string        `json:"response_code"`
}

// redirectCodes are Envoy's words for the codes; 301 is not printed.
//
//differential:virtualservice/redirects
//differential:elsewhere test proxies/TestCarried
var redirectCodes = map[string]int{
	"": 301, "MOVED_PERMANENTLY": 301, "FOUND": 302, "SEE_OTHER": 303, "TEMPORARY_REDIRECT": 307, "PERMANENT_REDIRECT": 308,
}

func (in *rawRedirect) settle(s *Settings) {
	if in == nil {
		return
	}
	s.Status, s.Regex = redirectCodes[in.Code], in.Regex.words()
	var b strings.Builder
	switch {
	case in.HTTPS:
		b.WriteString("https://")
	case in.Scheme != "":
		b.WriteString(in.Scheme + "://")
	}
	b.WriteString(in.Host)
	if in.Port != 0 {
		fmt.Fprintf(&b, ":%d", in.Port)
	}
	b.WriteString(in.Path + in.Prefix)
	s.Location = b.String()
}

type rawDirect struct {
	Status int `json:"status"`
	Body   struct {
		String string `json:"inline_string"`
		Bytes  []byte `json:"inline_bytes"`
	} `json:"body"`
}

func (in *rawDirect) settle(s *Settings) {
	if in != nil {
		s.Status, s.Body = in.Status, in.Body.String+string(in.Body.Bytes)
	}
}

type rawHeader struct {
	Header struct {
		Key   string `json:"key"`
		Value string `json:"value"`
	} `json:"header"`
	Action string `json:"append_action"`
}

type rawHeaders struct {
	RequestAdd     []rawHeader `json:"request_headers_to_add"`
	RequestRemove  []string    `json:"request_headers_to_remove"`
	ResponseAdd    []rawHeader `json:"response_headers_to_add"`
	ResponseRemove []string    `json:"response_headers_to_remove"`
}

func (in rawHeaders) words() []string {
	var words []string
	add := func(side string, headers []rawHeader, remove []string) {
		for _, h := range headers {
			verb := "add"
			if strings.HasPrefix(h.Action, "OVERWRITE") {
				verb = "set"
			}
			words = append(words, side+" "+verb+" "+strings.ToLower(h.Header.Key)+": "+h.Header.Value)
		}
		for _, name := range remove {
			words = append(words, side+" remove "+strings.ToLower(name))
		}
	}
	add("request", in.RequestAdd, in.RequestRemove)
	add("response", in.ResponseAdd, in.ResponseRemove)
	slices.Sort(words)
	return words
}
