package kindcluster

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/client-go/rest"

	"github.com/splitcheck/splitcheck/internal/kube"
)

// hanging takes every request and answers none, as an API server does whose
// machine is out of memory. It is no listener: time is the bubble's then, and
// every bound can be waited out, and what is asked without one fails the test.
type hanging struct{}

func (hanging) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// hung is a cluster with such an API server.
func hung(t *testing.T) *up {
	t.Helper()
	config := &rest.Config{Host: "http://127.0.0.1:1", WrapTransport: func(http.RoundTripper) http.RoundTripper { return hanging{} }}
	client, err := kube.New(config)
	require.NoError(t, err)
	return &up{cluster: &Cluster{}, kube: client}
}

// Nothing that is asked of an API server is waited for without end, and what was
// waited for is said.
func TestAnAPIServerThatHangs(t *testing.T) {
	definitions := t.TempDir() + "/crds.yaml"
	require.NoError(t, replace(definitions, []byte("{apiVersion: v1, kind: CustomResourceDefinition, metadata: {name: x}}"), 0o644))
	for name, c := range map[string]struct {
		ask     func(context.Context, *up) error
		says    string
		longest time.Duration
	}{
		"remember":      {func(ctx context.Context, u *up) error { return u.remember(ctx) }, "waited 20s for the API server to take ConfigMap splitcheck-system/cluster", answerTimeout},
		"own namespace": {func(ctx context.Context, u *up) error { return u.ownNamespace(ctx) }, "waited 20s for the API server to take Namespace splitcheck-system", answerTimeout},
		"recall": {func(ctx context.Context, u *up) error { _, err := recall(ctx, u.kube); return err },
			"waited 20s for the API server to give ConfigMap splitcheck-system/cluster", answerTimeout},
		"nodes":  {func(ctx context.Context, u *up) error { return u.nodesReady(ctx) }, "waited 3m0s for the nodes to be ready: no answer within 20s", nodesTimeout},
		"istio":  {func(ctx context.Context, u *up) error { return u.istioReady(ctx) }, "waited 3m0s for istiod and the ingress gateway to be available: no answer within 20s", istioTimeout},
		"trial":  {func(ctx context.Context, u *up) error { return u.trial(ctx) }, "waited 20s for the API server", trialTimeout},
		"a kind": {func(ctx context.Context, u *up) error { return u.apply(ctx, []byte(trialObjects[0])) }, "waited 20s for the API server to say what there is of networking.istio.io/v1", answerTimeout},
		"Gateway API": {func(ctx context.Context, u *up) error { u.Config.CRDs = definitions; return u.gatewayAPI(ctx) },
			"waited 20s for the API server to say what there is of v1", crdsTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				err := c.ask(t.Context(), hung(t))
				assert.ErrorContains(t, err, c.says)
				assert.LessOrEqual(t, time.Since(began), c.longest)
			})
		})
	}
}

// `cluster status` is asked of clusters that do not answer, above all.
func TestTheStatusOfAClusterThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := hung(t).look(t.Context(), Status{Exists: true})
		assert.False(t, s.Ready)
		require.Len(t, s.Open, 1)
		assert.Contains(t, s.Open[0], "waited 20s for the API server")
		assert.Empty(t, complaints(t.Context(), hung(t).kube))
	})
}

// What takes no context is left to itself when its time is over, or when nobody
// wants it any more.
func TestBeside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		end := make(chan struct{})
		defer close(end)
		never := func() (string, error) { <-end; return "", nil }
		_, err := beside(t.Context(), Wait{"kind to list its clusters", kindTimeout}, never)
		assert.EqualError(t, err, "waited 30s for kind to list its clusters, in vain")

		interrupted, interrupt := context.WithCancel(t.Context())
		time.AfterFunc(kindTimeout/2, interrupt)
		_, err = beside(interrupted, Wait{"kind to list its clusters", kindTimeout}, never)
		assert.Equal(t, context.Canceled, err)

		got, err := beside(t.Context(), Wait{"an answer", kindTimeout}, func() (string, error) { return "said", assert.AnError })
		assert.Equal(t, "said", got)
		assert.Equal(t, assert.AnError, err)
	})
}
