package main

import "time"

// Every wait of this room on a cluster has its bound here, with what is waited
// for.
const (
	// entriesTimeout is for the removal of the ways in after a run.
	entriesTimeout = 30 * time.Second
	// nodesTimeout is for the API server to list the nodes, whose architecture
	// the applications' image is made for.
	nodesTimeout = 20 * time.Second
)
