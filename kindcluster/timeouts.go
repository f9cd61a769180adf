package kindcluster

import "time"

// Every wait of this room has its limit here, and says what is waited for.
//
//differential:elsewhere test test/e2e/TestTargetOnKind
const (
	// lockTimeout is for the end of another splitcheck that is changing the
	// same cluster.
	lockTimeout = 30 * time.Minute
	// dockerTimeout is for Docker to answer.
	dockerTimeout = 20 * time.Second
	// kindTimeout is for kind to answer a question for which it asks Docker: its
	// clusters, their nodes, how to reach one, whether a node has an image.
	kindTimeout = 30 * time.Second
	// createTimeout is for kind to make the nodes and start Kubernetes in them,
	// the download of the node image included.
	createTimeout = 10 * time.Minute
	// removeTimeout is for kind to remove a cluster, also one that was not
	// finished.
	removeTimeout = 2 * time.Minute
	// startTimeout is for a stopped cluster to start again: its nodes, its API
	// server, and its pods.
	startTimeout = 2 * time.Minute
	// nodesTimeout is for the nodes to be Ready and names to be resolved.
	nodesTimeout = 3 * time.Minute
	// imagesTimeout is for one image to be loaded into all nodes.
	imagesTimeout = 5 * time.Minute
	// crdsTimeout is for the Gateway API's definitions to be downloaded,
	// applied and established.
	crdsTimeout = 2 * time.Minute
	// fetchTimeout is for the download of istioctl.
	fetchTimeout = 5 * time.Minute
	// versionTimeout is for istioctl to say its version.
	versionTimeout = 30 * time.Second
	// installTimeout is for istioctl to install Istio and for its images to
	// be pulled.
	installTimeout = 8 * time.Minute
	// istioTimeout is for istiod and the gateway to be available.
	istioTimeout = 3 * time.Minute
	// trialTimeout is for a first request to go through the gateway.
	trialTimeout = time.Minute
	// answerTimeout is for one answer of the API server.
	answerTimeout = 20 * time.Second
	// wordsTimeout is for everything that the cluster reports about a wait that
	// failed.
	wordsTimeout = 15 * time.Second
	// analyzeTimeout is for istioctl to look for mistakes in all namespaces.
	analyzeTimeout = 15 * time.Second
	// lingering is how long we wait for children of a program that was told to
	// end, if they still hold its output.
	lingering = time.Second
	// pollInterval is the pause between two looks.
	pollInterval = 200 * time.Millisecond
)
