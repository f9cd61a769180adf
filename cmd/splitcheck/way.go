package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/splitcheck/splitcheck/loadgen"
)

// wayFlags say how a server is found and whom to trust there. Their names and
// forms are curl's, which whoever has a gateway to test has at hand.
type wayFlags struct {
	resolve, connectTo []string
	cacert, cert, key  string
	insecure           bool
}

// wayNames are the flags of wayFlags.
var wayNames = []string{"resolve", "connect-to", "cacert", "cert", "key", "insecure"}

func (f *wayFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVar(&f.resolve, "resolve", nil, "`HOST:PORT:ADDRESS[,ADDRESS]` instead of what the name resolves to; repeatable")
	flags.StringArrayVar(&f.connectTo, "connect-to", nil, "`HOST1:PORT1:HOST2:PORT2`: connect to the second for the first; repeatable")
	flags.StringVar(&f.cacert, "cacert", "", "`FILE` with the certificate authorities to trust (PEM), instead of the system's")
	flags.StringVar(&f.cert, "cert", "", "`FILE` with the client's certificate (PEM)")
	flags.StringVar(&f.key, "key", "", "`FILE` with the client's private key (PEM; default: that of --cert)")
	flags.BoolVarP(&f.insecure, "insecure", "k", false, "do not check the server's certificate")
}

// way reads the flags; the error holds every mistake in them.
func (f *wayFlags) way(std streams) (loadgen.Way, error) {
	var (
		way      loadgen.Way
		mistakes []error
	)
	for _, text := range f.resolve {
		resolution, err := parseResolution(text)
		mistakes = append(mistakes, err)
		way.Resolve = append(way.Resolve, resolution)
	}
	for _, text := range f.connectTo {
		redirection, err := parseRedirection(text)
		mistakes = append(mistakes, err)
		way.ConnectTo = append(way.ConnectTo, redirection)
	}
	var err error
	way.TLS, err = f.tls(std)
	return way, errors.Join(append(mistakes, err)...)
}

// tls is nil where nothing was said.
func (f *wayFlags) tls(std streams) (*tls.Config, error) {
	if f.cacert == "" && f.cert == "" && f.key == "" && !f.insecure {
		return nil, nil
	}
	config := &tls.Config{InsecureSkipVerify: f.insecure}
	var mistakes []error
	if f.cacert != "" {
		pem, err := os.ReadFile(absolute(std, f.cacert))
		config.RootCAs = x509.NewCertPool()
		if err != nil {
			mistakes = append(mistakes, fmt.Errorf("--cacert %s: %w", f.cacert, reason(err)))
		} else if !config.RootCAs.AppendCertsFromPEM(pem) {
			mistakes = append(mistakes, fmt.Errorf("--cacert %s holds no certificate in PEM form, which begins with -----BEGIN CERTIFICATE-----", f.cacert))
		}
	}
	switch {
	case f.cert == "" && f.key != "":
		mistakes = append(mistakes, errors.New("--key goes with --cert, the certificate that it belongs to"))
	case f.cert != "":
		key := f.key
		if key == "" {
			key = f.cert
		}
		pair, err := tls.LoadX509KeyPair(absolute(std, f.cert), absolute(std, key))
		if err != nil {
			mistakes = append(mistakes, fmt.Errorf("--cert %s with the key in %s: %w", f.cert, key, reason(err)))
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, errors.Join(mistakes...)
}

// parseResolution reads HOST:PORT:ADDRESS[,ADDRESS]. A + before it, which has curl
// forget the entry after a while, means nothing here.
func parseResolution(text string) (r loadgen.Resolution, err error) {
	bad := fmt.Errorf("--resolve %q is not HOST:PORT:ADDRESS, such as shop.example:443:192.0.2.10", text)
	parts := fields(strings.TrimPrefix(text, "+"), 3)
	if len(parts) != 3 || parts[0] == "" || !isPort(parts[1]) {
		return r, bad
	}
	r.Place = loadgen.Place{Host: parts[0], Port: parts[1]}
	for _, each := range strings.Split(parts[2], ",") {
		address, err := netip.ParseAddr(strings.Trim(each, "[]"))
		if err != nil {
			return r, bad
		}
		r.Addresses = append(r.Addresses, address)
	}
	return r, nil
}

// parseRedirection reads HOST1:PORT1:HOST2:PORT2, each of which may be empty.
func parseRedirection(text string) (r loadgen.Redirection, err error) {
	parts := fields(text, 4)
	if len(parts) != 4 || parts[1] != "" && !isPort(parts[1]) || parts[3] != "" && !isPort(parts[3]) {
		return r, fmt.Errorf("--connect-to %q is not HOST1:PORT1:HOST2:PORT2, such as shop.example:443:192.0.2.10:8443", text)
	}
	return loadgen.Redirection{
		From: loadgen.Place{Host: parts[0], Port: parts[1]},
		To:   loadgen.Place{Host: parts[2], Port: parts[3]},
	}, nil
}

// fields cuts text at the first n-1 colons that do not stand in brackets, as those
// of an IPv6 address do, and takes the brackets off.
func fields(text string, n int) []string {
	var parts []string
	depth, begin := 0, 0
	for i, c := range text {
		switch {
		case c == '[':
			depth++
		case c == ']':
			depth--
		case c == ':' && depth == 0 && len(parts) < n-1:
			parts = append(parts, strings.Trim(text[begin:i], "[]"))
			begin = i + 1
		}
	}
	last := text[begin:]
	if !strings.Contains(last, ",") {
		last = strings.Trim(last, "[]")
	}
	return append(parts, last)
}

func isPort(text string) bool {
	n, err := strconv.ParseUint(text, 10, 16)
	return err == nil && n > 0
}
