package proxies

import "time"

// How long the parts of an answer may take. A dump of routes is some hundred
// kilobytes and comes in a few milliseconds; what takes longer is a machine with
// other things to do, or a pod that is no more.
const (
	// openTimeout is for the API server to open a session to a pod.
	openTimeout = 10 * time.Second
	// answerTimeout is for a proxy to answer over an open session.
	answerTimeout = 15 * time.Second
	// presenceAfter is how long an answer may take before the pod is looked
	// for: one that is gone often leaves its sessions open and silent.
	presenceAfter = time.Second
	// listTimeout is for the API server to list pods.
	listTimeout = 15 * time.Second
)
