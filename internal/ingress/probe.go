package ingress

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/splitcheck/splitcheck/internal/kube"
)

// A prober checks whether anybody answers at a URL: it returns nil if somebody
// does, with any answer. Connecting alone would prove nothing: Docker accepts
// connections to a mapped port before it knows whether anybody is behind it.
type prober func(ctx context.Context, url string) error

// probe sends one request on a connection of its own.
func probe(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	transport := &http.Transport{DisableKeepAlives: true, Proxy: nil}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, url, nil)
	if err != nil {
		return err
	}
	request.Header.Set("User-Agent", "splitcheck-probe")
	response, err := transport.RoundTrip(request)
	if err != nil {
		return err
	}
	return response.Body.Close()
}

// refused says whether a probe's error shows that nobody is there. A time-out
// shows nothing.
func refused(err error) bool {
	var timeout net.Error
	return err != nil && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled) &&
		!(errors.As(err, &timeout) && timeout.Timeout())
}

// await calls done again and again until it succeeds. The error is the cause
// for which ctx ended, with the last message of done, if there was one.
func await(ctx context.Context, limit time.Duration, what string, done func(context.Context) (bool, error)) error {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("%s was not so within %s", what, limit))
	defer cancel()
	var last error
	for {
		ok, err := done(ctx)
		if ok {
			return nil
		}
		if err != nil && ctx.Err() == nil {
			last = err
		}
		if kube.Pause(ctx, pollInterval) != nil {
			if cause := context.Cause(ctx); last != nil {
				return fmt.Errorf("%w: %w", cause, last)
			} else {
				return cause
			}
		}
	}
}
