package cluster

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/internal/proxies"
)

// slowLister answers when its caller has given up, as an API server does that is
// busy with other things.
type slowLister struct{ *fakeWorld }

func (slowLister) List(ctx context.Context, _ ...string) ([]proxies.Proxy, error) {
	<-ctx.Done()
	return nil, context.Cause(ctx)
}

// The time for the proxies to learn of destinations may end while they are being
// listed. Then too the change goes on; only the end of its own time is an error.
func TestDestinationsAreNotAwaitedForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world := objects(t, `{apiVersion: v1, kind: Service, metadata: {name: any, namespace: default}, spec: {ports: [{port: 80}]}}`)
		u := &underway{cluster: &Cluster{proxies: slowLister{}}}
		require.NoError(t, u.awaitClusters(t.Context(), world))

		limit, cancel := context.WithTimeoutCause(t.Context(), time.Second, errLate)
		defer cancel()
		require.ErrorIs(t, u.awaitClusters(limit, world), errLate)
	})
}
