package loadgen

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// A Way says how a Network finds a server, and whom it trusts there. The zero
// value is the way of the system: its resolver, and its certificate authorities.
type Way struct {
	// ConnectTo are tried in order: the first that is for the host and port of
	// the URL says where to connect instead. Certificates are still asked for
	// and checked by the name that was asked.
	ConnectTo []Redirection
	// Resolve are the addresses of names that are not looked up.
	Resolve []Resolution
	// TLS holds certificate authorities, client certificates and whether
	// certificates are checked; nil is the system's. The name is that of each
	// request.
	TLS *tls.Config
	// Resolver looks up all other names; nil is the system's.
	Resolver Resolver
}

// A Redirection leads connections for From to To. An empty Host or Port of From
// stands for any, and one of To for that of the request.
type Redirection struct{ From, To Place }

// A Place is a host and its port.
type Place struct{ Host, Port string }

// A Resolution gives a name its addresses on one port. The Host "*" is any.
type Resolution struct {
	Place
	Addresses []netip.Addr
}

// A Resolver looks up the addresses of a name. A net.Resolver is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Network returns a transport that goes this way, with connections lanes
// (DefaultConnections if 0), each opening a new connection after at most reuse requests
// (never if 0). timeout bounds the opening of a connection.
func (w Way) Network(connections, reuse int, timeout time.Duration) *Network {
	if connections < 1 {
		connections = DefaultConnections
	}
	if timeout <= 0 {
		timeout = DefaultTimeout
	}
	n := &Network{lanes: newLanes(connections), reuse: reuse, way: w, timeout: timeout}
	var http1 http.Protocols
	http1.SetHTTP1(true)
	for range connections {
		n.lanes.give(&lane{transport: &http.Transport{
			DialContext:            n.dial,
			Protocols:              &http1,
			TLSClientConfig:        w.TLS.Clone(),
			TLSHandshakeTimeout:    timeout,
			MaxIdleConnsPerHost:    1,
			MaxResponseHeaderBytes: 1 << 20,
		}})
	}
	return n
}

// place returns where a request with this URL connects to.
func (w Way) place(u *url.URL) Place {
	asked := Place{u.Hostname(), u.Port()}
	if asked.Port == "" {
		asked.Port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	for _, r := range w.ConnectTo {
		if (r.From.Host == "" || strings.EqualFold(r.From.Host, asked.Host)) && (r.From.Port == "" || r.From.Port == asked.Port) {
			if r.To.Host != "" {
				asked.Host = r.To.Host
			}
			if r.To.Port != "" {
				asked.Port = r.To.Port
			}
			break
		}
	}
	return asked
}

// lookUp returns the addresses of a place, in the order in which they are given.
func (w Way) lookUp(ctx context.Context, at Place) ([]netip.Addr, error) {
	for _, r := range w.Resolve {
		if (r.Host == "*" || strings.EqualFold(r.Host, at.Host)) && r.Port == at.Port {
			return r.Addresses, nil
		}
	}
	if address, err := netip.ParseAddr(at.Host); err == nil {
		return []netip.Addr{address}, nil
	}
	var resolver Resolver = net.DefaultResolver
	if w.Resolver != nil {
		resolver = w.Resolver
	}
	return resolver.LookupNetIP(ctx, "ip", at.Host)
}

// named returns the URL by which TLS asks for and checks a certificate: that of
// the Host header, if the request has one of its own. An address may be asked for
// whatever is served there.
func named(request *http.Request) *url.URL {
	asked := (&url.URL{Host: request.Host}).Hostname()
	if request.URL.Scheme != "https" || asked == "" || asked == request.URL.Hostname() {
		return request.URL
	}
	u := *request.URL
	u.Host = asked
	if strings.Contains(asked, ":") {
		u.Host = "[" + asked + "]"
	}
	if port := request.URL.Port(); port != "" {
		u.Host += ":" + port
	}
	return &u
}
