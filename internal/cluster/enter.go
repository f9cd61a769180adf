package cluster

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"sync/atomic"

	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/splitcheck/splitcheck/internal/ingress"
	"github.com/splitcheck/splitcheck/internal/inventory"
	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/loadgen"
)

// Enter implements target.Target. A Gateway of the Gateway API that the scenario
// has brought, or its routes name, is the way in, where there is one; else the
// ingress gateway.
func (c *Cluster) Enter(via target.Via, load target.Load) (target.Entry, error) {
	ctx, cancel := context.WithTimeoutCause(context.Background(), enterTimeout, fmt.Errorf("no way in was found within %s", enterTimeout))
	defer cancel()
	c.changing.Lock()
	defer c.changing.Unlock()
	if c.closed {
		return target.Entry{}, errClosed
	}
	way, gateway, err := c.way(ctx, via)
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = fmt.Errorf("%w: %w", cause, err)
		}
		return target.Entry{}, err
	}
	network := loadgen.NewNetwork(load.Connections, load.Reuse, load.Timeout)
	var carries http.RoundTripper = network
	if way.Lost != nil {
		carries = &leading{network, way.Lost}
	}
	if gateway != "" {
		carries = &counting{RoundTripper: carries, count: c.ledger.entry(gateway)}
	}
	return target.Entry{URL: way.URL, Opener: loadgen.HTTP{RoundTripper: carries}, Note: way.Note, Close: func() {
		network.Close()
		if way.Close != nil {
			way.Close()
		}
	}}, nil
}

// way returns the way in, and the node of the graph that it leads to, if that is
// a gateway.
func (c *Cluster) way(ctx context.Context, via target.Via) (ingress.Way, string, error) {
	if via.Service != "" {
		way, err := c.past(ctx, via)
		return way, "", err
	}
	world, err := c.inForce(ctx)
	if err != nil {
		return ingress.Way{}, "", err
	}
	// The scenario's own come first, then those that its routes only name.
	g, ok := inventory.Entrance(ownOnly(world))
	if !ok {
		g, ok = inventory.Entrance(world)
	}
	switch o := g.Object; {
	case !ok:
	case g.Handed && len(g.Services) == 0:
		return ingress.Way{}, "", fmt.Errorf("%s (%s:%d) is handed to no Service of its own namespace, and Istio serves it by no other", o, o.File, o.Line)
	case g.Handed:
		way, err := c.options.Ways.Gateway(ctx, ingress.Meant{Service: g.Services[0]})
		return way, "gateway", err
	default:
		way, err := c.options.Ways.GatewayAPI(ctx, o.Namespace, o.Name)
		return way, o.Namespace + "/" + g.Proxy().Name, err
	}
	way, err := c.options.Ways.Gateway(ctx, ingress.Meant{Selectors: selectorsOf(world)})
	return way, "gateway", err
}

// selectorsOf are the labels of the pods that serve the Gateways to which a
// world's routes attach. An empty selector fits any gateway, and says nothing.
func selectorsOf(world []manifests.Object) []map[string]string {
	named := gatewaysNamed(world)
	var selectors []map[string]string
	for _, o := range world {
		if g, ok := o.Value.(*networkingv1.Gateway); ok && named[o.Key()] && len(g.Spec.GetSelector()) > 0 {
			selectors = append(selectors, g.Spec.GetSelector())
		}
	}
	return selectors
}

// inForce is the world, or what the scenario expects to find where it has brought
// nothing, with the Gateways that this names.
func (c *Cluster) inForce(ctx context.Context) ([]manifests.Object, error) {
	if len(c.brought) > 0 {
		return c.world(), nil
	}
	missing := gatewaysNamed(c.options.There)
	for _, o := range c.options.There {
		delete(missing, o.Key())
	}
	if len(missing) > 0 {
		if err := c.survey(ctx, c.options.There); err != nil {
			return nil, err
		}
	}
	return inventory.Of(c.world(), c.options.There).Objects(), nil
}

// past is the way to a Service past gateway and mesh.
func (c *Cluster) past(ctx context.Context, via target.Via) (ingress.Way, error) {
	namespace := via.Namespace
	if namespace == "" {
		namespace = metav1.NamespaceDefault
	}
	service, err := c.kube.Services(namespace).Get(ctx, via.Service)
	if apierrors.IsNotFound(err) {
		return ingress.Way{}, fmt.Errorf("there is no Service %s/%s to enter by", namespace, via.Service)
	}
	if err != nil {
		return ingress.Way{}, fmt.Errorf("the Service %s/%s cannot be looked up: %w", namespace, via.Service, err)
	}
	port, err := ingress.HTTPPort(service)
	if err != nil {
		return ingress.Way{}, fmt.Errorf("%w, so it cannot be entered", err)
	}
	return c.options.Ways.Service(ctx, namespace, via.Service, int(port.Port))
}

// leading sends nothing on a way that leads nowhere any more, and says why. Its
// port may be somebody else's by then, who would answer.
type leading struct {
	http.RoundTripper
	lost func() error
}

func (t *leading) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := t.lost(); err != nil {
		if r.Body != nil {
			r.Body.Close()
		}
		return nil, err
	}
	response, err := t.RoundTripper.RoundTrip(r)
	if err != nil {
		err = cmp.Or(t.lost(), err)
	}
	return response, err
}

// counting counts what goes in, for the graph: the gateway's own counters of its
// callers know no callers apart.
type counting struct {
	http.RoundTripper
	count *entered
}

type entered struct{ requests, errors atomic.Int64 }

func (t *counting) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := t.RoundTripper.RoundTrip(r)
	t.count.requests.Add(1)
	if err != nil || response.StatusCode >= http.StatusInternalServerError {
		t.count.errors.Add(1)
	}
	return response, err
}
