package reports

import (
	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/split"
)

// A Check is one sample and what it shows. Shares are fractions between 0 and
// 1, durations are seconds unless their name says otherwise.
type Check struct {
	Name    string           `json:"name" text:"own"`
	Source  *Source          `json:"source,omitempty"`
	Verdict analysis.Verdict `json:"verdict"`
	// ExpectedVerdict is set for a negative control: the check counts as
	// verified if Verdict is the same, else as violated.
	ExpectedVerdict analysis.Verdict `json:"expected_verdict,omitempty"`
	// Method says how the deciding p-value was computed.
	Method          string `json:"method" text:"own"`
	Requests        int64  `json:"requests"`
	Errors          int64  `json:"errors"`
	Unidentified    int64  `json:"unidentified"`
	DurationSeconds Number `json:"duration_seconds"`
	// Rate is in requests per second, as it was reached.
	Rate Number `json:"rate"`

	Versions    []Version    `json:"versions"`
	ChiSquare   *Test        `json:"chi_square,omitempty"`
	GTest       *Test        `json:"g_test,omitempty"`
	CressieRead *Test        `json:"cressie_read,omitempty"`
	Exact       *Exact       `json:"exact,omitempty"`
	Sequential  *Sequential  `json:"sequential,omitempty"`
	Equivalence *Equivalence `json:"equivalence,omitempty"`
	Effect      *Effect      `json:"effect,omitempty"`
	Power       *Power       `json:"power,omitempty"`
	// HolmPValue is the p-value of the main test adjusted for all checks of the
	// run (Holm 1979), where there are several.
	HolmPValue Number `json:"holm_p_value,omitzero"`
	Gates      []Gate `json:"gates"`
	// Diagnosis names likely causes of what was seen. Causes are the same as
	// data, one for each of its sentences; Finish makes these of those, and so
	// with warnings, reasons and advice.
	Diagnosis    []string        `json:"diagnosis"`
	Causes       []split.Finding `json:"causes,omitempty"`
	Warnings     []string        `json:"warnings" text:"lines"`
	WarningItems []split.Finding `json:"warning_items,omitempty"`
	Latency      *Latency        `json:"latency,omitempty"`
	// Course is how the counts grew, where the order of the answers is known.
	Course *Course `json:"course,omitempty"`
	// Settling is what was read before the sample to see that the split was
	// steady, where nothing else tells; it is not judged.
	Settling *Settling `json:"settling,omitempty"`
	// Addresses are those of the target that answered, where there are several.
	Addresses []Address `json:"addresses,omitempty"`
	// Mesh is the proxies' own account, where the target can be asked.
	Mesh *Mesh `json:"mesh,omitempty"`

	// Asked is what the check wanted to know, and of what.
	Asked *Asked `json:"asked,omitempty"`
	// Reasons say why the verdict is what it is, the weightiest first; Advice
	// says what would settle it or what to look at next.
	Reasons     []string        `json:"reasons,omitempty" text:"lines"`
	ReasonItems []split.Finding `json:"reason_items,omitempty"`
	Advice      []string        `json:"advice,omitempty"`
	AdviceItems []split.Finding `json:"advice_items,omitempty"`
	// The kinds are in descending order of their counts.
	ErrorsByKind       []Kind `json:"errors_by_kind,omitempty"`
	UnidentifiedByKind []Kind `json:"unidentified_by_kind,omitempty"`
	// ErrorStatuses and UnidentifiedStatuses count those of them that had an
	// HTTP status by it.
	ErrorStatuses        map[int]int64 `json:"error_statuses,omitempty"`
	UnidentifiedStatuses map[int]int64 `json:"unidentified_statuses,omitempty"`
	// Interrupted says that the sample was cut short by the user.
	Interrupted bool `json:"interrupted,omitempty"`
}

// Deciding returns the p-value that the verdict rests on, and what computed it:
// "sequential", "monte-carlo", "exact" or "chi-square".
func (c *Check) Deciding() (p float64, test string, ok bool) {
	switch {
	case c.Sequential != nil:
		p, ok = c.Sequential.PValue.Get()
		return p, "sequential", ok
	case c.Exact != nil && c.Exact.Method == "monte-carlo":
		p, ok = c.Exact.PValue.Get()
		return p, "monte-carlo", ok
	case c.Exact != nil:
		p, ok = c.Exact.PValue.Get()
		return p, "exact", ok
	case c.ChiSquare != nil:
		p, ok = c.ChiSquare.PValue.Get()
		return p, "chi-square", ok
	}
	return 0, "", false
}

// Asked is the question of a check, with every default filled in.
type Asked struct {
	// Request describes each request in words: "GET /version.html through the
	// gateway".
	Request     string         `json:"request,omitempty"`
	RequestItem *split.Finding `json:"request_item,omitempty"`
	// Identify lists the rules that tell the version, in the flags' form.
	Identify []string `json:"identify,omitempty"`
	// PlannedRequests is the size of the sample that the question needs.
	PlannedRequests int64 `json:"planned_requests,omitempty"`
	// Alpha bounds the probability of a wrong verdict of either kind, Power is
	// the least probability of a right one.
	Alpha Number `json:"alpha,omitzero"`
	Power Number `json:"power,omitzero"`
	// Leak is the share of a version of weight zero that must be excluded.
	Leak Number `json:"leak,omitzero"`
	// MaxErrors is the share of errors beyond which nothing was measured.
	MaxErrors Number `json:"max_errors,omitzero"`
	// Rate is in requests per second as asked for, 0 for as fast as it goes.
	Rate Number `json:"rate,omitzero"`
	// Connections is the number in use at once, Reuse the greatest number of
	// requests on one.
	Connections int `json:"connections,omitempty"`
	Reuse       int `json:"reuse,omitempty"`
}

// A Version is one row: the versions that were expected in the order of their
// weights, then unexpected ones by name.
type Version struct {
	Version       string `json:"version"`
	Weight        Number `json:"weight"`
	ExpectedShare Number `json:"expected_share"`
	Margin        Number `json:"margin"`
	Count         int64  `json:"count"`
	// Share is the part of the answers that named any version.
	Share Number `json:"share"`
	// CILow and CIHigh are a 95 % interval, simultaneous over the versions.
	CILow  Number `json:"ci_low"`
	CIHigh Number `json:"ci_high"`
	// ExactCILow and ExactCIHigh are one that holds for the smallest counts too.
	ExactCILow  Number `json:"exact_ci_low,omitzero"`
	ExactCIHigh Number `json:"exact_ci_high,omitzero"`
	// Residual is the standardised Pearson residual.
	Residual Number `json:"residual"`
	// Unexpected marks a version that the weights do not name.
	Unexpected bool `json:"unexpected,omitempty"`
	// LeakBound is the largest share that a version of weight zero without a
	// hit can have, at the check's alpha.
	LeakBound Number `json:"leak_bound,omitzero"`
	// Statuses count the answers by their HTTP status, and Latency says how long
	// they took; absent where that is not known.
	Statuses map[int]int64 `json:"statuses,omitempty"`
	Latency  *Latency      `json:"latency,omitempty"`
}

// A Test is a chi-square or G test. Valid says whether its asymptotic p-value
// can be relied on.
type Test struct {
	Statistic Number `json:"statistic"`
	DF        int    `json:"df"`
	PValue    Number `json:"p_value"`
	Valid     bool   `json:"valid"`
}

// Exact is the exact p-value or its Monte Carlo estimate, which has a number of
// tables drawn and a 99 % interval.
type Exact struct {
	PValue Number `json:"p_value"`
	Method string `json:"method" text:"own"`
	Draws  int64  `json:"draws,omitempty"`
	CILow  Number `json:"ci_low,omitzero"`
	CIHigh Number `json:"ci_high,omitzero"`
}

// Sequential is the state of the sequential test when it stopped.
type Sequential struct {
	LogEValue Number `json:"log_e_value"`
	PValue    Number `json:"p_value"`
}

// Equivalence is the exact test that every share lies within its margin.
// MinMargin is the smallest common margin at which it would have passed.
type Equivalence struct {
	PValue    Number `json:"p_value"`
	MinMargin Number `json:"min_margin"`
}

// Effect measures how far off the split is: Cohen's w, and the share of
// requests that would have to move.
type Effect struct {
	W              Number `json:"w"`
	MisroutedShare Number `json:"misrouted_share"`
}

// Power is the probability with which a split that is off by Margin would
// have been noticed.
type Power struct {
	Achieved Number `json:"achieved"`
	Margin   Number `json:"margin"`
}

// A Gate is one test of an assumption that the main test rests on.
type Gate struct {
	Name      string `json:"name" text:"own"`
	Statistic Number `json:"statistic"`
	DF        int    `json:"df"`
	PValue    Number `json:"p_value"`
	Alpha     Number `json:"alpha"`
	Broken    bool   `json:"broken"`
	// Repair says which setting would restore the assumption; it and what was
	// found are there as data too.
	Repair     string         `json:"repair,omitempty"`
	Found      *split.Finding `json:"found,omitempty"`
	RepairItem *split.Finding `json:"repair_item,omitempty"`
}

// Latency is in milliseconds, over the requests with a complete answer.
type Latency struct {
	P50 Number `json:"p50_ms"`
	P95 Number `json:"p95_ms"`
	P99 Number `json:"p99_ms"`
}

// A Kind counts the requests that came to the same end, with one excerpt.
type Kind struct {
	Kind string `json:"kind"`
	// Item is the kind as data; it is absent for one in somebody else's words.
	Item    *split.Finding `json:"kind_item,omitempty"`
	Count   int64          `json:"count"`
	Example string         `json:"example,omitempty"`
}

// An Address is one of those of the target, and what answered there. Several may
// be several gateways.
type Address struct {
	Address string `json:"address"`
	// Count is the number of answers that named a version, Share their part of
	// all that did, and Versions count them by version.
	Count    int64            `json:"count"`
	Share    Number           `json:"share"`
	Versions map[string]int64 `json:"versions"`
}

// A Settling is the answers before a sample, until two successive windows of them
// agreed or the time was over.
type Settling struct {
	// Settled says that the last two windows agreed.
	Settled bool `json:"settled"`
	// Requests is the number of all of them.
	Requests int64    `json:"requests"`
	Seconds  Number   `json:"seconds"`
	Windows  []Window `json:"windows,omitempty"`
}

// A Window is so many successive answers.
type Window struct {
	Requests     int64            `json:"requests"`
	Errors       int64            `json:"errors"`
	Unidentified int64            `json:"unidentified"`
	Versions     map[string]int64 `json:"versions,omitempty"`
}
