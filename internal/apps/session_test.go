package apps

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// visitor is a browser whose network is one handler.
func visitor(t *testing.T, h http.Handler) *http.Client {
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &http.Client{Transport: &town{hosts: map[string]http.Handler{"shop.example": h}}, Jar: jar}
}

func TestLogin(t *testing.T) {
	town, page := bookinfo(t, "v2")
	client := visitor(t, page)
	user := func() string {
		answer, err := client.Get("http://shop.example/productpage")
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, answer.StatusCode)
		calls := town.called("reviews:9080")
		return calls[len(calls)-1].Header.Get("end-user")
	}
	assert.Empty(t, user())

	answer, err := client.PostForm("http://shop.example/login", url.Values{"username": {"testuser"}, "passwd": {"x"}})
	require.NoError(t, err)
	assert.Equal(t, "/productpage", answer.Request.URL.Path, "the redirect leads back")
	assert.Equal(t, "testuser", user())
	for _, host := range []string{"details:9080", "ratings:9080"} {
		calls := town.called(host)
		assert.Equal(t, "testuser", calls[len(calls)-1].Header.Get("end-user"), host)
	}

	_, err = client.Get("http://shop.example/logout")
	require.NoError(t, err)
	assert.Empty(t, user())
}

func TestLoginAnswer(t *testing.T) {
	_, page := bookinfo(t, "v1")
	form := []string{"Content-Type", "application/x-www-form-urlencoded"}
	for referer, location := range map[string]string{
		"http://shop.example/productpage?u=normal": "http://shop.example/productpage?u=normal",
		"":                     "/productpage",
		"javascript:alert(1)":  "/productpage",
		"http://%zz":           "/productpage",
		"http:///no-host":      "/productpage",
		"https://shop.example": "https://shop.example",
	} {
		answer := do(page, http.MethodPost, "/login", "username=testuser&passwd=", append(form, "Referer", referer)...)
		assert.Equal(t, http.StatusFound, answer.Code)
		assert.Equal(t, location, answer.Header().Get("Location"), referer)
		cookie, err := http.ParseSetCookie(answer.Header().Get("Set-Cookie"))
		require.NoError(t, err)
		assert.Equal(t, "session", cookie.Name)
		assert.True(t, cookie.HttpOnly)
		assert.Equal(t, "/", cookie.Path)
	}
	assert.Equal(t, http.StatusMethodNotAllowed, get(page, "/login").Code)
	assert.Equal(t, http.StatusMethodNotAllowed, do(page, http.MethodPost, "/logout", "").Code)

	for _, body := range []string{"", "passwd=x", "username=", "username=a%0d%0aX:y", "username=%ff", "username=" + strings.Repeat("a", maxUser+1), "username=a&pad=" + strings.Repeat("a", maxBody)} {
		answer := do(page, http.MethodPost, "/login", body, form...)
		assert.Equal(t, http.StatusBadRequest, answer.Code, "%.40s", body)
		assert.Empty(t, answer.Header().Get("Set-Cookie"))
	}
}

func TestSessionsOfSeveralPods(t *testing.T) {
	town, first := bookinfo(t, "v1")
	second := town.add(t, "", "productpage", "v1", nil)
	foreign := town.add(t, "", "productpage", "v1", map[string]string{"SESSION_KEY": "another"})
	answer := do(first, http.MethodPost, "/login", "username=Jos%C3%A9+Mart%C3%AD", "Content-Type", "application/x-www-form-urlencoded")
	cookie, _, _ := strings.Cut(answer.Header().Get("Set-Cookie"), ";")

	assert.Contains(t, get(second, "/productpage", "Cookie", cookie).Body.String(), "José Martí")
	assert.Contains(t, get(second, "/productpage", "Cookie", "session=x; "+cookie).Body.String(), "Sign out")
	assert.NotContains(t, get(foreign, "/productpage", "Cookie", cookie).Body.String(), "Sign out")
}

func FuzzSessionCookie(f *testing.F) {
	s := sessions{[]byte("key")}
	good := s.cookie("testuser").Value
	for _, value := range []string{good, good + "A", good[1:], "." + good, strings.ToUpper(good), "dGVzdHVzZXI.", "dGVzdHVzZXI", "..", ""} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		r := &http.Request{Header: http.Header{"Cookie": {"session=" + value}}}
		if user := s.user(r); user != "" {
			// Only what the key signed is a session: taken apart and signed
			// again, it is the same.
			cookie, err := r.Cookie("session")
			require.NoError(t, err)
			encoded, _, _ := strings.Cut(cookie.Value, ".")
			want, _, _ := strings.Cut(s.cookie(user).Value, ".")
			assert.Equal(t, want, encoded)
			assert.Equal(t, "testuser", user, "no other session was ever signed")
		}
	})
}
