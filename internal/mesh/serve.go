package mesh

import (
	"context"
	"errors"
	"net"
	"net/http"
	"syscall"

	"github.com/splitcheck/splitcheck/internal/target"
)

type lineKey struct{}

// ConnContext tells the connections of an http.Server apart, for its field of
// the same name.
func (m *Mesh) ConnContext(ctx context.Context, _ net.Conn) context.Context {
	return context.WithValue(ctx, lineKey{}, m.lines.Add(1)-1)
}

func lineOf(ctx context.Context) (uint64, bool) {
	line, ok := ctx.Value(lineKey{}).(uint64)
	return line, ok
}

// Handler returns the way into the mesh for an http.Server. Requests are
// numbered as they arrive; if nobody accepts a connection, it is cut.
func (m *Mesh) Handler(via target.Via) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, carries, err := m.enter(via, target.Load{}, m.options.Seed)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		response, err := carries.RoundTrip(r)
		if err != nil {
			if errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET) || r.Context().Err() != nil {
				panic(http.ErrAbortHandler)
			}
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		header := w.Header()
		for name, values := range response.Header {
			header[name] = values
		}
		w.WriteHeader(response.StatusCode)
		if a, ok := response.Body.(*answer); ok {
			// If the client has gone, its error does not matter.
			_, _ = a.WriteTo(w)
		}
	})
}
