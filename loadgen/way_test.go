package loadgen_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/loadgen"
	"github.com/splitcheck/splitcheck/split"
)

// names is a resolver that knows what it is told.
type names map[string][]string

func (n names) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	if n[host] == nil {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	var found []netip.Addr
	for _, each := range n[host] {
		found = append(found, netip.MustParseAddr(each))
	}
	return found, nil
}

// listenOn serves on an address, on the same port as the listener before it if
// one is given: what tells the gateways of one name apart is the address alone.
func listenOn(t *testing.T, address string, handler http.HandlerFunc) (port string) {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	require.NoError(t, err)
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: handler}}
	server.Start()
	t.Cleanup(server.Close)
	return strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
}

// sendBy sends requests by a way, each on a connection of its own.
func sendBy(t *testing.T, way loadgen.Way, request loadgen.Request, requests int64) *loadgen.Result {
	t.Helper()
	network := way.Network(4, 1, 0)
	defer network.Close()
	request.Identify = rules(t, `body:(v\d)`)
	result, err := loadgen.Generate(t.Context(), loadgen.Plan{
		Request: request, Load: loadgen.Load{Requests: requests, Connections: 4, Reuse: 1},
	}, loadgen.HTTP{RoundTripper: network}, loadgen.Options{})
	require.NoError(t, err)
	return result
}

// TestEveryAddressOfANameIsAsked has a name of two gateways, one of which sends all
// to v2.
func TestEveryAddressOfANameIsAsked(t *testing.T) {
	port := listenOn(t, "127.0.0.1:0", v1)
	listenOn(t, "127.0.0.2:"+port, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "v2") })
	way := loadgen.Way{Resolver: names{"shop.test": {"127.0.0.1", "127.0.0.2"}}}
	result := sendBy(t, way, loadgen.Request{URL: "http://shop.test:" + port}, 100)
	assert.Equal(t, map[string]map[string]int64{
		"127.0.0.1:" + port: {"v1": 50}, "127.0.0.2:" + port: {"v2": 50},
	}, result.Tally.Addresses.Hits)
	assert.Empty(t, result.Unasked)
}

// TestAddressesThatCannotBeReached are left out, as any client leaves them out, and
// said.
func TestAddressesThatCannotBeReached(t *testing.T) {
	port := listenOn(t, "127.0.0.1:0", v1)
	way := loadgen.Way{Resolver: names{"shop.test": {"127.0.0.3", "127.0.0.1"}}}
	result := sendBy(t, way, loadgen.Request{URL: "http://shop.test:" + port}, 100)
	assert.EqualValues(t, 100, result.Tally.Hits())
	assert.Equal(t, map[string]string{"127.0.0.3:" + port: "connection refused"}, result.Unasked)

	result = sendBy(t, way, loadgen.Request{URL: "http://shop.test:1"}, 20)
	assert.Equal(t, map[string]int64{"connection refused": 20}, result.Tally.Errors)
	assert.Empty(t, result.Unasked, "there is no other that was asked instead")
}

// TestAGatewayThatGoesAwayFails: what was there and is no longer is not passed over.
func TestAGatewayThatGoesAwayFails(t *testing.T) {
	port := listenOn(t, "127.0.0.1:0", v1)
	second, err := net.Listen("tcp", "127.0.0.2:"+port)
	require.NoError(t, err)
	go func() {
		conn, err := second.Accept()
		if err != nil {
			return
		}
		second.Close()
		fmt.Fprint(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nv2")
		conn.Close()
	}()
	way := loadgen.Way{Resolver: names{"shop.test": {"127.0.0.1", "127.0.0.2"}}}
	network := way.Network(1, 1, 0)
	result, err := loadgen.Generate(t.Context(), loadgen.Plan{
		Request: loadgen.Request{URL: "http://shop.test:" + port, Identify: rules(t, `body:(v\d)`)},
		Load:    loadgen.Load{Requests: 10, Connections: 1, Reuse: 1},
	}, loadgen.HTTP{RoundTripper: network}, loadgen.Options{})
	require.NoError(t, err)
	assert.EqualValues(t, 5, result.Tally.Versions["v1"])
	assert.EqualValues(t, 4, result.Tally.Errors["connection refused"])
	assert.Empty(t, result.Unasked)
}

func TestNoSuchName(t *testing.T) {
	result := sendBy(t, loadgen.Way{Resolver: names{}}, loadgen.Request{URL: "http://shop.test"}, 20)
	assert.Equal(t, map[string]int64{"no such host": 20}, result.Tally.Errors)
}

// TestResolveAndConnectTo are curl's options of these names.
func TestResolveAndConnectTo(t *testing.T) {
	port := listenOn(t, "127.0.0.1:0", v1)
	local := []netip.Addr{netip.MustParseAddr("127.0.0.1")}
	for name, test := range map[string]struct {
		way loadgen.Way
		url string
	}{
		"a name's address":    {loadgen.Way{Resolve: []loadgen.Resolution{{Place: loadgen.Place{Host: "shop.test", Port: port}, Addresses: local}}}, "http://Shop.test:" + port},
		"any name's address":  {loadgen.Way{Resolve: []loadgen.Resolution{{Place: loadgen.Place{Host: "*", Port: port}, Addresses: local}}}, "http://shop.test:" + port},
		"another place":       {loadgen.Way{ConnectTo: []loadgen.Redirection{{From: loadgen.Place{Host: "shop.test", Port: "80"}, To: loadgen.Place{Host: "127.0.0.1", Port: port}}}}, "http://shop.test"},
		"from anywhere":       {loadgen.Way{ConnectTo: []loadgen.Redirection{{To: loadgen.Place{Host: "127.0.0.1", Port: port}}}}, "http://shop.test"},
		"another port":        {loadgen.Way{ConnectTo: []loadgen.Redirection{{From: loadgen.Place{Port: "80"}, To: loadgen.Place{Port: port}}}}, "http://127.0.0.1"},
		"one after the other": {loadgen.Way{ConnectTo: []loadgen.Redirection{{To: loadgen.Place{Host: "edge.test", Port: port}}}, Resolve: []loadgen.Resolution{{Place: loadgen.Place{Host: "edge.test", Port: port}, Addresses: local}}}, "http://shop.test"},
	} {
		test.way.Resolver = names{}
		result := sendBy(t, test.way, loadgen.Request{URL: test.url}, 4)
		assert.EqualValues(t, 4, result.Tally.Hits(), "%s: %v", name, result.Tally.Examples)
	}
}

// TestTLSIsForTheHostThatIsAsked: an address may be asked for what a name serves, and
// the certificate is the name's. That of httptest is for example.com and 127.0.0.1.
func TestTLSIsForTheHostThatIsAsked(t *testing.T) {
	var asked string
	server := httptest.NewUnstartedServer(http.HandlerFunc(v1))
	server.TLS = &tls.Config{GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		asked = hello.ServerName
		return nil, nil
	}}
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	trusted := x509.NewCertPool()
	trusted.AddCert(server.Certificate())
	for _, test := range []struct {
		name, host, asked string
		way               loadgen.Way
		errors            map[string]int64
	}{
		{name: "unknown", errors: map[string]int64{"unknown certificate": 1}},
		{name: "trusted", way: loadgen.Way{TLS: &tls.Config{RootCAs: trusted}}},
		{name: "by name", host: "example.com", asked: "example.com", way: loadgen.Way{TLS: &tls.Config{RootCAs: trusted}}},
		{name: "by name and port", host: "example.com:443", asked: "example.com", way: loadgen.Way{TLS: &tls.Config{RootCAs: trusted}}},
		{name: "another name", host: "shop.test", asked: "shop.test", way: loadgen.Way{TLS: &tls.Config{RootCAs: trusted}},
			errors: map[string]int64{"certificate for another name": 1}},
		{name: "unchecked", host: "shop.test", asked: "shop.test", way: loadgen.Way{TLS: &tls.Config{InsecureSkipVerify: true}}},
	} {
		asked = ""
		result := sendBy(t, test.way, loadgen.Request{URL: server.URL, Host: test.host}, 1)
		assert.Equal(t, test.errors, result.Tally.Errors, test.name)
		assert.Equal(t, test.asked, asked, test.name)
	}
}

// TestClientCertificates are shown to a server that asks for them.
func TestClientCertificates(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(v1))
	server.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	trusted := x509.NewCertPool()
	trusted.AddCert(server.Certificate())
	result := sendBy(t, loadgen.Way{TLS: &tls.Config{RootCAs: trusted}}, loadgen.Request{URL: server.URL}, 1)
	assert.EqualValues(t, 1, result.Tally.Failed())
	way := loadgen.Way{TLS: &tls.Config{RootCAs: trusted, Certificates: server.TLS.Certificates}}
	assert.EqualValues(t, 1, sendBy(t, way, loadgen.Request{URL: server.URL}, 1).Tally.Hits())
}

// TestTheAddressIsOfTheExchange also where the name has but one.
func TestTheAddressIsOfTheExchange(t *testing.T) {
	port := listenOn(t, "127.0.0.1:0", v1)
	network := loadgen.NewNetwork(1, 1, 0)
	exchange := &split.Exchange{}
	request, err := http.NewRequestWithContext(split.WithExchange(t.Context(), exchange), "GET", "http://127.0.0.1:"+port, nil)
	require.NoError(t, err)
	response, err := network.RoundTrip(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	assert.Equal(t, "127.0.0.1:"+port, exchange.Address)
}
