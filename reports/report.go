// Package reports holds the document that every run ends in, and the plan and
// the simulation beside it. The document is the contract with scripts: its JSON
// names are stable. A Format is a pure function of a finished document: it
// measures nothing, judges nothing, and looks at neither the clock nor the
// environment. The package declines to know a terminal: what is laid out in
// columns is made elsewhere, of the same document.
package reports

import (
	"time"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/reports/words"
	"github.com/splitcheck/splitcheck/split"
)

// Schema names the version of the document's form.
const Schema = "splitcheck.dev/report/v1"

// A Report is everything that one invocation has to say. Finish completes it.
type Report struct {
	Schema  string           `json:"schema" text:"own"`
	Verdict analysis.Verdict `json:"verdict"`
	// Generator is the program and version that wrote the report.
	Generator string `json:"generator,omitempty" text:"own"`
	// Started is when the run began. It is passed in, never read off a clock
	// here, and absent where the moment means nothing (recorded answers).
	Started *time.Time `json:"started,omitempty"`
	// DurationSeconds is the whole run, deployment and waiting included.
	DurationSeconds Number `json:"duration_seconds,omitzero"`
	// Interrupted says that the user ended the run before its end; what was
	// counted until then is in it.
	Interrupted  bool          `json:"interrupted,omitempty"`
	Target       Target        `json:"target"`
	Reproduction *Reproduction `json:"reproduction,omitempty"`
	// Warnings are what there is to doubt, and WarningItems the same as data;
	// so in scenarios, steps and checks.
	Warnings     []string        `json:"warnings,omitempty" text:"lines"`
	WarningItems []split.Finding `json:"warning_items,omitempty"`
	Scenarios    []Scenario      `json:"scenarios"`
}

// A Target is what carried the traffic.
type Target struct {
	// Kind is "sim", "kind", "cluster", "gateway", or "recorded" for answers
	// that were judged without sending any.
	Kind string `json:"kind" text:"own"`
	// Simulated is true where no real proxy took part.
	Simulated bool `json:"simulated"`
	// URL is the address that the load was sent to.
	URL string `json:"url,omitempty"`
	// Context is the kubeconfig context of a cluster.
	Context string `json:"context,omitempty"`
	// Source is the file that recorded answers were read from.
	Source string `json:"source,omitempty"`
	// Versions holds what runs there by name, such as "istio": "1.31.1".
	Versions map[string]string `json:"versions,omitempty"`
}

// A Reproduction is what it takes to run the same again.
type Reproduction struct {
	// Command is the command line, word by word, without its secrets.
	Command []string `json:"command,omitempty"`
	// Seed is the seed of every random draw that splitcheck itself makes.
	Seed *uint64 `json:"seed,omitempty"`
}

// A Scenario is one scenario's part of a report.
type Scenario struct {
	Name        string           `json:"name" text:"own"`
	Description string           `json:"description,omitempty" text:"own"`
	Source      *Source          `json:"source,omitempty"`
	Verdict     analysis.Verdict `json:"verdict"`
	// Unnamed says that nobody gave the scenario, its step and its check their
	// names: verify and analyze wrap their one check in them.
	Unnamed bool `json:"unnamed,omitempty"`
	// Failure says what kept the scenario, or the rest of it, from being
	// measured.
	Failure     string         `json:"failure,omitempty" text:"lines"`
	FailureItem *split.Finding `json:"failure_item,omitempty"`
	// Interrupted says that steps or checks are missing because the user ended
	// the run.
	Interrupted bool `json:"interrupted,omitempty"`
	// DurationSeconds is the whole scenario; DeploymentSeconds until its
	// applications ran, RemovalSeconds what it took to take all of it away.
	DurationSeconds   Number          `json:"duration_seconds,omitzero"`
	DeploymentSeconds Number          `json:"deployment_seconds,omitzero"`
	RemovalSeconds    Number          `json:"removal_seconds,omitzero"`
	Warnings          []string        `json:"warnings,omitempty" text:"lines"`
	WarningItems      []split.Finding `json:"warning_items,omitempty"`
	Steps             []Step          `json:"steps"`
	Graph             *split.Graph    `json:"graph,omitempty"`
}

// A Step is one change of the mesh with the checks that followed it.
type Step struct {
	Name   string  `json:"name" text:"own"`
	Source *Source `json:"source,omitempty"`
	// Verdict is the worst of the step's checks; it is absent for a step that
	// only prepares and has nothing to check.
	Verdict     analysis.Verdict `json:"verdict,omitempty"`
	Failure     string           `json:"failure,omitempty" text:"lines"`
	FailureItem *split.Finding   `json:"failure_item,omitempty"`
	// DurationSeconds is the whole step: its change, the wait until that was
	// live, and its samples.
	DurationSeconds Number          `json:"duration_seconds,omitzero"`
	Convergence     *Convergence    `json:"convergence,omitempty"`
	Timeline        *Timeline       `json:"timeline,omitempty"`
	Warnings        []string        `json:"warnings,omitempty" text:"lines"`
	WarningItems    []split.Finding `json:"warning_items,omitempty"`
	Checks          []Check         `json:"checks"`
	// Graph is what called what from the beginning of the step to its end.
	Graph *split.Graph `json:"graph,omitempty"`
}

// Fail enters what kept the scenario, or the rest of it, from being measured.
func (s *Scenario) Fail(why split.Finding) { s.Failure, s.FailureItem = words.English(why), &why }

// Fail enters what kept the step from being measured.
func (s *Step) Fail(why split.Finding) { s.Failure, s.FailureItem = words.English(why), &why }

// A Convergence says how long the change of a step took to be in effect.
// Requests sent while waiting are never part of a sample.
type Convergence struct {
	Seconds   Number `json:"seconds"`
	Converged bool   `json:"converged"`
	// Detail says in words what had not taken effect, and why as far as known.
	Detail     string         `json:"detail,omitempty" text:"lines"`
	DetailItem *split.Finding `json:"detail_item,omitempty"`
	// Proxies are those that had to take the change, where the target can look
	// into them.
	Proxies []ProxyState `json:"proxies,omitempty"`
}
