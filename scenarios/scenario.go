// Package scenarios reads scenario files and holds the built-in library of them
// with their manifests. It checks everything that can be known before any
// traffic flows, and declines to run anything.
package scenarios

import (
	"time"

	"github.com/splitcheck/splitcheck/identify"
	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/problems"
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/loadgen"
	"github.com/splitcheck/splitcheck/split"
)

// A Scenario is one scenario file, read and validated.
type Scenario struct {
	// File is where it was read; Builtin marks one of the library.
	File        string
	Builtin     bool
	Name        string
	Source      Source
	Description string
	// Unnamed says that nobody gave it, its step and its check their names: it is
	// made of flags.
	Unnamed bool
	// App names the bundle that is deployed first, or is empty.
	App string
	// Deploy holds the objects that are there before the first step: the
	// bundle's, then the user's own.
	Deploy []manifests.Object
	// Targets are the kinds it can run on; empty for all.
	Targets []string
	Steps   []Step
	// Warnings are what loading and Lint have to say. A run goes on in spite of
	// them, so that all are marked as warnings here.
	Warnings problems.List
	// Notes are what else a report is to warn of, for a scenario that no file has.
	Notes []split.Finding

	bundle *bundle
}

// A Source is where the name of a scenario, a step or a check stands, for those
// who annotate files: Line, from 1, of File, which is relative to the working
// directory where it is within it, with forward slashes. It is the zero value for
// what is built in and for what no file says.
type Source struct {
	File string
	Line int
}

// A Step changes the mesh and then checks it.
type Step struct {
	Name   string
	Source Source
	Apply  []manifests.Object
	Delete []manifests.Key
	Scale  []target.Scale
	// Defects are switched on from this step to the end of the scenario, or
	// to a step that names its own (an empty list switches them off). They
	// exist on the simulated mesh only.
	Defects []target.Defect
	// SetsDefects tells an empty list of defects from none.
	SetsDefects bool
	// Await waits for what is there to be in effect, though nothing is changed.
	Await bool
	// Settle bounds the wait for the change to take effect.
	Settle Settle
	Checks []Check
}

// Settle bounds the wait after a change.
type Settle struct {
	Timeout time.Duration // default 60 s
}

// A Check draws one sample and judges it.
type Check struct {
	Name     string
	Source   Source
	Request  Request
	Load     Load
	Identify identify.Rules
	// Mirrored, if set, is the Deployment whose mirrored requests are counted
	// in place of versions; Expect then names "mirrored" and "unmirrored".
	Mirrored string
	Expect   split.Weights
	// Margins are absolute shares by version, between 0 and 1; a version that
	// is missing has the default. Leak, Alpha and Power are 0 where the user
	// set none.
	Margins            map[string]float64
	Alpha, Power, Leak float64
	MaxErrors          float64 // -1 where the user set none
	Method             string  // "chi-square" or "sequential"
	// ExpectVerdict is the verdict that the scenario expects, "verified"
	// unless it is a negative control.
	ExpectVerdict string
	// Decisive says what splits the requests where the scenario's objects do not,
	// because they are in the cluster already.
	Decisive *Decisive
	// File, Line and Column are where the check stands.
	File         string
	Line, Column int

	// ownIdentify tells rules of the check's own from the bundle's.
	ownIdentify bool
	// places are where the fields of the check stand: "expect",
	// "request.headers", ….
	places map[string]place
}

// A place is where something stands in the scenario's file.
type place struct{ line, column int }

// place returns where a field of the check stands, or the check itself.
func (c Check) place(field string) place {
	if p, ok := c.places[field]; ok {
		return p
	}
	return place{c.Line, c.Column}
}

// A Request is what each request of a check looks like.
type Request struct {
	Via     target.Via
	Method  string // default GET
	Path    string // with its query, default /
	Host    string // empty for the entry's own
	Headers map[string]string
	Cookies map[string]string
	Body    string
	Login   *loadgen.Login
}

// Load says how the sample is drawn. Zero values are "not set".
type Load struct {
	Requests    int
	Rate        float64 // per second
	RateSet     bool    // tells "as fast as it goes", rate: 0, from "not set"
	Connections int
	Reuse       int
	Timeout     time.Duration
}
