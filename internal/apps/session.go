package apps

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// sessionKey signs sessions unless SESSION_KEY says otherwise. It is not a
// secret, and neither is the original's (productpage.py publishes its
// secret_key). It has to be the same in every pod of productpage, and since any
// password signs in, nothing is gained by forging a session.
const sessionKey = "splitcheck bookinfo"

// maxUser bounds a user's name in bytes: it travels in a header of every call.
const maxUser = 256

// sessions keeps who is signed in, in a cookie of name "session" that holds the
// user's name and a signature.
type sessions struct{ key []byte }

// user returns who is signed in, or "". A cookie that was tampered with counts
// as none.
func (s sessions) user(r *http.Request) string {
	for _, cookie := range r.CookiesNamed("session") {
		encoded, signature, _ := strings.Cut(cookie.Value, ".")
		got, err := base64.RawURLEncoding.DecodeString(signature)
		if err != nil || !hmac.Equal(got, s.sign(encoded)) {
			continue
		}
		if user, err := base64.RawURLEncoding.DecodeString(encoded); err == nil && validUser(string(user)) {
			return string(user)
		}
	}
	return ""
}

func (s sessions) cookie(user string) *http.Cookie {
	encoded := base64.RawURLEncoding.EncodeToString([]byte(user))
	value := encoded + "." + base64.RawURLEncoding.EncodeToString(s.sign(encoded))
	return &http.Cookie{Name: "session", Value: value, Path: "/", HttpOnly: true}
}

func (s sessions) sign(encoded string) []byte {
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte(encoded))
	return mac.Sum(nil)
}

// login signs a user in by the form fields username and passwd, of which the
// password is not looked at, and goes back to the page he came from.
func (s sessions) login(w http.ResponseWriter, r *http.Request) {
	if r.Body != nil {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	}
	user := strings.TrimSpace(r.FormValue("username"))
	if !validUser(user) {
		send(w, r, http.StatusBadRequest, plainType, []byte("Sign in with a username of 1 to 256 bytes, without control characters.\n"))
		return
	}
	http.SetCookie(w, s.cookie(user))
	back(w, r)
}

func (s sessions) logout(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, &http.Cookie{Name: "session", Path: "/", HttpOnly: true, MaxAge: -1})
	back(w, r)
}

// back redirects to the page that led here. Without a Referer the original
// redirects to a page "None"; here it is the product page.
func back(w http.ResponseWriter, r *http.Request) {
	target := "/productpage"
	if u, err := url.Parse(r.Referer()); err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" {
		target = u.String()
	}
	w.Header().Set("Location", target)
	send(w, r, http.StatusFound, plainType, nil)
}

// validUser says whether a name can be a header's value.
func validUser(name string) bool {
	return name != "" && len(name) <= maxUser && utf8.ValidString(name) && !strings.ContainsFunc(name, unicode.IsControl)
}
