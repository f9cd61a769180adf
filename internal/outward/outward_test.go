package outward_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"

	"github.com/splitcheck/splitcheck/internal/outward"
)

func TestSecretsAreFoundHoweverTheyAreWritten(t *testing.T) {
	for _, secret := range []string{"hunter2", "s3/cr+et==", `a"b\c'd`, "p%41ss&amp;word", "correct horse  battery", "pässwörtchen", "<&>;:@", "日本語の秘密", "a\tb\x01cd"} {
		s := &outward.Secrets{}
		s.Value(secret)
		for name, text := range encoded(secret) {
			for _, around := range []string{"%s", "before %s after", "x=%s&y=1", `{"k":"%s"}`, "<p>%s</p>", "%s %[1]s"} {
				whole := fmt.Sprintf(around, text)
				hidden := s.Hide(whole)
				assert.NotContains(t, hidden, text, "%q as %s in %q", secret, name, around)
				assert.Equal(t, strings.ReplaceAll(whole, text, outward.Hidden), hidden, "%q as %s in %q", secret, name, around)
			}
		}
	}
}

// encoded is a secret in every encoding that a server may repeat it in.
func encoded(secret string) map[string]string {
	asJSON, _ := json.Marshal(secret)
	inJSON := string(asJSON[1 : len(asJSON)-1])
	var everyByte, numbers, codes strings.Builder
	for i := range len(secret) {
		fmt.Fprintf(&everyByte, "%%%02x", secret[i])
	}
	for _, r := range secret {
		fmt.Fprintf(&numbers, "&#x%x;", r)
		fmt.Fprintf(&codes, `\u%04x`, r)
	}
	quoted, inASCII := strconv.Quote(secret), strconv.QuoteToASCII(secret)
	return map[string]string{
		"it is": secret, "a query": url.QueryEscape(secret), "a path": url.PathEscape(secret),
		"percent": everyByte.String(), "a query twice": url.QueryEscape(url.QueryEscape(secret)),
		"JSON": inJSON, "quoted": quoted[1 : len(quoted)-1], "ASCII": inASCII[1 : len(inASCII)-1],
		"HTML": html.EscapeString(secret), "numbers": numbers.String(), "codes": codes.String(),
		"HTML of JSON": html.EscapeString(inJSON), "JSON of a query": strings.ReplaceAll(url.QueryEscape(inJSON), "/", `\/`),
		"base64": base64.StdEncoding.EncodeToString([]byte("me:" + secret)), "URL's base64": base64.RawURLEncoding.EncodeToString([]byte(secret + "?")),
		"hexadecimal": hex.EncodeToString([]byte(secret)),
	}
}

func TestWhatIsNoSecretStays(t *testing.T) {
	s := &outward.Secrets{}
	s.Open("blue-green")
	for _, each := range []string{"abc", "true", "always", "blue-green", "sesame street"} {
		s.Value(each)
	}
	for _, text := range []string{
		"", "abc", "it is true", "always blue-green", "sesame", "200 OK: v1 of https://shop.example/a@b?page=2",
		"503: upstream connect error or disconnect/reset before headers. reset reason: connection refused",
		"a basic authentication is Basic", "author=me", "\xff\xfe%zz&#;\\", "kind=Service,app=reviews",
	} {
		assert.Equal(t, text, s.Hide(text))
	}
}

func TestSecretsThatWereCut(t *testing.T) {
	s := &outward.Secrets{}
	s.Value("open-sesame-open")
	for text, want := range map[string]string{
		"the word is open-ses…":              "the word is REDACTED…",
		"the word is open%2dse%7…":           "the word is REDACTED…",
		"in b3Blbi1zZXNhbW…":                 "in REDACTED…",
		"v1 and v2 in …same-open, then more": "v1 and v2 in …REDACTED, then more",
		"…en-sesa…":                          "…REDACTED…",
		"it ends with open":                  "it ends with open",
		"open or not":                        "open or not",
	} {
		assert.Equal(t, want, s.Hide(text))
	}
}

// TestWhereCredentialsStand: what a server sends may be somebody else's credential.
func TestWhereCredentialsStand(t *testing.T) {
	for text, want := range map[string]string{
		"302 to https://bob:pw@host/x":              "302 to https://REDACTED@host/x",
		"302 to https://TOKEN@host/x?y=1":           "302 to https://REDACTED@host/x?y=1",
		"302 to /cb?access_token=abc&page=2":        "302 to /cb?access_token=REDACTED&page=2",
		"302 to /cb#id_token=abc":                   "302 to /cb#id_token=REDACTED",
		"to /login?to=https%3A%2F%2Fb%3Ap%40host":   "to /login?to=https%3A%2F%2FREDACTED%40host",
		`{"Authorization":["Bearer abc"],"a":"b"}`:  `{"Authorization":["REDACTED"],"a":"b"}`,
		"Set-Cookie: a=b; Path=/":                   "Set-Cookie: REDACTED",
		`{"password": "p\"w", "user": "bob"}`:       `{"password": "REDACTED", "user": "bob"}`,
		"password=pw&user=bob":                      "password=REDACTED&user=bob",
		"sent Bearer abcdef123 to it":               "sent Bearer REDACTED to it",
		"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcd": "REDACTED",
	} {
		assert.Equal(t, want, (*outward.Secrets)(nil).Hide(text))
	}
}

func TestURLs(t *testing.T) {
	for text, want := range map[string]string{
		"http://host/a?x=1":                  "http://host/a?x=1",
		"http://bob:pw@host/":                "http://REDACTED@host/",
		"http://t@host/?token=a&x=1":         "http://REDACTED@host/?token=REDACTED&x=1",
		"http://bob:p%zz@host":               "http://REDACTED@host",
		"http://bob:p/w@host:80/":            "http://REDACTED@host:80/",
		"bob:pw@host/x":                      "REDACTED@host/x",
		"https://medium.example/@me?q=a@b.c": "https://medium.example/@me?q=a@b.c",
		"/page?sig=ab&q=shoes#code=1":        "/page?sig=REDACTED&q=shoes#code=REDACTED",
		"a@b.yaml":                           "a@b.yaml",
	} {
		assert.Equal(t, want, outward.URL(text))
	}
}

func TestHeaders(t *testing.T) {
	for _, name := range []string{"Authorization", "proxy-authorization", "Cookie", "X-Api-Key", "X-Auth", "X-Signature", "X-Session-Id", "X-CSRF", "DPoP", "X-Ours", "X-User-Token"} {
		assert.Equal(t, outward.Hidden, outward.HeaderValue(name, "pw"), name)
	}
	for _, name := range []string{"end-user", "X-Version", "Accept", "X-Canary", "User-Agent", "x-request-id"} {
		assert.Equal(t, "seen", outward.HeaderValue(name, "seen"), name)
	}
	assert.Equal(t, "http://REDACTED@host/", outward.HeaderValue("Referer", "http://bob:pw@host/"))
}

func TestCollecting(t *testing.T) {
	s := &outward.Secrets{}
	s.Request(outward.Request{
		URL: "http://bobby:pass1word@host/x?api_key=inquery&page=harmless",
		Headers: map[string]string{
			"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte("alice:inbasic")), "X-Ours": "inheader",
			"Cookie": `a=incookie; b="quoted cookie"`, "Accept": "text/plain", "X-Hub": "sha256 signature=inparameter",
		},
		Cookies: map[string]string{"theme": "darkness"},
		Body:    `{"user":"anybody","password":"in\"json","nested":{"client_secret":"nested secret"}}`,
		Login:   map[string]string{"username": "somebody", "passwd": "inform"},
	})
	for _, each := range []string{"bobby:pass1word", "pass1word", "inquery", "alice:inbasic", "inbasic", "inheader", "incookie", "quoted cookie", "inparameter", "darkness", `in"json`, "nested secret", "inform"} {
		assert.Equal(t, outward.Hidden, s.Hide(each))
	}
	for _, each := range []string{"harmless", "text/plain", "bobby", "alice", "anybody", "somebody"} {
		assert.Equal(t, each, s.Hide(each))
	}
	s = &outward.Secrets{}
	s.URL("http://a-token@host")
	assert.Equal(t, outward.Hidden, s.Hide("a-token"))
	s.Body("opaque token itself")
	assert.Equal(t, "["+outward.Hidden+"]", s.Hide("[opaque token itself]"))
}

func TestNothingIsACommandToARunner(t *testing.T) {
	for text, want := range map[string]string{
		"::add-mask::x\n":               ":\\:add-mask::x\n",
		"a\n \t ::error::x\nb :: c\n::": "a\n \t :\\:error::x\nb :: c\n:\\:",
		"a ##[error]x":                  `a ##\[error]x`,
		"###vso[task.x]":                `###vso\[task.x]`,
		"# [a] #b[c] ## [d] ##e f[g]":   "# [a] #b[c] ## [d] ##e f[g]",
		"\x1b[2J\x00\r\u0085\u202e\xff": `\x1b[2J\x00\r\u0085\u202e` + "\uFFFD",
		"\u3000::x":                     `\u3000:\:x`,
	} {
		for step := 1; step < 4; step++ {
			var b bytes.Buffer
			w := outward.NewWriter(&b)
			for rest := []byte(text); len(rest) > 0; {
				n := min(step, len(rest))
				_, err := w.Write(rest[:n])
				assert.NoError(t, err)
				rest = rest[n:]
			}
			assert.Equal(t, want, b.String(), "%q by %d bytes", text, step)
		}
	}
}

// FuzzHide: no secret stays, with anything around it and in whichever encoding.
func FuzzHide(f *testing.F) {
	f.Add("hunter2", "a %41 &amp; \\u00", "…")
	f.Add("p+w d", "\xff", "++")
	f.Add("p%41ss", "%", "&")
	f.Fuzz(func(t *testing.T, secret, before, after string) {
		s := &outward.Secrets{}
		if s.Value(secret); !utf8.ValidString(secret) || s.Hide("|"+secret+"|") == "|"+secret+"|" {
			return // too short
		}
		for name, text := range encoded(secret) {
			assert.NotContains(t, s.Hide(before+"|"+text+"|"+after), text, name)
		}
	})
}

// BenchmarkHide is what an answer costs that is an example of its kind.
func BenchmarkHide(b *testing.B) {
	s := &outward.Secrets{}
	for _, each := range []string{"hunter2", "Bearer abcdefghijklmnopqrstuvwxyz0123456789", "a-session-that-is-long-enough", "s3/cr+et=="} {
		s.Value(each)
	}
	text := "503 Service Unavailable: " + strings.Repeat(`{"error":"upstream connect error","id":"5f4dcc3b5aa765d6"} `, 3)
	for b.Loop() {
		s.Hide(text)
	}
}
