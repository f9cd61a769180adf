package ingress

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	corev1 "k8s.io/api/core/v1"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/client-go/tools/portforward"

	"github.com/splitcheck/splitcheck/internal/kube"
)

// A forwarding is a port of 127.0.0.1 that leads to a port of a pod.
type forwarding struct {
	url string
	// lost is the Lost of a Way, end its Close.
	lost func() error
	end  func()
}

// silence keeps client-go's forwarder from printing between the lines of a
// report. It reports connection errors to a handler of the whole process; the
// sender of the request gets an error anyway.
var silence = sync.OnceFunc(func() { utilruntime.ErrorHandlers = nil })

// forwardTo listens on a free port of 127.0.0.1 that leads to a port of a pod,
// until end is called or the session breaks. It is not opened again then: the
// requests are refused at once, which no verdict overlooks. A connection to
// another pod in the middle of a sample might be overlooked.
func forwardTo(ctx context.Context, client *kube.Client, pod *corev1.Pod, port int) (*forwarding, error) {
	dialer, err := client.Session(pod.Namespace, pod.Name)
	if err != nil {
		return nil, err
	}
	stop, ready := make(chan struct{}), make(chan struct{})
	forwarder, err := portforward.NewOnAddresses(dialer, []string{"127.0.0.1"}, []string{fmt.Sprintf("0:%d", port)}, stop, ready, io.Discard, io.Discard)
	if err != nil {
		return nil, err
	}
	end := sync.OnceFunc(func() { close(stop) })
	session, ended := context.WithCancelCause(context.WithoutCancel(ctx))
	go func() { ended(cmp.Or(forwarder.ForwardPorts(), errEnded)) }()
	limit, cancel := context.WithTimeoutCause(ctx, forwardTimeout, fmt.Errorf("the API server opened no session to the pod within %s", forwardTimeout))
	defer cancel()
	select {
	case <-ready:
	case <-session.Done():
		return nil, fmt.Errorf("the session to the pod did not come about: %w", context.Cause(session))
	case <-limit.Done():
		end()
		return nil, context.Cause(limit)
	}
	ports, err := forwarder.GetPorts()
	if err != nil {
		end()
		return nil, err
	}
	lost := func() error {
		if why := context.Cause(session); why != nil {
			return fmt.Errorf("the port-forward to pod %s has ended, as it does when the pod goes (%w): run it again, or give an address that lasts with --gateway-url", pod.Name, why)
		}
		return nil
	}
	return &forwarding{fmt.Sprintf("http://127.0.0.1:%d", ports[0].Local), lost, end}, nil
}

var errEnded = errors.New("it was closed")
