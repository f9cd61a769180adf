package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/reports"
)

// serveTLS serves v1 with httptest's certificate, which is for example.com and
// 127.0.0.1 and its own authority. Its certificate and key are in a folder.
func serveTLS(t *testing.T, config *tls.Config) (port, folder string) {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "v1") }))
	server.TLS = config
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	at, err := url.Parse(server.URL)
	require.NoError(t, err)
	folder = t.TempDir()
	key, err := x509.MarshalPKCS8PrivateKey(server.TLS.Certificates[0].PrivateKey)
	require.NoError(t, err)
	for name, block := range map[string]*pem.Block{
		"ca.pem":  {Type: "CERTIFICATE", Bytes: server.Certificate().Raw},
		"key.pem": {Type: "PRIVATE KEY", Bytes: key},
	} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), pem.EncodeToMemory(block), 0o600))
	}
	return at.Port(), folder
}

func TestWayIsCurls(t *testing.T) {
	port, folder := serveTLS(t, nil)
	for _, test := range []struct {
		name, url string
		flags     []string
	}{
		{"by its address", "https://127.0.0.1:" + port, []string{"--cacert", "ca.pem"}},
		{"by its address, for a host", "https://127.0.0.1:" + port, []string{"--cacert", "ca.pem", "--host", "example.com"}},
		{"by a name that is resolved", "https://example.com:" + port, []string{"--cacert", "ca.pem", "--resolve", "example.com:" + port + ":127.0.0.1"}},
		{"by a name that is elsewhere", "https://example.com", []string{"--cacert", "ca.pem", "--connect-to", "example.com:443:127.0.0.1:" + port}},
		{"unchecked", "https://127.0.0.1:" + port, []string{"-k", "--host", "shop.test"}},
	} {
		args := append([]string{"verify", test.url, "--expect", "v1=1", "--identify", "body:v1", "--rate", "0"}, test.flags...)
		out, errs, code := callIn(t, folder, "", args...)
		assert.Equal(t, reports.ExitVerified, code, "%s: %s%s", test.name, out, errs)
	}
}

func TestClientCertificate(t *testing.T) {
	port, folder := serveTLS(t, &tls.Config{ClientAuth: tls.RequireAnyClientCert})
	verify := []string{"verify", "https://127.0.0.1:" + port, "--expect", "v1=1", "--identify", "body:v1", "--rate", "0", "--cacert", "ca.pem"}
	out, errs, code := callIn(t, folder, "", verify...)
	assert.Equal(t, reports.ExitNotMeasured, code, "%s%s", out, errs)
	out, errs, code = callIn(t, folder, "", append(verify, "--cert", "ca.pem", "--key", "key.pem")...)
	assert.Equal(t, reports.ExitVerified, code, "%s%s", out, errs)
}

func TestWaysThatAreNone(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "empty.pem"), nil, 0o600))
	for want, flags := range map[string][]string{
		`--resolve "shop:443" is not HOST:PORT:ADDRESS`:                   {"--resolve", "shop:443"},
		`--resolve "shop:0:10.0.0.1" is not HOST:PORT:ADDRESS`:            {"--resolve", "shop:0:10.0.0.1"},
		`--resolve "shop:443:edge.example" is not HOST:PORT:ADDRESS`:      {"--resolve", "shop:443:edge.example"},
		`--connect-to "shop:443" is not HOST1:PORT1:HOST2:PORT2`:          {"--connect-to", "shop:443"},
		`--connect-to "a:b:c:d" is not HOST1:PORT1:HOST2:PORT2`:           {"--connect-to", "a:b:c:d"},
		"--cacert nowhere.pem: ":                                          {"--cacert", "nowhere.pem"},
		"--cacert empty.pem holds no certificate":                         {"--cacert", "empty.pem"},
		"--key goes with --cert":                                          {"--key", "empty.pem"},
		"--cert empty.pem with the key in empty.pem: tls: failed to find": {"--cert", "empty.pem"},
	} {
		args := append([]string{"verify", "https://127.0.0.1", "--expect", "v1=1", "--identify", "body:v1"}, flags...)
		_, errs, code := callIn(t, folder, "", args...)
		assert.Equal(t, reports.ExitUsage, code, want)
		assert.Contains(t, errs, want)
	}
}

func TestFieldsWithColons(t *testing.T) {
	for text, want := range map[string][]string{
		"shop:443:192.0.2.1":               {"shop", "443", "192.0.2.1"},
		"shop:443:[2001:db8::1]":           {"shop", "443", "2001:db8::1"},
		"shop:443:2001:db8::1":             {"shop", "443", "2001:db8::1"},
		"[2001:db8::1]:443:192.0.2.1":      {"2001:db8::1", "443", "192.0.2.1"},
		"shop:443:[2001:db8::1],192.0.2.1": {"shop", "443", "[2001:db8::1],192.0.2.1"},
		"::":                               {"", "", ""},
	} {
		assert.Equal(t, want, fields(text, 3), text)
	}
}
