package reports

import (
	"io"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/split"
)

// SimulationSchema names the version of a simulation's form.
const SimulationSchema = "splitcheck.dev/simulation/v1"

// A Simulation is what a check would say if the truth were otherwise.
type Simulation struct {
	Schema string `json:"schema"`
	// Requests is the planned size of each sample; the rest of the question as
	// in a plan.
	Requests int64              `json:"requests"`
	Alpha    Number             `json:"alpha"`
	Power    Number             `json:"power"`
	Leak     Number             `json:"leak"`
	Method   string             `json:"method"`
	Versions []SimulatedVersion `json:"versions"`
	// Truth is how the traffic really splits.
	Truth SimulatedTruth `json:"truth"`
	// Way says how the probabilities were found: "summed" over every count,
	// from drawn "counts", from drawn "requests" with order and connections, or
	// "sampled" from the simulated mesh.
	Way string `json:"way"`
	// Runs is the number of samples judged, of Wanted; both are 0 where
	// nothing was drawn.
	Runs        int64  `json:"runs"`
	Wanted      int64  `json:"wanted"`
	Seed        uint64 `json:"seed"`
	Interrupted bool   `json:"interrupted,omitempty"`
	// Verdicts are in the order verified, violated, inconclusive, error.
	Verdicts []VerdictProbability `json:"verdicts"`
	// GatesAtMost is the greatest share of the samples that gates, which counts
	// alone cannot show, turn into inconclusive; 0 where they are in the
	// probabilities.
	GatesAtMost Number `json:"gates_at_most"`
	// Used is how many requests a sample took: fewer than Requests where it
	// ends when it is decided.
	Used UsedRequests `json:"used"`
	// Peers are what other projects' checks make of the same truth.
	Peers []Peer `json:"peers"`
}

// A SimulatedVersion is one version of the question, with its true share where
// that is known.
type SimulatedVersion struct {
	PlannedVersion
	TrueShare Number `json:"true_share,omitzero"`
}

// A SimulatedTruth is how the traffic really splits: by shares, or by the
// configured weights with defects of the simulated mesh.
type SimulatedTruth struct {
	Shares  string   `json:"shares,omitempty"`
	Defects []string `json:"defects,omitempty"`
	// Errors is the share of requests that end in an error.
	Errors Number `json:"errors,omitzero"`
	// Reuse is the number of requests on a connection, where connections were
	// drawn; PerConnection says that a version was drawn once for each.
	Reuse         int  `json:"reuse,omitempty"`
	PerConnection bool `json:"per_connection,omitempty"`
}

// A VerdictProbability is the probability of one verdict and its 95 % interval
// (Clopper and Pearson), which is the probability itself where it was summed.
// Runs counts the samples with this verdict.
type VerdictProbability struct {
	Verdict     analysis.Verdict `json:"verdict"`
	Probability Number           `json:"probability"`
	CILow       Number           `json:"ci_low"`
	CIHigh      Number           `json:"ci_high"`
	Runs        int64            `json:"runs"`
}

// UsedRequests are quantiles of the number of requests of a sample.
type UsedRequests struct {
	Median int64 `json:"median"`
	P99    int64 `json:"p99"`
	Most   int64 `json:"most"`
}

// A Peer is another project's rule, and how often it passes this truth: at the
// first attempt, and within all the attempts that it makes.
type Peer struct {
	Name string `json:"name"`
	Rule string `json:"rule"`
	// RuleItem is the rule as data.
	RuleItem *split.Finding `json:"rule_item,omitempty"`
	Source   string         `json:"source"`
	Requests int64          `json:"requests"`
	Attempts int            `json:"attempts"`
	First    Number         `json:"first_attempt"`
	Passes   Number         `json:"passes"`
	CILow    Number         `json:"ci_low"`
	CIHigh   Number         `json:"ci_high"`
}

// ExitCode is 0, or 130 if the user ended the simulation.
func (s *Simulation) ExitCode() int {
	if s.Interrupted {
		return ExitInterrupted
	}
	return 0
}

// SimulationJSON writes the simulation as it is documented.
func SimulationJSON(w io.Writer, s *Simulation) error {
	present(&s.Versions)
	present(&s.Verdicts)
	present(&s.Peers)
	return writeJSON(w, s)
}
