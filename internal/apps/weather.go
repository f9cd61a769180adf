package apps

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// weatherTimeout is how long the weather frontend waits for a service behind it.
const weatherTimeout = 10 * time.Second

// newWeatherFrontend serves the weather page. The page's script requests its
// data under /data, /advertisement and /recommendation, and the frontend's pod
// passes these requests on, so its sidecar makes the split behind them. The
// page is the same for all versions except for the name at its foot.
func newWeatherFrontend(i Instance) (http.Handler, error) {
	page := prebuilt(http.StatusOK, htmlType, strings.ReplaceAll(pages["weather.html"], "{{version}}", i.Version))
	mux := http.NewServeMux()
	for _, path := range []string{"/{$}", "/forecast/{city}", "/dashboard", "/maintenanced"} {
		mux.Handle("GET "+path, page)
	}
	mux.Handle("GET /health", prebuilt(http.StatusOK, plainType, "ok\n"))
	for _, behind := range []struct{ prefix, name, variable, port string }{
		{"/data", "forecast", "FORECAST", "3002"},
		{"/advertisement", "advertisement", "ADVERTISEMENT", "3003"},
		{"/recommendation", "recommendation", "RECOMMENDATION", "3005"},
	} {
		service, err := i.service(behind.name, behind.variable, behind.port)
		if err != nil {
			return nil, err
		}
		mux.Handle("GET "+behind.prefix+"/", http.StripPrefix(behind.prefix, passOn(service)))
	}
	return mux, nil
}

// hopByHop are the headers that end at a proxy (RFC 9110, section 7.6.1), and
// those that are created again on its other side.
var hopByHop = []string{
	"Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection",
	"Te", "Trailer", "Transfer-Encoding", "Upgrade", "Content-Length", "Accept-Encoding",
}

// passOn sends a request on to a service and returns the service's answer. It
// first reads the whole answer, so the length is known, and a service that
// breaks off gives a 502.
func passOn(s service) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := make(http.Header, len(r.Header))
		passEndToEnd(r.Header, header)
		reply, err := s.get(r.Context(), r.URL.Path, r.URL.RawQuery, header, weatherTimeout)
		if err != nil {
			send(w, r, http.StatusBadGateway, plainType, []byte("The service behind the frontend could not be reached.\n"))
			return
		}
		passEndToEnd(reply.header, w.Header())
		send(w, r, reply.status, w.Header()["Content-Type"], reply.body)
	})
}

// passEndToEnd copies the headers that a proxy passes on.
func passEndToEnd(in, out http.Header) {
	for name := range in {
		if !slices.Contains(hopByHop, name) && !slices.ContainsFunc(in["Connection"], lists(name)) {
			pass(in, out, name)
		}
	}
}

// lists says of a comma-separated header value whether a name is in it.
func lists(name string) func(string) bool {
	return func(list string) bool {
		for item := range strings.SplitSeq(list, ",") {
			if strings.EqualFold(strings.TrimSpace(item), name) {
				return true
			}
		}
		return false
	}
}
