package mesh

import (
	"context"
	"net/http"
)

// serve lets a pod answer a call: its inbound sidecar, if there is one, and
// behind it the application.
func (h *host) serve(ctx context.Context, c *call, attempt int) *answer {
	p := h.pod
	if p.gone.Load() {
		return failed(refused)
	}
	if p.sidecar == nil {
		return h.run(ctx, c, attempt)
	}
	a := h.run(ctx, c, attempt)
	if a.failure != answered {
		// To the client this is an answer: the connection to the sidecar
		// held, only the one to the application did not.
		if a.failure == refused {
			a.text = again(a.text) // The sidecar itself has tried more than once.
		}
		a.failure = answered
	}
	a.header["Server"] = servedByIstio
	return a
}

// run lets the application answer.
func (h *host) run(ctx context.Context, c *call, attempt int) *answer {
	if h.dead || !h.listens {
		return failed(refused)
	}
	if h.failing > 0 && c.key.below(forFailure, uint64(attempt), h.failing) {
		a := newAnswer()
		a.status, a.text = http.StatusInternalServerError, "simulated failure\n"
		return a
	}
	arrived, request := c.arrive(ctx, attempt)
	if !h.pod.handle(&arrived.answer, request) {
		return failed(reset)
	}
	arrived.finish(request)
	return &arrived.answer
}

// handle reports whether the application finished its answer. A panic costs the
// client its connection, as in net/http.
func (p *pod) handle(a *answer, r *http.Request) (ended bool) {
	defer func() {
		if !ended {
			recover()
		}
	}()
	p.handler.ServeHTTP(a, r)
	return true
}
