package mesh

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/splitcheck/splitcheck/internal/routing"
)

// maxMirrors limits the copies that are in progress at the same time. When it
// is reached, requests wait until a copy ends: a mesh that drops copies would
// count fewer of them than it was asked for.
const maxMirrors = 1024

// mirrorTimeout bounds how long a copy may take.
const mirrorTimeout = 15 * time.Second

// mirror sends a copy of a call, whose answer is dropped. It waits only where
// too many are under way, and fails only if the client gives up then.
func (p *proxy) mirror(ctx context.Context, c *call, v *view, nth int, m *routing.Mirror) error {
	to := v.endpoints(m.Cluster)
	if to.empty() {
		return nil
	}
	k := key(c.key.draw(forMirror, uint64(nth)<<32|1))
	copied := &call{
		key: k, choice: k, origin: c.origin, port: c.port, service: c.service,
		request: c.request, url: c.url, body: c.body,
	}
	copied.request.URL = &copied.url
	copied.request.Header = cloneHeader(c.request.Header)
	copied.request.Host = shadow(c.request.Host)
	var cookie http.Header
	chosen := to.pick(copied, 0, nil, &cookie)
	if err := p.mesh.mirrors.Acquire(ctx, 1); err != nil {
		return err
	}
	// The copy is counted here and not when it arrives, so the count is
	// complete as soon as the last answer is there.
	chosen.edge.mirrored.Add(1)
	chosen.sent.count(http.StatusOK)
	if !chosen.pod.gone.Load() && chosen.listens && !chosen.dead {
		chosen.pod.mirrored.Add(1)
	}
	go func() {
		defer p.mesh.mirrors.Release(1)
		ctx, cancel := context.WithTimeout(p.mesh.life, mirrorTimeout)
		defer cancel()
		chosen.active.Add(1)
		chosen.serve(ctx, copied, 0)
		chosen.active.Add(-1)
	}()
	return nil
}

// shadow is the host that Envoy gives a copy: -shadow before the port
// (source/common/router/shadow_writer_impl.cc).
//
//differential:elsewhere test test/differential/TestCopies
func shadow(host string) string {
	if name, port, err := net.SplitHostPort(host); err == nil {
		return name + "-shadow:" + port
	}
	return host + "-shadow"
}

// mirroredCount returns the counter of a workload, which outlives its pods.
func (m *Mesh) mirroredCount(namespace, workload string) *atomic.Int64 {
	m.countsMu.Lock()
	defer m.countsMu.Unlock()
	name := namespace + "/" + workload
	if m.counts[name] == nil {
		m.counts[name] = new(atomic.Int64)
	}
	return m.counts[name]
}

// Mirrored implements target.MirrorCounter. Workload is the name of a
// Deployment, or NAMESPACE/NAME where the name alone could mean several.
func (m *Mesh) Mirrored(_ context.Context, workload string) (int64, error) {
	m.countsMu.Lock()
	defer m.countsMu.Unlock()
	var sum int64
	var found bool
	var names []string
	for name, n := range m.counts {
		names = append(names, name)
		if name == workload || strings.HasSuffix(name, "/"+workload) {
			found = true
			sum += n.Load()
		}
	}
	if !found {
		return 0, fmt.Errorf("simulated mesh: there is no Deployment %q; there are %s", workload, listed(names))
	}
	return sum, nil
}
