package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// encodings are those in which a server may repeat what it was sent.
var encodings = map[string]func(string) string{
	"as it is": func(s string) string { return s },
	"query":    url.QueryEscape,
	"path":     url.PathEscape,
	"percent": func(s string) string {
		return regexp.MustCompile(`.`).ReplaceAllStringFunc(s, func(c string) string { return fmt.Sprintf("%%%02x", c) })
	},
	"twice":  func(s string) string { return url.QueryEscape(url.QueryEscape(s)) },
	"JSON":   func(s string) string { text, _ := json.Marshal(s); return string(text[1 : len(text)-1]) },
	"quoted": strconv.Quote,
	"HTML":   html.EscapeString,
	"HTML by codes": func(s string) string {
		return regexp.MustCompile(`.`).ReplaceAllStringFunc(s, func(c string) string { return fmt.Sprintf("&#%d;", c[0]) })
	},
	"base64":        func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
	"within base64": func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte("a=" + s + "&b=c")) },
}

// inBase64 is what may be base64.
var inBase64 = regexp.MustCompile(`[A-Za-z0-9+/_-]{6,}`)

// assertUntold looks for a secret in an output, in all of the encodings.
func assertUntold(t *testing.T, output, secret, where string) {
	t.Helper()
	for name, encode := range encodings {
		if !strings.Contains(name, "base64") {
			assert.NotContains(t, output, encode(secret), "%s, %s", where, name)
		}
	}
	for _, run := range inBase64.FindAllString(output, -1) {
		for skip := range min(4, len(run)) {
			text := strings.NewReplacer("-", "+", "_", "/").Replace(run[skip:])
			plain, _ := base64.RawStdEncoding.DecodeString(text[:len(text)/4*4])
			assert.NotContains(t, string(plain), secret, "%s, in base64", where)
		}
	}
}

// assertHarmless looks for what a terminal or a CI runner would obey.
func assertHarmless(t *testing.T, output, where string) {
	t.Helper()
	for line := range strings.SplitSeq(output, "\n") {
		assert.False(t, strings.HasPrefix(strings.TrimSpace(line), "::"), "%s: %q", where, line)
		assert.NotRegexp(t, `##[A-Za-z]*\[`, line, where)
		assert.False(t, strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) && r != '\t' }), "%s: %q", where, line)
	}
}

// commands are what a hostile server puts between what it repeats.
const commands = "\n::add-mask::v1\n \t::error::x\n##[error]y ##vso[task.setvariable]z\x1b[2J\x00\u202e\u0085\xff"

// An echo is a server that repeats everything it was sent, in one encoding, with
// commands before it, and names v1 in some answers.
func echo(t *testing.T, encode func(string) string, status int) *httptest.Server {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		var seen []string
		for _, values := range r.Header {
			seen = append(seen, values...)
		}
		for _, values := range r.Form {
			seen = append(seen, values...)
		}
		if user, password, ok := r.BasicAuth(); ok {
			seen = append(seen, user+":"+password, password)
		}
		for _, cookie := range r.Cookies() {
			seen = append(seen, cookie.Value)
		}
		seen = append(seen, r.URL.RawQuery)
		if r.Method == http.MethodPost && r.URL.Path == "/login" {
			http.SetCookie(w, &http.Cookie{Name: "session", Value: "given-out-at-login"})
			return
		}
		var body strings.Builder
		for i := range seen {
			// Every answer is another excerpt.
			body.WriteString(encode(seen[(i+rand.IntN(len(seen)))%len(seen)]) + commands + " ")
		}
		w.Header().Set("Location", "http://"+url.UserPassword("server", "its-own-password").String()+"@host/?token=its-own-token&x="+url.QueryEscape(body.String()[:min(body.Len(), 60)]))
		w.Header().Set("X-Version", strings.Map(func(r rune) rune {
			if r < ' ' || r > '~' {
				return '_'
			}
			return r
		}, encode(seen[0])))
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body.String()))
	}))
	t.Cleanup(server.Close)
	return server
}

// TestNoSecretIsTold puts credentials everywhere, has a server repeat them in every
// encoding, and looks for them in all that is written, whatever comes of it.
func TestNoSecretIsTold(t *testing.T) {
	draws := rand.New(rand.NewPCG(20261128, 1))
	letters := `abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789`
	word := func(more string) string {
		var b strings.Builder
		for range 6 + draws.IntN(20) {
			from := letters
			if draws.IntN(4) == 0 && more != "" {
				from = more
			}
			b.WriteByte(from[draws.IntN(len(from))])
		}
		return "s" + b.String() + "z"
	}
	names := []string{"as it is", "query", "path", "percent", "twice", "JSON", "quoted", "HTML", "HTML by codes", "base64", "within base64"}
	statuses := []int{200, 302, 404, 503}
	rules := []string{"body:never-there-(v1)", "header:X-Version", `body:([A-Za-z0-9]{6,})`}
	for i := range 44 {
		encoding, status, rule := names[i%len(names)], statuses[i%len(statuses)], rules[i%len(rules)]
		t.Run(fmt.Sprintf("%s %d %s", encoding, status, rule), func(t *testing.T) {
			server := echo(t, encodings[encoding], status)
			special := `!#$%&'()*+,/:;=?@[]{}<>"\ `
			secrets := map[string]string{
				"password": word(special), "query": word(special), "bearer": word(`-._~+/`), "ours": word(special[:len(special)-1]), "signature": word(`+/=`),
				"cookie": word(`!#$%&'()*+-./:<=>?@[]^_{|}~`), "form": word(special), "data": word(special), "server": "its-own-password", "token": "its-own-token", "session": "given-out-at-login",
			}
			address := strings.Replace(server.URL, "http://", "http://"+url.UserPassword("bob", secrets["password"]).String()+"@", 1) +
				"/page?x=1&api_key=" + url.QueryEscape(secrets["query"])
			good := []string{"verify", address, "--expect", "v1=90,v2=10", "--rate", "0", "--requests", "12", "--connections", "1", "--identify", rule,
				"-H", "X-Ours: " + secrets["ours"], "-H", "X-Signature:" + secrets["signature"], "--cookie", "sid=" + secrets["cookie"]}
			switch i % 3 {
			case 0:
				good = append(good, "--header=Authorization: Bearer "+secrets["bearer"])
			case 1:
				good = append(good, "--login", "username=bob", "--login", "passwd="+secrets["form"])
			case 2:
				good = append(good, "-X", "POST", "-H", "Content-Type: application/x-www-form-urlencoded", "--data", "user=bob&password="+url.QueryEscape(secrets["data"]))
			}
			dir := t.TempDir()
			good = slices.Clip(good)
			for name, args := range map[string][]string{
				"text":          append(good, "-v"),
				"Chinese":       append(good, "-v", "--lang", "zh"),
				"JSON":          append(good, "-o", "json"),
				"files":         append(good, "-o", "json=r.json", "-o", "text=r.txt"),
				"unknown flag":  append(good, "--nonsense", "-u"+secrets["password"]),
				"bad cookie":    append(good, "--cookie", secrets["ours"]),
				"bad header":    append(good, "--header", secrets["ours"]),
				"bad login":     append(good, "--login", secrets["form"]),
				"two URLs":      append(good, address),
				"URL":           append([]string{"verify", strings.Replace(address, "@", "%zz@", 1)}, good[2:]...),
				"port":          append([]string{"verify", strings.Replace(address, "@", ":x/@", 1)}, good[2:]...),
				"no scheme":     append([]string{"verify", strings.TrimPrefix(address, "http://")}, good[2:]...),
				"not a command": {address, "--data", secrets["data"]},
			} {
				out, errs, _ := callIn(t, dir, "", args...)
				if name == "text" {
					require.Contains(t, out, " requests in ", errs) // they were sent and answered
				}
				for kind, secret := range secrets {
					assertUntold(t, out+errs, secret, name+", "+kind)
				}
				assertHarmless(t, out, name)
				assertHarmless(t, errs, name)
			}
			for _, file := range []string{"r.json", "r.txt"} {
				text, err := os.ReadFile(filepath.Join(dir, file))
				require.NoError(t, err)
				for kind, secret := range secrets {
					assertUntold(t, string(text), secret, file+", "+kind)
				}
				assertHarmless(t, string(text), file)
			}
			out, errs, _ := callIn(t, dir, "", "report", "r.json", "-v")
			assert.NotContains(t, errs, "splitcheck:")
			assertHarmless(t, out, "report")
		})
	}
}
