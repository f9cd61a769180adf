package kube

import (
	"net/http"

	"k8s.io/apimachinery/pkg/util/httpstream" //lint:ignore SA1019 client-go opens its sessions in these words still
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"
)

// Session returns what opens sessions to a pod's ports as kubectl does: through a
// websocket, or by SPDY where the API server or what stands before it has none.
func (c *Client) Session(namespace, pod string) (httpstream.Dialer, error) {
	url := c.rest.Post().AbsPath("/api/v1").Namespace(namespace).Resource("pods").Name(pod).SubResource("portforward").URL()
	transport, upgrader, err := spdy.RoundTripperFor(c.config)
	if err != nil {
		return nil, err
	}
	websocket, err := portforward.NewSPDYOverWebsocketDialer(url, c.config)
	if err != nil {
		return nil, err
	}
	plain := spdy.NewDialer(upgrader, &http.Client{Transport: transport}, http.MethodPost, url)
	return portforward.NewFallbackDialer(websocket, plain, func(err error) bool {
		return httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err)
	}), nil
}
