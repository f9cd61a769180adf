package ingress

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/httpstream" //lint:ignore SA1019 client-go opens its sessions in these words still
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"
)

// forwardTo listens on a free port of 127.0.0.1 that leads to a port of a pod,
// until end is called or the session breaks. It is not opened again then: the
// requests are refused at once, which no verdict overlooks, whereas another pod
// in the middle of a sample might be.
func forwardTo(ctx context.Context, config *rest.Config, client kubernetes.Interface, pod *corev1.Pod, port int) (url string, end func(), err error) {
	address := client.CoreV1().RESTClient().Post().Resource("pods").Namespace(pod.Namespace).Name(pod.Name).SubResource("portforward").URL()
	transport, upgrader, err := spdy.RoundTripperFor(config)
	if err != nil {
		return "", nil, err
	}
	websocket, err := portforward.NewSPDYOverWebsocketDialer(address, config)
	if err != nil {
		return "", nil, err
	}
	plain := spdy.NewDialer(upgrader, &http.Client{Transport: transport}, http.MethodPost, address)
	dialer := portforward.NewFallbackDialer(websocket, plain, func(err error) bool {
		return httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err)
	})
	stop, ready := make(chan struct{}), make(chan struct{})
	forwarder, err := portforward.NewOnAddresses(dialer, []string{"127.0.0.1"}, []string{fmt.Sprintf("0:%d", port)}, stop, ready, io.Discard, io.Discard)
	if err != nil {
		return "", nil, err
	}
	end = sync.OnceFunc(func() { close(stop) })
	ended := make(chan error, 1)
	go func() { ended <- forwarder.ForwardPorts() }()
	limit, cancel := context.WithTimeoutCause(ctx, forwardTimeout, fmt.Errorf("the API server opened no session to the pod within %s", forwardTimeout))
	defer cancel()
	select {
	case <-ready:
	case err := <-ended:
		return "", nil, fmt.Errorf("the session to the pod did not come about: %w", err)
	case <-limit.Done():
		end()
		return "", nil, context.Cause(limit)
	}
	ports, err := forwarder.GetPorts()
	if err != nil {
		end()
		return "", nil, err
	}
	return fmt.Sprintf("http://127.0.0.1:%d", ports[0].Local), end, nil
}
