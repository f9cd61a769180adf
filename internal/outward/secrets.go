package outward

import (
	"encoding/base64"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Secrets are what the user of one invocation proves himself by. They are collected
// before anything is said, and not while something is hidden. The zero value knows
// none; a nil one learns none, and hides only what stands where credentials stand.
type Secrets struct {
	known []string
	open  []string
}

// Open enters words that are no secrets whatever else they are, such as the names
// of the versions that are asked about: a cookie may choose one by its name.
func (s *Secrets) Open(words ...string) {
	if s != nil {
		s.open = append(s.open, words...)
	}
}

// Value enters a credential. One that is shorter than four characters, or a word
// that says nothing, is not searched for.
func (s *Secrets) Value(text string) {
	text = strings.TrimSpace(text)
	for _, under := range layers(text) {
		s.enter(string(under.folded().text))
	}
	// Who shows bytes that do not print may show a dot for each.
	s.enter(string(original(strings.Map(func(r rune) rune {
		if r != ' ' && !unicode.IsPrint(r) || r == utf8.RuneError {
			return '.'
		}
		return r
	}, text)).folded().text))
}

func (s *Secrets) enter(text string) {
	if s == nil {
		return
	}
	text = strings.TrimSpace(text)
	if utf8.RuneCountInString(text) >= shortest && !slices.Contains(ordinary, strings.ToLower(text)) && !slices.Contains(s.known, text) {
		s.known = append(s.known, text)
	}
}

// Header enters the value of a header, unless it is one that proves nothing.
func (s *Secrets) Header(name, value string) {
	switch {
	case strings.EqualFold(name, "Cookie"):
		for pair := range strings.SplitSeq(value, ";") {
			_, each, _ := strings.Cut(pair, "=")
			s.Value(strings.Trim(strings.TrimSpace(each), `"`))
		}
	case plainHeader(name):
		s.URL(value)
		return
	}
	s.Value(value)
	scheme, credentials, found := strings.Cut(strings.TrimSpace(value), " ")
	if !found {
		return
	}
	s.Value(credentials)
	if strings.EqualFold(scheme, "Basic") {
		if pair, err := base64.StdEncoding.DecodeString(strings.TrimSpace(credentials)); err == nil {
			s.userinfo(string(pair))
		}
	}
	s.named(credentials)
}

// Field enters the value of a form's field that is posted to log in, unless it says
// who it is that logs in.
func (s *Secrets) Field(name, value string) {
	if !SaysWho(name) {
		s.Value(value)
	}
}

// URL enters the user, the password and the parameters with names of credentials of
// a URL, or of several in a text.
func (s *Secrets) URL(text string) {
	if from, to := userinfo(text); to > from {
		s.userinfo(text[from:to])
	}
	s.parameters(text)
}

// parameters enters those of a query or a form that have names of credentials. A
// value ends at nothing but the next parameter.
func (s *Secrets) parameters(text string) {
	for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return strings.ContainsRune("?&;#", r) }) {
		if name, value, found := strings.Cut(part, "="); found && isParameter(name) {
			s.Value(value)
		}
	}
}

// userinfo enters the password, and what stands for the user where it is a token.
func (s *Secrets) userinfo(pair string) {
	user, password, _ := strings.Cut(pair, ":")
	if password == "" || password == "x-oauth-basic" || len(user) >= 16 {
		s.Value(user)
	}
	s.Value(password)
	s.Value(pair)
}

// Body enters the values of what has the name of a credential in the body of a
// request, and the whole of one that has no names at all.
func (s *Secrets) Body(text string) {
	if !strings.ContainsAny(text, "=:<") {
		s.Value(text)
	}
	s.named(text)
}

// assignment is a name and its value in a query, a form, JSON, XML or a header.
var assignment = regexp.MustCompile(`([\w.\-\[\]%]{1,64})\\?["']?\s*[=:>]\s*(?:\\?"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\s"'&;,<>]+))`)

// named enters the values that stand behind the name of a credential.
func (s *Secrets) named(text string) {
	for _, found := range assignment.FindAllStringSubmatch(text, -1) {
		if isSecret(found[1]) {
			s.Value(found[2] + found[3] + found[4])
		}
	}
	s.parameters(text)
}

// A Request is what the user sends, as far as it may hold credentials.
type Request struct {
	URL     string
	Headers map[string]string
	Cookies map[string]string
	Body    string
	// Login is a form that is posted beforehand.
	Login map[string]string
}

// Request enters what proves its sender in a request.
func (s *Secrets) Request(r Request) {
	s.URL(r.URL)
	s.Body(r.Body)
	for name, value := range r.Headers {
		s.Header(name, value)
	}
	for _, value := range r.Cookies {
		s.Value(value)
	}
	for name, value := range r.Login {
		s.Field(name, value)
	}
}
