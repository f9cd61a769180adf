package kube

import (
	"context"
	"fmt"
	"net/http"

	"k8s.io/client-go/rest"
)

// heeding returns a client for a configuration whose requests end with their
// context, whatever their transport waits for: a plugin of the kubeconfig that
// fetches credentials is run by client-go without any bound.
func heeding(config *rest.Config) (*http.Client, error) {
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, err
	}
	h := heedful{next: client.Transport}
	if h.next == nil {
		h.next = http.DefaultTransport
	}
	if config.ExecProvider != nil {
		h.plugin = config.ExecProvider.Command
	}
	own := *client
	own.Transport = h
	return &own, nil
}

// heedful is a transport that ends with the context of a request.
type heedful struct {
	next   http.RoundTripper
	plugin string // that the transport may run, if any
}

// RoundTrip implements http.RoundTripper.
func (h heedful) RoundTrip(request *http.Request) (*http.Response, error) {
	type outcome struct {
		response *http.Response
		err      error
	}
	done := make(chan outcome, 1)
	go func() {
		response, err := h.next.RoundTrip(request)
		done <- outcome{response, err}
	}()
	ctx := request.Context()
	select {
	case got := <-done:
		return got.response, got.err
	case <-ctx.Done():
	}
	go func() {
		if got := <-done; got.err == nil {
			got.response.Body.Close()
		}
	}()
	if h.plugin != "" {
		return nil, fmt.Errorf("%w (the kubeconfig has the plugin %s run for credentials, which may be what does not end)", context.Cause(ctx), h.plugin)
	}
	return nil, context.Cause(ctx)
}
