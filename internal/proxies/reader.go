package proxies

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/rest"

	"github.com/splitcheck/splitcheck/internal/envoy"
	"github.com/splitcheck/splitcheck/internal/kube"
)

// adminPort is where Envoy's admin interface listens within its pod.
//
//differential:elsewhere test test/e2e/TestProxies
const adminPort = 15000

// debugPort is where istiod's debug interface listens within its pod.
//
//differential:elsewhere test test/e2e/TestDiagnose
const debugPort = 15014

// A Reader asks the proxies of one cluster, by port-forward. It keeps a session
// to each pod open until Close, and is safe for concurrent use.
type Reader struct {
	client *kube.Client

	mu      sync.Mutex
	closed  bool
	tunnels map[string]*tunnel // by Proxy.String
}

// NewReader returns a Reader for the cluster of config.
func NewReader(config *rest.Config) (*Reader, error) {
	client, err := kube.New(config)
	if err != nil {
		return nil, err
	}
	return &Reader{client: client, tunnels: map[string]*tunnel{}}, nil
}

// Close ends all sessions. Requests under way fail.
func (r *Reader) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	for name, t := range r.tunnels {
		t.close()
		delete(r.tunnels, name)
	}
}

// Routes returns the routes that p carries.
func (r *Reader) Routes(ctx context.Context, p Proxy) (envoy.Routes, error) {
	dump, err := r.Admin(ctx, p, "/config_dump?resource=dynamic_route_configs")
	if err != nil {
		return nil, err
	}
	routes, err := envoy.ParseRoutes(dump)
	if err != nil {
		return nil, fmt.Errorf("proxy %s: %w", p, err)
	}
	return routes, nil
}

// Clusters returns the clusters of p, with their endpoints and counters.
func (r *Reader) Clusters(ctx context.Context, p Proxy) (envoy.Clusters, error) {
	text, err := r.Admin(ctx, p, "/clusters?format=json")
	if err != nil {
		return nil, err
	}
	clusters, err := envoy.ParseClusters(text)
	if err != nil {
		return nil, fmt.Errorf("proxy %s: %w", p, err)
	}
	return clusters, nil
}

// Admin returns what the admin interface of p answers to GET path. A session
// that has broken is opened again once; a pod that is gone is an error at once,
// and one that says nothing is not asked again.
func (r *Reader) Admin(ctx context.Context, p Proxy, path string) ([]byte, error) {
	return r.fetch(ctx, p, adminPort, path)
}

// Debug returns what an istiod answers to GET path of its debug interface, which
// it gives to callers from its own pod. Only the name and namespace of istiod's
// pod are looked at.
//
//differential:elsewhere test test/e2e/TestDiagnose
func (r *Reader) Debug(ctx context.Context, istiod Proxy, path string) ([]byte, error) {
	return r.fetch(ctx, istiod, debugPort, path)
}

func (r *Reader) fetch(ctx context.Context, p Proxy, port int, path string) ([]byte, error) {
	path = "/" + strings.TrimPrefix(path, "/")
	answer, err := r.ask(ctx, p, port, path)
	if err != nil && ctx.Err() == nil && !errors.Is(err, errGone) && !errors.Is(err, errSilent) {
		if gone := r.gone(ctx, p); gone != nil {
			err = gone
		} else {
			answer, err = r.ask(ctx, p, port, path)
		}
	}
	if err != nil {
		what, _, _ := strings.Cut(path, "?")
		return nil, fmt.Errorf("proxy %s did not answer for its %s: %w", p, what, err)
	}
	return answer, nil
}

func (r *Reader) ask(ctx context.Context, p Proxy, port int, path string) ([]byte, error) {
	t, err := r.tunnel(ctx, p)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, answerTimeout, fmt.Errorf("%w within %s", errSilent, answerTimeout))
	defer cancel()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	watching := make(chan struct{})
	go func() {
		defer close(watching)
		r.watch(ctx, p, stop)
	}()
	answer, err := get(ctx, t, port, path)
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		r.drop(p, t)
	}
	stop(nil)
	<-watching
	return answer, err
}

// watch gives up on a pod that is gone, which an open session may not notice.
func (r *Reader) watch(ctx context.Context, p Proxy, giveUp context.CancelCauseFunc) {
	ticks := time.NewTicker(presenceAfter)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
			if err := r.gone(ctx, p); err != nil {
				giveUp(err)
				return
			}
		}
	}
}

// get sends one request through a connection of its own.
func get(ctx context.Context, t *tunnel, port int, path string) ([]byte, error) {
	transport := &http.Transport{
		DialContext:        func(context.Context, string, string) (net.Conn, error) { return t.dial(port) },
		DisableKeepAlives:  true,
		DisableCompression: true,
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost"+path, nil)
	if err != nil {
		return nil, err
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %.200s", response.Status, answer)
	}
	return answer, err
}

// tunnel returns the open session to p's pod, or opens one. Two at once may each
// open one; the second is kept.
func (r *Reader) tunnel(ctx context.Context, p Proxy) (*tunnel, error) {
	r.mu.Lock()
	t, closed := r.tunnels[p.String()], r.closed
	r.mu.Unlock()
	if closed {
		return nil, errors.New("the reader is closed")
	}
	if t != nil && !t.broken() {
		return t, nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, openTimeout, fmt.Errorf("%w: the API server opened no session to the pod within %s", errSilent, openTimeout))
	defer cancel()
	fresh, err := openTunnel(ctx, r.client, p.Namespace, p.Name)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		fresh.close()
		return nil, errors.New("the reader is closed")
	}
	if old := r.tunnels[p.String()]; old != nil {
		if !old.broken() {
			fresh.close()
			return old, nil
		}
		old.close()
	}
	r.tunnels[p.String()] = fresh
	return fresh, nil
}

// drop forgets a session that did not serve.
func (r *Reader) drop(p Proxy, t *tunnel) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.tunnels[p.String()] == t {
		delete(r.tunnels, p.String())
	}
	t.close()
}

// errSilent is wrapped by the errors for what takes too long.
var errSilent = errors.New("no answer")

// errGone is wrapped by the errors for pods that are no more, or no longer run.
var errGone = errors.New("the pod is gone")

// Gone says whether err is that of a proxy whose pod is no more.
func Gone(err error) bool { return errors.Is(err, errGone) }

// gone returns an error that wraps errGone if p's pod is not there, is ending or
// is another by the same name.
func (r *Reader) gone(ctx context.Context, p Proxy) error {
	pod, err := r.client.Pods(p.Namespace).Get(ctx, p.Name)
	switch {
	case apierrors.IsNotFound(err):
		return errGone
	case err != nil:
		return nil // The request itself will say what is wrong.
	case pod.DeletionTimestamp != nil:
		return fmt.Errorf("%w: it is being deleted", errGone)
	case p.IP != "" && pod.Status.PodIP != "" && pod.Status.PodIP != p.IP:
		return fmt.Errorf("%w: another one has its name", errGone)
	}
	return nil
}
