package cluster

import "time"

// Every wait of this room has its bound here, with what is waited for. The time
// that a step allows (settle.timeout) bounds all of a change beside them.
const (
	// defaultTimeout bounds a change that sets no bound.
	defaultTimeout = time.Minute
	// defaultGuard is how long the proxies must stay the same after they were
	// first seen to carry a change.
	defaultGuard = time.Second
	// kubeProxyGuard is how long kube-proxy is given to write the node's rules
	// after the EndpointSlices are settled; it gathers changes for up to a
	// second (its minSyncPeriod), and nobody can ask it.
	kubeProxyGuard = 2 * time.Second
	// answerTimeout is for one answer of the API server.
	answerTimeout = 20 * time.Second
	// lookTimeout is for one proxy to say what it carries.
	lookTimeout = 10 * time.Second
	// pollInterval is the pause between two looks at proxies or pods.
	pollInterval = 100 * time.Millisecond
	// movePatience is how long a proxy that had nothing to change is waited for
	// to say that it took an update. What a change does not show in its routes
	// may give it none.
	movePatience = 2 * time.Second
	// clustersPatience is how long the proxies may take to know the
	// destinations of routes that are about to be applied. A proxy that is
	// only given the destinations that its routes name never knows them before.
	clustersPatience = 10 * time.Second
	// verdictPatience is how long a refusal by the control plane, or an object
	// that attaches to nothing, must stand before it is believed. It begins when
	// no pod of a gateway is on its way any more.
	verdictPatience = 10 * time.Second
	// webhookPatience is how long a control plane whose pods are ready may be out
	// of the API server's reach: a new address takes a moment to be known.
	webhookPatience = 10 * time.Second
	// logsInterval is the pause between two looks into the logs of proxies that
	// do not carry a change.
	logsInterval = 2 * time.Second
	// namespacePatience is how long a new Namespace may take until pods in it
	// get what they need: their service account, and their sidecar.
	namespacePatience = 15 * time.Second
	// goneTimeout is how long an object of a former run, or one that is deleted
	// while a scenario runs, may take to be gone.
	goneTimeout = time.Minute
	// forgetTimeout is how long the proxies may take, at the end of a scenario,
	// to let go of routes that were deleted; within a step its own time bounds it.
	forgetTimeout = 20 * time.Second
	// sweepTimeout is for all that earlier runs have left in a cluster of
	// splitcheck's own to be found and taken away.
	sweepTimeout = 2 * time.Minute
	// crashPatience is how long a pod may stay in a state that mostly does not
	// end by itself (a crash loop, an image that cannot be had, no node that
	// takes it) before the change fails.
	crashPatience = 20 * time.Second
	// podsSteady is how long all pods must stay ready. One without a readiness
	// probe is ready as soon as it runs, even if it ends at once.
	podsSteady = time.Second
	// enterTimeout is for finding a way in.
	enterTimeout = 30 * time.Second
	// podsGrace is how long pods that were brought in may take to end once no
	// route leads to them.
	podsGrace = 2 * time.Second
)
