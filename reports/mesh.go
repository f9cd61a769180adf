package reports

import "github.com/splitcheck/splitcheck/split"

// Mesh is the account that the proxies give of a check, beside the one that its
// answers give: what the rule that decides asks for, what the proxies are
// programmed with, and where they say that they have sent the requests.
type Mesh struct {
	// Rule is the rule that splits the requests, "VirtualService
	// default/canary, http[0]"; absent where none does or it cannot be known.
	Rule string `json:"rule,omitempty"`
	// Host is the Service whose versions are told apart.
	Host string `json:"host,omitempty"`
	// MistakeIn says where the mistake of a check that is not verified lies, as
	// far as the proxies' account can place it: one of the Places.
	MistakeIn    string        `json:"mistake_in,omitempty"`
	Destinations []Destination `json:"destinations,omitempty"`
	// Proxies are those that sent the requests, and those that carry other
	// weights than the rule asks for.
	Proxies []Proxy `json:"proxies,omitempty"`
	// Notes explain what the two accounts differ in.
	Notes     []string        `json:"notes,omitempty"`
	NoteItems []split.Finding `json:"note_items,omitempty"`
}

// The Places where a mistake can lie.
const (
	InManifest       = "manifest"
	InControlPlane   = "control-plane"
	InDataPlane      = "data-plane"
	InIdentification = "identification"
)

// A Destination is one version as the rule, the proxies and the answers have
// it. Numbers of which nothing is known are absent.
type Destination struct {
	Version string `json:"version"`
	// ConfiguredShare is what the rule asks for, ProgrammedShare what every
	// proxy that decides carries; absent where they differ among themselves.
	ConfiguredShare Number `json:"configured_share,omitzero"`
	ProgrammedShare Number `json:"programmed_share,omitzero"`
	// Observed is the number of answers that named the version.
	Observed      Number `json:"observed,omitzero"`
	ObservedShare Number `json:"observed_share,omitzero"`
	// Counted is the number of requests that the proxies sent there, retries
	// and mirrored copies included; Failed of them were answered with 5xx or
	// not at all.
	Counted      Number `json:"counted,omitzero"`
	CountedShare Number `json:"counted_share,omitzero"`
	Failed       Number `json:"failed,omitzero"`
}

// A Proxy is a gateway or a sidecar that decides.
type Proxy struct {
	// Name is the pod's and its namespace's.
	Name string `json:"name"`
	// Programmed are the weights it carries after the sample, as shares.
	Programmed []Programmed `json:"programmed,omitempty"`
	// Counted is the number of requests it sent to the versions meanwhile.
	Counted Number `json:"counted,omitzero"`
}

// A Programmed weight is one destination of a proxy's rule.
type Programmed struct {
	// Version is the version, or the destination's cluster in the proxy where it
	// stands for several.
	Version string `json:"version"`
	Share   Number `json:"share"`
}

// A ProxyState says when a proxy was seen to carry the change of a step.
type ProxyState struct {
	Name      string `json:"name"`
	Seconds   Number `json:"seconds"`
	Converged bool   `json:"converged"`
	// Detail says what it carries instead, in its own words as far as there are
	// any.
	Detail     string         `json:"detail,omitempty" text:"lines"`
	DetailItem *split.Finding `json:"detail_item,omitempty"`
}
