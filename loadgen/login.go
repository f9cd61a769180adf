package loadgen

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/url"
	"strings"

	"github.com/splitcheck/splitcheck/identify"
	"github.com/splitcheck/splitcheck/internal/outward"
	"github.com/splitcheck/splitcheck/split"
)

// logIn posts the login's form and returns the request's cookies with those that
// the answer sets. A redirect is not followed: the cookies come with it.
func (r Request) logIn(ctx context.Context, transport http.RoundTripper) (map[string]string, error) {
	// A number that no request of the load has: what the target draws by
	// numbers is the same with and without a login.
	ctx = split.WithExchange(ctx, &split.Exchange{Number: math.MaxUint64})
	request, err := r.loginRequest(ctx)
	if err != nil {
		return nil, fmt.Errorf("login: %w", err)
	}
	address := outward.URL(request.URL.String())
	response, err := transport.RoundTrip(request)
	if err != nil {
		return nil, fmt.Errorf("login at %s was not answered: %s: %w", address, Failure(err).Kind, err)
	}
	defer response.Body.Close()
	var body bytes.Buffer
	_, err = readBody(response.StatusCode, response.Header, response.Body, r.MaxBody, &body)
	if err != nil && !errors.As(err, new(*undecodable)) {
		return nil, fmt.Errorf("login at %s was not answered: %s: %w", address, Failure(err).Kind, err)
	}
	answer := identify.Answer{Status: response.StatusCode, Header: response.Header, Body: body.Bytes()}
	if response.StatusCode >= 400 {
		return nil, fmt.Errorf("login at %s was refused: %s", address, excerpt(answer))
	}
	cookies := maps.Clone(r.Cookies)
	if cookies == nil {
		cookies = map[string]string{}
	}
	set := 0
	for _, cookie := range response.Cookies() {
		if cookie.MaxAge >= 0 && cookie.Value != "" {
			cookies[cookie.Name] = cookie.Value
			set++
		}
	}
	if set == 0 {
		return nil, fmt.Errorf("login at %s set no cookie, so nobody is logged in: %s", address, excerpt(answer))
	}
	return cookies, nil
}

func (r Request) loginRequest(ctx context.Context) (*http.Request, error) {
	path := r.Login.Path
	if path == "" {
		path = "/login"
	}
	base, err := url.Parse(r.URL)
	if err != nil {
		return nil, err
	}
	at, err := base.Parse(path)
	if err != nil {
		return nil, err
	}
	form := url.Values{}
	for name, value := range r.Login.Form {
		form.Set(name, value)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, at.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	request.Header = r.header()
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	// As a browser would: no user and password, and for another host no more than
	// the name of the one that it comes from.
	from := &url.URL{Scheme: base.Scheme, Host: base.Host, Path: base.Path, RawPath: base.RawPath, RawQuery: base.RawQuery}
	if at.Host != base.Host {
		from = &url.URL{Scheme: base.Scheme, Host: base.Host, Path: "/"}
		if !r.authorized() {
			request.Header.Del("Authorization")
		}
	}
	request.Header.Set("Referer", from.String())
	request.Host = r.host()
	return request, nil
}
