package target

import (
	"fmt"
	"slices"

	"github.com/splitcheck/splitcheck/split"
)

// A Defect is a fault of the simulated mesh itself: what a check should notice.
type Defect struct {
	// Kind is the Name of one of Defects.
	Kind string
	// Host is the service whose split is disturbed ("reviews"); empty for all.
	Host string
	// Version is the arm that leaks, is dead or fails: a subset's name, a
	// backend's name, or a pod's version label.
	Version string
	// Share is the probability, between 0 and 1, of a leak, failure or error.
	Share float64
	// Weights are in effect instead of the configured ones, by arm.
	Weights split.Weights
	// Requests is how many requests the stale weights last.
	Requests int64
	// Proxy is the ordinal of the gateway pod that never updates.
	Proxy int
}

// A DefectKind is one entry of the table that scenarios, the mesh, flags, help and
// the reference are made from. What it does to traffic is in package mesh.
type DefectKind struct {
	Name string
	// Does says what it does, with its settings in backticks.
	Does string
	// Needs are the settings that mean something to it and have no default.
	Needs []string
	// Unsampled says why no sample is ever drawn with it, if none is.
	Unsampled string
}

// Defects are all kinds.
var Defects = []DefectKind{
	{Name: "weights", Does: "other weights are in effect than configured: `weights`", Needs: []string{"weights"}},
	{Name: "leak", Does: "`version` gets `share` of the requests, whatever its weight", Needs: []string{"version", "share"}},
	{Name: "dead", Does: "`version` refuses connections", Needs: []string{"version"}},
	{Name: "failing", Does: "`version` fails with probability `share`", Needs: []string{"version", "share"}},
	{Name: "sticky-client", Does: "a client keeps the version that it got first"},
	{Name: "sticky-connection", Does: "a connection keeps the version that it got first"},
	{Name: "first-request", Does: "the first request on each connection goes to `version`", Needs: []string{"version"}},
	{Name: "alternating", Does: "the versions take turns"},
	{Name: "stale", Does: "the old weights last for `requests` more requests", Needs: []string{"requests"}},
	{Name: "stuck-proxy", Does: "gateway pod number `proxy` never updates",
		Unsampled: "a check is never begun when a proxy does not take the new weights: it ends as not converged"},
	{Name: "errors", Does: "`share` of the answers are 503", Needs: []string{"share"}},
}

// DefectNames are the names of all kinds.
func DefectNames() []string {
	var names []string
	for _, each := range Defects {
		names = append(names, each.Name)
	}
	return names
}

// LookupDefect finds a kind by its name.
func LookupDefect(name string) (kind DefectKind, found bool) {
	at := slices.IndexFunc(Defects, func(k DefectKind) bool { return k.Name == name })
	if at < 0 {
		return kind, false
	}
	return Defects[at], true
}

// Lacks says which of the settings that its kind needs a defect does not have, and
// why what it has will not do.
func (d Defect) Lacks(setting string) error {
	switch setting {
	case "version":
		if d.Version == "" {
			return fmt.Errorf("it needs a version")
		}
	case "share":
		if !(d.Share > 0 && d.Share <= 1) {
			return fmt.Errorf("its share is %g; it must be above 0 and at most 1", d.Share)
		}
	case "weights":
		return d.Weights.Validate()
	case "requests":
		if d.Requests <= 0 {
			return fmt.Errorf("it needs a number of requests")
		}
	}
	return nil
}
