package loadgen_test

import (
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/loadgen"
)

func TestRequestIsSentAsPlanned(t *testing.T) {
	var (
		mu   sync.Mutex
		seen *http.Request
		body []byte
	)
	result := overSockets(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		seen = r
		body, _ = io.ReadAll(r.Body)
		v1(w, r)
	}, loadgen.Plan{
		Request: loadgen.Request{Method: "POST", URL: "/a%2Fb?x=1&y=z", Host: "shop.example.com", Body: "question", Headers: map[string]string{"end-user": "testuser", "Cookie": "a=1"}, Cookies: map[string]string{"session": "s", "b": "2"}},
		Load:    loadgen.Load{Requests: 1},
	})
	require.EqualValues(t, 1, result.Tally.Hits())
	assert.Equal(t, "POST", seen.Method)
	assert.Equal(t, "/a%2Fb?x=1&y=z", seen.RequestURI)
	assert.Equal(t, "shop.example.com", seen.Host)
	assert.Equal(t, "question", string(body))
	assert.Equal(t, http.Header{
		"End-User":        {"testuser"},
		"Cookie":          {"a=1; b=2; session=s"},
		"User-Agent":      {"splitcheck"},
		"Accept-Encoding": {"gzip"},
		"Content-Length":  {"8"},
	}, seen.Header)
}

func TestHostAmongTheHeaders(t *testing.T) {
	var host string
	result := generate(t, transportFunc(func(r *http.Request) (*http.Response, error) {
		host = r.Host
		assert.NotContains(t, r.Header, "Host")
		assert.NotContains(t, r.Header, "X-Vegeta-Seq")
		return page(r, 0, "v1")
	}), loadgen.Plan{Request: loadgen.Request{Headers: map[string]string{"host": "shop.example.com"}}, Load: loadgen.Load{Requests: 1}})
	require.EqualValues(t, 1, result.Tally.Hits())
	assert.Equal(t, "shop.example.com", host)
}

// The login is productpage's: a form is posted, and the answer is a cookie and
// a redirect to where the user came from.
func TestLoginGoesBeforeTheLoad(t *testing.T) {
	mux := http.NewServeMux()
	var (
		mu     sync.Mutex
		logins int
		host   string
		from   string
	)
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		logins, host, from = logins+1, r.Host, r.Referer()
		if r.PostFormValue("passwd") != "x" {
			http.Error(w, "wrong password", http.StatusUnauthorized)
			return
		}
		http.SetCookie(w, &http.Cookie{Name: "session", Value: r.PostFormValue("username"), Path: "/", HttpOnly: true})
		http.SetCookie(w, &http.Cookie{Name: "old", Value: "gone", MaxAge: -1})
		http.Redirect(w, r, r.Referer(), http.StatusFound)
	})
	mux.HandleFunc("GET /productpage", func(w http.ResponseWriter, r *http.Request) {
		session, _ := r.Cookie("session")
		theme, _ := r.Cookie("theme")
		if session != nil && session.Value == "testuser" && theme != nil && theme.Value == "dark" {
			_, _ = io.WriteString(w, "v2")
			return
		}
		_, _ = io.WriteString(w, "v1")
	})
	plan := loadgen.Plan{
		Request: loadgen.Request{URL: "/productpage?u=normal", Host: "bookinfo.example.com", Cookies: map[string]string{"theme": "dark"}, Login: &loadgen.Login{Form: map[string]string{"username": "testuser", "passwd": "x"}}},
		Load:    loadgen.Load{Requests: 50},
	}
	result := overSockets(t, mux.ServeHTTP, plan)
	assert.Equal(t, map[string]int64{"v2": 50}, result.Tally.Versions)
	assert.Equal(t, 1, logins)
	assert.Equal(t, "bookinfo.example.com", host)
	assert.Contains(t, from, "/productpage?u=normal")
}

// TestUserAndPasswordOfTheURL: they go where they belong, and nowhere else.
func TestUserAndPasswordOfTheURL(t *testing.T) {
	basic := "Basic Ym9iOnBhc3M6d29yZA==" // printf bob:pass:word | base64
	for name, c := range map[string]struct {
		login, authorization string
		headers              map[string]string
		atLogin, atPage      string
		from                 string
	}{
		"same host":    {login: "/login", atLogin: basic, atPage: basic, from: "http://app/page?x=1"},
		"own header":   {login: "/login", headers: map[string]string{"authorization": "Bearer x"}, atLogin: "Bearer x", atPage: "Bearer x", from: "http://app/page?x=1"},
		"another host": {login: "http://sso/login", atLogin: "", atPage: basic, from: "http://app/"},
	} {
		t.Run(name, func(t *testing.T) {
			transport := transportFunc(func(r *http.Request) (*http.Response, error) {
				response, err := page(r, 0, "v1")
				if r.Method == http.MethodPost {
					assert.Equal(t, c.atLogin, r.Header.Get("Authorization"))
					assert.Equal(t, c.from, r.Header.Get("Referer"))
					response.Header.Set("Set-Cookie", "session=given-out")
					return response, err
				}
				assert.Equal(t, c.atPage, r.Header.Get("Authorization"))
				assert.Empty(t, r.Header.Get("Referer"))
				return response, err
			})
			_, err := loadgen.Generate(t.Context(), loadgen.Plan{
				Request: loadgen.Request{URL: "http://bob:pass%3Aword@app/page?x=1", Headers: c.headers, Login: &loadgen.Login{Path: c.login}},
				Load:    loadgen.Load{Requests: 1},
			}, loadgen.HTTP{RoundTripper: transport}, loadgen.Options{})
			assert.NoError(t, err)
		})
	}
}

// TestExamplesTellNoSecrets: a server may repeat what it was sent, and what it gave
// out at the login.
func TestExamplesTellNoSecrets(t *testing.T) {
	transport := transportFunc(func(r *http.Request) (*http.Response, error) {
		response, err := page(r, 0, fmt.Sprintf("%q", r.Header))
		if r.Method == http.MethodPost {
			response.Header.Set("Set-Cookie", "session=given-out")
			return response, err
		}
		response.StatusCode = http.StatusTeapot
		return response, err
	})
	result, err := loadgen.Generate(t.Context(), loadgen.Plan{
		Request: loadgen.Request{URL: "http://app/page", Headers: map[string]string{"X-Ours": "in-header"}, Login: &loadgen.Login{}},
		Load:    loadgen.Load{Requests: 1},
	}, loadgen.HTTP{RoundTripper: transport}, loadgen.Options{})
	require.NoError(t, err)
	require.Len(t, result.Tally.Examples, 1)
	for _, example := range result.Tally.Examples {
		assert.Contains(t, example, "REDACTED")
		assert.NotContains(t, example, "given-out")
		assert.NotContains(t, example, "in-header")
	}
}

func TestLoginFailsClearly(t *testing.T) {
	for path, want := range map[string]string{
		"/refused": "was refused: 401 Unauthorized: wrong password",
		"/none":    "set no cookie, so nobody is logged in: 200 OK: welcome",
		"/closed":  "was not answered: connection closed without an answer",
		"/\x00":    "login: ",
	} {
		transport := transportFunc(func(r *http.Request) (*http.Response, error) {
			switch r.URL.Path {
			case "/refused":
				response, err := page(r, 0, "wrong\npassword")
				response.StatusCode = http.StatusUnauthorized
				return response, err
			case "/none":
				return page(r, 0, "welcome")
			}
			return nil, io.EOF
		})
		_, err := loadgen.Generate(t.Context(), loadgen.Plan{
			Request: loadgen.Request{URL: "http://app/page", Login: &loadgen.Login{Path: path}},
			Load:    loadgen.Load{Requests: 1},
		}, loadgen.HTTP{RoundTripper: transport}, loadgen.Options{})
		assert.ErrorContains(t, err, want)
	}
}
