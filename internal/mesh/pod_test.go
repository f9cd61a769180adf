package mesh

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/splitcheck/splitcheck/internal/routing"
)

func TestAPanicCostsTheConnection(t *testing.T) {
	broken := &pod{handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })}
	h := &host{door: door{pod: broken, listens: true}}
	c, err := newCall(httptest.NewRequest(http.MethodGet, "/", nil), 1, origin{}, 80)
	require.NoError(t, err)
	a := h.serve(context.Background(), c, 0)
	assert.Equal(t, reset, a.failure)
	assert.Equal(t, http.StatusServiceUnavailable, a.status)
	assert.Equal(t, bodyReset, a.text)
}

// Conditions as Envoy documents them for x-envoy-retry-on.
func TestRetryConditions(t *testing.T) {
	of := func(status int, f failure) *answer { return &answer{status: status, failure: f} }
	for _, each := range []struct {
		on   string
		a    *answer
		want bool
	}{
		{"5xx", of(500, answered), true},
		{"5xx", of(499, answered), false},
		{"5xx", of(503, refused), true},
		{"gateway-error", of(500, answered), false},
		{"gateway-error", of(502, answered), true},
		{"connect-failure", of(503, refused), true},
		{"connect-failure", of(503, answered), false},
		{"connect-failure", of(503, reset), false},
		{"reset", of(503, reset), true},
		{"reset", of(503, answered), false},
		{"retriable-4xx", of(409, answered), true},
		{"retriable-status-codes", of(418, answered), true},
		{"retriable-status-codes", of(419, answered), false},
		{"unavailable", of(503, answered), false},
	} {
		got := retriable(&routing.Retries{On: []string{each.on}, Codes: []int{418}}, each.a)
		assert.Equal(t, each.want, got, "%s of %d", each.on, each.a.status)
	}
}

func TestPorts(t *testing.T) {
	p := &pod{ports: []corev1.ContainerPort{{Name: "http", ContainerPort: 8080}}}
	for _, each := range []struct {
		name           string
		number         int32
		found, listens bool
	}{
		{"", 8080, true, true}, {"", 80, true, false}, {"http", 0, true, true}, {"grpc", 0, false, true},
	} {
		found, listens := p.port(each.name, each.number)
		assert.Equal(t, [2]bool{each.found, each.listens}, [2]bool{found, listens}, "%q %d", each.name, each.number)
	}
	_, listens := (&pod{}).port("", 80)
	assert.True(t, listens, "a pod that declares nothing listens on anything")
}

// What Envoy calls a copy's host (source/common/router/shadow_writer_impl.cc).
func TestShadow(t *testing.T) {
	assert.Equal(t, "reviews-shadow", shadow("reviews"))
	assert.Equal(t, "reviews-shadow:9080", shadow("reviews:9080"))
}

// The finaliser's first value for the state 0 is that of splitmix64's reference
// implementation (Vigna, splitmix64.c; also java.util.SplittableRandom(0)).
func TestMix(t *testing.T) {
	assert.EqualValues(t, uint64(0xE220A8397B1DCDAF), mix(golden))
}

func TestFineWeightsAlternateToo(t *testing.T) {
	p := &plan{arms: []arm{{weight: 999_999}, {weight: 1_000_001}}, total: 2_000_000}
	cycle := p.turns()
	assert.Len(t, cycle, 10_000)
	p = &plan{arms: []arm{{}, {}}}
	assert.Empty(t, p.turns(), "nothing but zeros has no turns")
}
