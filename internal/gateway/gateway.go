// Package gateway is the target that is only a URL: a gateway that somebody
// else runs. It can be asked but not changed.
package gateway

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/splitcheck/splitcheck/internal/outward"
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/loadgen"
)

// A Gateway is a target.Target without a way to change it.
type Gateway struct {
	url string
	way loadgen.Way
}

var _ target.Target = (*Gateway)(nil)

// New returns the gateway at a URL of scheme, host and port.
func New(rawURL string) (*Gateway, error) {
	base, path, err := Split(rawURL)
	if err != nil {
		return nil, err
	}
	if path != "/" {
		return nil, fmt.Errorf("the gateway's URL %q has a path; give %s, and the path in the request", outward.URL(rawURL), outward.URL(base))
	}
	return &Gateway{url: base}, nil
}

// By returns the same gateway, found and trusted by another way than the
// system's.
func (g *Gateway) By(way loadgen.Way) *Gateway { return &Gateway{url: g.url, way: way} }

// Split divides a URL into that of its gateway and the path with its query that
// a request asks for, "/" if there is none.
func Split(rawURL string) (base, path string, err error) {
	if !strings.Contains(rawURL, "://") {
		return "", "", fmt.Errorf("the URL %q has no scheme; write http://%s", outward.URL(rawURL), outward.URL(rawURL))
	}
	u, err := url.Parse(rawURL)
	if err != nil {
		return "", "", fmt.Errorf("the URL %q cannot be read: %s", outward.URL(rawURL), outward.Unreadable(err))
	}
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return "", "", fmt.Errorf("the URL %q is neither http nor https", outward.URL(rawURL))
	case u.Hostname() == "":
		return "", "", fmt.Errorf("the URL %q names no host", outward.URL(rawURL))
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return "", "", fmt.Errorf("the URL %q has the port %s; ports are 1 to 65535", outward.URL(rawURL), port)
		}
	}
	return (&url.URL{Scheme: u.Scheme, User: u.User, Host: u.Host}).String(), u.RequestURI(), nil
}

// Change refuses every change.
func (g *Gateway) Change(_ context.Context, change target.Change) (target.Convergence, error) {
	var asked []string
	for _, each := range []struct {
		what  string
		count int
	}{
		{"apply", len(change.Apply)},
		{"delete", len(change.Delete)},
		{"scale", len(change.Scale)},
		{"defects", len(change.Defects)},
	} {
		if each.count > 0 {
			asked = append(asked, each.what)
		}
	}
	if len(asked) > 0 {
		return target.Convergence{}, fmt.Errorf("the gateway %s is read-only: the step's %s cannot be carried out; "+
			"ask for the checks of one step alone with --step NAME --no-apply", outward.URL(g.url), strings.Join(asked, ", "))
	}
	return target.Convergence{Converged: true}, nil
}

// Enter returns the network as the way to the gateway.
func (g *Gateway) Enter(via target.Via, load target.Load) (target.Entry, error) {
	if via.Service != "" {
		return target.Entry{}, fmt.Errorf("the service %s cannot be entered past the gateway %s, which is all that is known", via.Service, outward.URL(g.url))
	}
	network := g.way.Network(load.Connections, load.Reuse, load.Timeout)
	return target.Entry{URL: g.url, Opener: loadgen.HTTP{RoundTripper: network}, Unseen: true, Close: network.Close}, nil
}

// Close has nothing to remove.
func (g *Gateway) Close(context.Context) error { return nil }
