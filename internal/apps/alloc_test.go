package apps

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
)

// discard is a response nobody reads, as cheap as one can be.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) WriteHeader(int)             {}
func (d discard) Write(b []byte) (int, error) { return len(b), nil }

// The applications that every request of a benchmark ends at must not cost
// anything that the benchmark would then measure.
var cheap = []struct{ app, version, path string }{
	{"version-test", "v1", "/version.html"},
	{"nginx", "1.14.2", "/"},
	{"backend", "v1", "/"},
}

func TestAllocations(t *testing.T) {
	for _, test := range cheap {
		handler := (&town{}).add(t, "", test.app, test.version, nil)
		request, w := httptest.NewRequest(http.MethodGet, test.path, nil), discard{http.Header{}}
		assert.Zero(t, testing.AllocsPerRun(100, func() { handler.ServeHTTP(w, request) }), test.app)
	}
}

func BenchmarkCheap(b *testing.B) {
	for _, test := range cheap {
		b.Run(test.app, func(b *testing.B) {
			handler := (&town{}).add(b, "", test.app, test.version, nil)
			request, w := httptest.NewRequest(http.MethodGet, test.path, nil), discard{http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				handler.ServeHTTP(w, request)
			}
		})
	}
}

// BenchmarkBookinfo is a page or its JSON with the calls behind it, over a
// network that costs little more than a recorder.
func BenchmarkBookinfo(b *testing.B) {
	for _, path := range []string{"/productpage", "/api/v1/products/0/reviews"} {
		b.Run(path, func(b *testing.B) {
			town, page := bookinfo(b, "v3")
			request, w := httptest.NewRequest(http.MethodGet, path, nil), discard{http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				page.ServeHTTP(w, request)
				town.calls = town.calls[:0]
			}
		})
	}
}
