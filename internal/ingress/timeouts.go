package ingress

import "time"

// Every wait of this room has its limit here, and says what is waited for.
//
//differential:elsewhere test test/e2e/TestWays
//differential:elsewhere scenario version-test-httproute
const (
	// answerTimeout is for a way in to answer: kube-proxy writes the node's
	// rules within a second or two, and a proxy opens a port as quickly.
	answerTimeout = 20 * time.Second
	// quietTimeout is for kube-proxy to remove a NodePort that no longer
	// exists.
	quietTimeout = 20 * time.Second
	// endpointsTimeout is for the EndpointSlices of an entry Service to hold
	// the same pods as those of the Service that it stands for.
	endpointsTimeout = 20 * time.Second
	// serviceTimeout is for Istio to create the Service of a Gateway.
	serviceTimeout = 20 * time.Second
	// forwardTimeout is for the API server to open a port-forward.
	forwardTimeout = 10 * time.Second
	// kubeProxyGuard is how long kube-proxy is given to write the node's rules
	// after the EndpointSlices are settled; it gathers changes for up to a
	// second (its minSyncPeriod), and nobody can ask it.
	kubeProxyGuard = 2 * time.Second
	// probeTimeout is for one request that only asks whether anybody answers.
	probeTimeout = 2 * time.Second
	// pollInterval is the pause between two looks.
	pollInterval = 100 * time.Millisecond
)
