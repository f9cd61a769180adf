package main

import "time"

// Every wait of this room has its bound here, with what is waited for.
const (
	// entriesTimeout is for the removal of the ways in after a run.
	entriesTimeout = 30 * time.Second
	// nodesTimeout is for the API server to list the nodes, whose architecture
	// the applications' image is made for.
	nodesTimeout = 20 * time.Second
	// defaultSettle is for the proxies to carry the weights that the cluster has, and
	// for a split to be steady where no proxy can be asked; `--settle` says otherwise.
	defaultSettle = 30 * time.Second
	// longest is the most that a flag may allow for an answer or a delay.
	longest = time.Hour
	// meshTimeout is for a change of the mesh that `simulate` asks; it takes no
	// time.
	meshTimeout = 10 * time.Second
	// headerTimeout is for a client of `sim serve` or `app` to send its headers.
	headerTimeout = 10 * time.Second
	// bodyTimeout is for a client of `sim serve` or `app` to send the body of a
	// request.
	bodyTimeout = 30 * time.Second
	// partingTimeout is for whoever reads a report to take it when the run was
	// interrupted.
	partingTimeout = 2 * time.Second
	// finishing is for requests that are being answered when serving ends.
	finishing = 10 * time.Second
)
