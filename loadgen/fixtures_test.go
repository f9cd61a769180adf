package loadgen_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/identify"
)

// transportFunc is a transport without sockets.
type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(request *http.Request) (*http.Response, error) { return f(request) }

func rules(tb testing.TB, forms ...string) identify.Rules {
	tb.Helper()
	all, err := identify.ParseAll(forms)
	require.NoError(tb, err)
	return all
}
