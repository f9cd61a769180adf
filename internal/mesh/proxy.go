package mesh

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/splitcheck/splitcheck/internal/routing"
)

// A proxy is one Envoy: a gateway's, or a pod's sidecar. Its methods are safe
// for concurrent use.
//
//differential:virtualservice/plain
type proxy struct {
	routing.Proxy
	mesh    *Mesh
	port    int // of a gateway
	node    *node
	entered *edge // of a gateway, from the client
	sent    sent
	own     atomic.Int64 // answers before a rule was found
	view    atomic.Pointer[view]
}

// identity tells apart the proxies that get different tables.
func (p *proxy) identity() string {
	return fmt.Sprint(p.Namespace, " ", p.Gateway, " ", p.GatewayAPI, " ", p.Labels)
}

var (
	servedByIstio = []string{"istio-envoy"}
	servedByEnvoy = []string{"envoy"}
)

// carry takes a call through the proxy: it finds the rule, draws, sends, and
// turns the result into the answer that the client sees. An error means that
// the client has given up.
//
//differential:virtualservice/headers sidecar/plain
func (p *proxy) carry(c *call) (*answer, error) {
	if s := p.view.Load().opaque(c); s != nil {
		return p.tunnel(s, c)
	}
	p.receive(c)
	a, err := p.route(c)
	if err != nil {
		return nil, err
	}
	// The Server header is overwritten in the connection manager, after every
	// change that a route makes (Istio's pilot/pkg/networking/util/proxy_headers.go).
	if p.Gateway {
		a.header["Server"] = servedByIstio
	} else {
		a.header["Server"] = servedByEnvoy
	}
	return a, nil
}

func (p *proxy) route(c *call) (*answer, error) {
	current := p.view.Load()
	if p.Gateway && current.errors > 0 && c.key.below(forError, 0, current.errors) {
		p.own.Add(1)
		return failed(reset), nil
	}
	decision, v := current.route(c)
	rule := decision.Rule
	if rule == nil {
		if decision.Unknown {
			return p.passThrough(v, c)
		}
		p.own.Add(1)
		return reply(decision.Status, ""), nil
	}
	ctx := c.request.Context()
	if d := rule.Delay; d != nil && c.key.percent(forDelay, 0, d.Percent) {
		if err := pause(ctx, d.Duration); err != nil {
			return nil, err
		}
	}
	if f := rule.Abort; f != nil && c.key.percent(forAbort, 0, f.Percent) {
		a := reply(f.Status, bodyAbort)
		var dest *routing.Destination
		if chosen := v.plan(rule, c.service).choose(v, c); chosen != nil {
			dest = chosen.dest
		}
		rule.ChangeResponse(a.header, dest)
		return a, nil
	}
	var a *answer
	switch {
	case rule.Redirect != nil:
		a = redirect(rule.Redirect, &c.request)
	case rule.Direct != nil:
		a = reply(rule.Direct.Status, rule.Direct.Body)
	default:
		return p.send(ctx, c, v, rule)
	}
	rule.ChangeResponse(a.header, nil)
	return a, nil
}

// send forwards a call to the arm that is drawn for it.
//
//differential:virtualservice/own-answers httproute/dotted-backend
func (p *proxy) send(ctx context.Context, c *call, v *view, rule *routing.Rule) (*answer, error) {
	plan := v.plan(rule, c.service)
	chosen := plan.choose(v, c)
	if chosen == nil {
		return reply(http.StatusInternalServerError, ""), nil
	}
	// A proxy changes the headers of its own answers too.
	if chosen.dest != nil && chosen.dest.Status != 0 || chosen.endpoints == nil {
		status := http.StatusServiceUnavailable // No cluster of that name: Envoy's flag NC, an empty body.
		if chosen.dest != nil {
			status = cmp.Or(chosen.dest.Status, status)
		}
		a := reply(status, "")
		rule.ChangeResponse(a.header, chosen.dest)
		return a, nil
	}
	c.take()
	c.numberTry(0)
	prepare(c, rule, chosen.dest)
	for i := range rule.Mirrors {
		if c.key.percent(forMirror, uint64(i), rule.Mirrors[i].Percent) {
			if err := p.mirror(ctx, c, v, i, &rule.Mirrors[i]); err != nil {
				return nil, err
			}
		}
	}
	a, err := p.tries(ctx, c, chosen.endpoints, rule)
	if err != nil {
		return nil, err
	}
	rule.ChangeResponse(a.header, chosen.dest)
	return a, nil
}

// passThrough sends a call whose Host the proxy does not know to where the
// client's connection went, as Istio does unless told otherwise
// (outboundTrafficPolicy ALLOW_ANY).
//
//differential:sidecar/dotted-host sidecar/unknown-host
func (p *proxy) passThrough(v *view, c *call) (*answer, error) {
	s := v.snap.services[c.service]
	if s == nil {
		return reply(http.StatusBadGateway, ""), nil
	}
	arm := v.direct(s, c.port).choose(v, c)
	if arm == nil || arm.endpoints.empty() {
		return failed(refused), nil
	}
	c.take()
	c.numberTry(0)
	return p.try(c.request.Context(), c, arm.endpoints.pick(c, 0, nil, new(http.Header)), 0)
}

// tries sends a call, and again where the rule says so. The arm stays as it was
// drawn; the pod is another one where there is one. Envoy waits up to 25 ms
// before it tries again; here it does not.
//
//differential:virtualservice/faults-and-timeouts virtualservice/shares-of-failures
func (p *proxy) tries(ctx context.Context, c *call, to *endpoints, rule *routing.Rule) (*answer, error) {
	if to.empty() {
		return reply(http.StatusServiceUnavailable, bodyNoHealthy), nil
	}
	all := ctx
	if rule.Timeout > 0 {
		var cancel context.CancelFunc
		all, cancel = context.WithTimeout(ctx, rule.Timeout)
		defer cancel()
	}
	var cookie http.Header
	var tried []*host
	for attempt := 0; ; attempt++ {
		chosen := to.pick(c, attempt, tried, &cookie)
		a, err := p.timed(all, c, chosen, attempt, rule.Retries.PerTryTimeout)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if all.Err() != nil {
			return failed(expired), nil
		}
		if err != nil {
			return nil, err
		}
		if attempt >= rule.Retries.Attempts || !retriable(&rule.Retries, a) {
			if attempt > 0 && (a.failure == refused || a.failure == reset) {
				a.text = again(a.text)
			}
			for name, values := range cookie {
				a.header[name] = append(slices.Clone(a.header[name]), values...)
			}
			return a, nil
		}
		tried = append(tried, chosen)
	}
}

// timed makes one try within its own time-out.
func (p *proxy) timed(ctx context.Context, c *call, to *host, attempt int, timeout time.Duration) (*answer, error) {
	if timeout <= 0 {
		return p.try(ctx, c, to, attempt)
	}
	once, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	a, err := p.try(once, c, to, attempt)
	if once.Err() != nil && ctx.Err() == nil {
		return failed(expired), nil
	}
	return a, err
}

// try sends a call to one pod and waits for the answer.
func (p *proxy) try(ctx context.Context, c *call, to *host, attempt int) (*answer, error) {
	to.active.Add(1)
	began := time.Now()
	if attempt > 0 {
		c.numberTry(attempt)
	}
	a := to.serve(ctx, c, attempt)
	to.active.Add(-1)
	if err := ctx.Err(); err != nil {
		to.edge.count(http.StatusGatewayTimeout)
		to.sent.count(http.StatusGatewayTimeout)
		return nil, err
	}
	to.edge.count(a.status)
	to.sent.count(a.status)
	if a.failure == answered {
		a.took(time.Since(began))
	}
	return a, nil
}

// retriable reports whether Envoy tries again after a
// (source/common/router/retry_state_impl.cc).
//
//differential:virtualservice/faults-and-timeouts
func retriable(r *routing.Retries, a *answer) bool {
	for _, on := range r.On {
		switch on {
		case "5xx":
			if a.failure != answered || a.status >= 500 {
				return true
			}
		case "gateway-error":
			if a.failure != answered || a.status >= 502 && a.status <= 504 {
				return true
			}
		case "reset":
			if a.failure != answered {
				return true
			}
		case "connect-failure":
			if a.failure == refused {
				return true
			}
		case "reset-before-request":
			if a.failure == refused {
				return true
			}
		case "retriable-4xx":
			if a.status == http.StatusConflict {
				return true
			}
		case "retriable-status-codes":
			if slices.Contains(r.Codes, a.status) {
				return true
			}
		}
	}
	return false
}

// pause waits as long as a fault says, or until the client gives up.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
