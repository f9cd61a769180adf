package gateway_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/internal/gateway"
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/internal/target/targettest"
)

func TestTargetSuite(t *testing.T) {
	targettest.Suite{
		Open: func(t *testing.T) target.Target {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.WriteString(w, "v1")
			}))
			t.Cleanup(server.Close)
			g, err := gateway.New(server.URL)
			require.NoError(t, err)
			return g
		},
		Path: "/",
	}.Run(t)
}
