package apps

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// maxBody bounds every body that is read, of requests and of answers, in bytes.
const maxBody = 1 << 20

// direct is the client of instances that were given none. It knows no proxies:
// services are reached by names that no proxy outside knows.
var direct = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// A service is where another application is reached: host and port.
type service struct {
	client *http.Client
	host   string
}

// service reads where to find the service of a name from the variables of the
// container: PREFIX_HOSTNAME, SERVICES_DOMAIN and PREFIX_SERVICE_PORT, as
// bookinfo does. An empty variable counts as none.
func (i Instance) service(name, prefix, port string) (service, error) {
	host := i.env(prefix+"_HOSTNAME", name)
	if domain := i.env("SERVICES_DOMAIN", ""); domain != "" {
		host += "." + domain
	}
	// As browsers and curl do, port 80 goes without saying.
	host = strings.TrimSuffix(net.JoinHostPort(host, i.env(prefix+"_SERVICE_PORT", port)), ":80")
	if u, err := url.Parse("http://" + host + "/"); err != nil || u.Host != host {
		return service{}, fmt.Errorf("%s, %s and SERVICES_DOMAIN make %q, which is not a host and port", prefix+"_HOSTNAME", prefix+"_SERVICE_PORT", host)
	}
	return service{i.Client, host}, nil
}

func (i Instance) env(name, fallback string) string {
	if value := i.Env[name]; value != "" {
		return value
	}
	return fallback
}

// A reply is what another service answered, read to its end.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// get calls a service and reads its answer completely. The call carries the
// context of the request that it serves, so a mesh can tell which hop it is. It
// asks for a connection of its own: the applications do not pool connections,
// so load is spread over the versions behind a name.
func (s service) get(ctx context.Context, path, query string, header http.Header, timeout time.Duration) (reply, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	request := (&http.Request{
		Method: http.MethodGet, Header: header, Close: true, Host: s.host,
		URL:   &url.URL{Scheme: "http", Host: s.host, Path: path, RawQuery: query},
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}).WithContext(ctx)
	response, err := s.client.Do(request)
	if err != nil {
		return reply{}, err
	}
	defer response.Body.Close()
	body, err := readAll(response.Body, response.ContentLength)
	if err != nil {
		return reply{}, fmt.Errorf("reading the answer of %s: %w", s.host, err)
	}
	return reply{response.StatusCode, response.Header, body}, nil
}

// readAll reads a body of at most maxBody bytes; length is what its sender says
// it has, or -1.
func readAll(body io.Reader, length int64) ([]byte, error) {
	if length > maxBody {
		return nil, fmt.Errorf("a body of %d bytes; at most %d are read", length, maxBody)
	}
	if length >= 0 {
		buffer := make([]byte, length)
		_, err := io.ReadFull(body, buffer)
		return buffer, err
	}
	buffer, err := io.ReadAll(io.LimitReader(body, maxBody+1))
	if err == nil && len(buffer) > maxBody {
		err = fmt.Errorf("a body of more than %d bytes", maxBody)
	}
	return buffer, err
}

// readRequest reads the body of a request of at most maxBody bytes.
func readRequest(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	return io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
}
