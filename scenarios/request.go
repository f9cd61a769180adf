package scenarios

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
	"golang.org/x/net/http/httpguts"

	"github.com/splitcheck/splitcheck/identify"
	"github.com/splitcheck/splitcheck/internal/strict"
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/loadgen"
)

func (r Request) clone() Request {
	r.Headers, r.Cookies = maps.Clone(r.Headers), maps.Clone(r.Cookies)
	if r.Login != nil {
		r.Login = &loadgen.Login{Path: r.Login.Path, Form: maps.Clone(r.Login.Form)}
	}
	return r
}

// request reads the fields that are given into request; the others keep what
// they have.
func (s *fields) request(n *yaml.Node, at string, request *Request) {
	if request.Method == "" {
		request.Method = "GET"
	}
	if request.Path == "" {
		request.Path = "/"
	}
	in := func(name string) string { return at + "." + name }
	s.Object(n, at,
		strict.Optional("via", func(n *yaml.Node) { request.Via = s.via(n, in("via")) }),
		strict.Optional("method", func(n *yaml.Node) {
			request.Method, _ = s.Text(n, in("method"))
			if !httpguts.ValidHeaderFieldName(request.Method) || request.Method != strings.ToUpper(request.Method) {
				s.At(n, fmt.Sprintf("%s: %q is not an HTTP method", in("method"), strict.Brief(request.Method)), "write GET, POST, … in capitals")
			}
		}),
		strict.Optional("path", func(n *yaml.Node) { request.Path = s.path(n, in("path")) }),
		strict.Optional("host", func(n *yaml.Node) {
			request.Host, _ = s.Text(n, in("host"))
			if u, err := url.Parse("http://" + request.Host + "/"); err != nil || u.Host != request.Host || u.Host == "" {
				s.At(n, fmt.Sprintf("%s: %q is not a host", in("host"), strict.Brief(request.Host)), "write a name such as shop.example.com, without http:// and path")
			}
		}),
		strict.Optional("headers", func(n *yaml.Node) { request.Headers = s.headers(n, in("headers")) }),
		strict.Optional("cookies", func(n *yaml.Node) { request.Cookies = s.cookies(n, in("cookies")) }),
		strict.Optional("body", func(n *yaml.Node) { request.Body, _ = s.Text(n, in("body")) }),
		strict.Optional("login", func(n *yaml.Node) {
			login := &loadgen.Login{Path: "/login"}
			s.Object(n, in("login"),
				strict.Optional("path", func(n *yaml.Node) { login.Path = s.path(n, in("login.path")) }),
				strict.Required("form", func(n *yaml.Node) { login.Form = s.Texts(n, in("login.form"), "write it as {username: testuser}") }))
			request.Login = login
		}))
}

func (s *fields) via(n *yaml.Node, at string) target.Via {
	text, _ := s.Text(n, at)
	if text == "gateway" || text == "" {
		return target.Via{}
	}
	parts := strings.Split(text, "/")
	via := target.Via{Namespace: "default", Service: parts[len(parts)-1]}
	if len(parts) == 3 {
		via.Namespace = parts[1]
	}
	if parts[0] != "service" || len(parts) < 2 || len(parts) > 3 || !isLabel(via.Service) || !isLabel(via.Namespace) {
		s.At(n, fmt.Sprintf("%s: %q is not a way in", at, strict.Brief(text)), "write gateway, service/NAME or service/NAMESPACE/NAME")
		return target.Via{}
	}
	return via
}

func (s *fields) path(n *yaml.Node, at string) string {
	text, ok := s.Text(n, at)
	if !ok {
		return "/"
	}
	u, err := url.ParseRequestURI(text)
	switch {
	case err != nil || !strings.HasPrefix(text, "/") || strings.ContainsAny(text, "#"):
		s.At(n, fmt.Sprintf("%s: %q is not a path", at, strict.Brief(text)), "write a path that begins with /, with its query if it has one, such as /version.html?x=1")
	case u.Host != "":
		s.At(n, fmt.Sprintf("%s: %q begins with two slashes, which name a host", at, strict.Brief(text)), "write one slash")
	}
	return text
}

func (s *fields) headers(n *yaml.Node, at string) map[string]string {
	headers := s.Texts(n, at, "write it as {end-user: testuser}")
	for key, value := range strict.Entries(n) {
		switch {
		case !httpguts.ValidHeaderFieldName(key.Value):
			s.At(key, fmt.Sprintf("%s: %q is not a name of a header", at, strict.Brief(key.Value)), "")
		case strings.EqualFold(key.Value, "host"):
			s.At(key, at+": the host is not a header here", "write it as request.host")
		case !httpguts.ValidHeaderFieldValue(value.Value):
			s.At(value, fmt.Sprintf("%s.%s: the value holds characters that no header can", at, key.Value), "write it in one line")
		}
	}
	return headers
}

func (s *fields) cookies(n *yaml.Node, at string) map[string]string {
	cookies := s.Texts(n, at, "write it as {user: tester}")
	for key, value := range strict.Entries(n) {
		if !httpguts.ValidHeaderFieldName(key.Value) || strings.ContainsAny(value.Value, "\";\\\r\n") {
			s.At(key, fmt.Sprintf("%s.%s cannot be sent as a cookie", at, strict.Brief(key.Value)), "use no blanks, quotes, semicolons or backslashes")
		}
	}
	return cookies
}

// rules reads one rule, or a list of them.
func (s *fields) rules(n *yaml.Node, at string) identify.Rules {
	var rules identify.Rules
	if n.Kind == yaml.MappingNode {
		if rule := s.rule(n, at); rule != nil {
			rules = append(rules, rule)
		}
		return rules
	}
	if n.Kind != yaml.SequenceNode || len(n.Content) == 0 {
		s.Wrong(n, at, "a rule or a list of rules", "write it as {body: REGEXP}, {header: NAME}, {json: PATH} or {status: true}")
		return nil
	}
	s.List(n, at, func(n *yaml.Node, at string) {
		if rule := s.rule(n, at); rule != nil {
			rules = append(rules, rule)
		}
	})
	return rules
}

func (s *fields) rule(n *yaml.Node, at string) identify.Rule {
	var form identify.Form
	before := len(s.Found)
	read := func(to *string, name string) strict.Field {
		return strict.Optional(name, func(n *yaml.Node) {
			*to, _ = s.Text(n, at+"."+name)
			if *to == "" && n.Kind == yaml.ScalarNode {
				s.At(n, fmt.Sprintf("%s.%s is empty", at, name), "write what to look for, or remove it")
			}
		})
	}
	pattern := func(to *string, name string) strict.Field {
		f := read(to, name)
		inner := f.Read
		f.Read = func(n *yaml.Node) {
			inner(n)
			if _, err := regexp.Compile(*to); err != nil {
				words := err.Error()
				if wrong := (*syntax.Error)(nil); errors.As(err, &wrong) {
					words = fmt.Sprintf("%s: `%s`", wrong.Code, wrong.Expr)
				}
				s.At(n, fmt.Sprintf("%s.%s: %s", at, name, words), "the syntax is RE2's: https://github.com/google/re2/wiki/Syntax")
			}
		}
		return f
	}
	var is string
	s.Object(n, at,
		pattern(&form.Body, "body"),
		read(&form.Header, "header"),
		read(&form.JSON, "json"),
		strict.Optional("status", func(n *yaml.Node) {
			if n.Value == "true" {
				form.AnyStatus = true
				return
			}
			status, err := strconv.Atoi(n.Value)
			if err != nil || n.Kind != yaml.ScalarNode {
				s.Wrong(n, at+".status", "a status code or true", "")
			}
			form.Status = status
		}),
		pattern(&form.Match, "match"),
		strict.Optional("is", func(n *yaml.Node) {
			if text, ok := s.Text(n, at+".is"); ok {
				is = text
				form.Is = &is
			}
		}),
		read(&form.Version, "version"))
	if len(s.Found) > before {
		return nil
	}
	rule, err := form.Rule()
	if err != nil {
		mistakes := identify.Mistakes{err.Error()}
		errors.As(err, &mistakes)
		for _, mistake := range mistakes {
			s.At(n, at+": "+mistake, "")
		}
		return nil
	}
	return rule
}
