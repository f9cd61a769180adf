package reports

import (
	"cmp"
	"slices"
	"time"
)

// A Timeline says when what a step has changed came into effect, in seconds
// since the step began to apply it.
type Timeline struct {
	// AppliedSeconds is when every object of the step had been accepted.
	AppliedSeconds Number `json:"applied_seconds,omitzero"`
	// Programmed are the proxies that were seen to carry the change, in the
	// order in which they were.
	Programmed []ProgrammedAt `json:"programmed,omitempty"`
	// FirstAnswers are the versions in the order of their first answer to a
	// check of the step.
	FirstAnswers []FirstAnswer `json:"first_answers,omitempty"`
}

// ProgrammedAt is when a proxy was first seen to carry the change.
type ProgrammedAt struct {
	// Name is the pod's and its namespace's.
	Name    string `json:"name"`
	Seconds Number `json:"seconds"`
}

// A FirstAnswer is when a version first answered.
type FirstAnswer struct {
	Version string `json:"version"`
	Seconds Number `json:"seconds"`
}

// Answered notes when versions first answered a check that began to send after
// so long. Where a version has answered before, that stays.
func (t *Timeline) Answered(after time.Duration, first map[string]time.Duration) {
	for version, took := range first {
		known := slices.ContainsFunc(t.FirstAnswers, func(f FirstAnswer) bool { return f.Version == version })
		if !known {
			t.FirstAnswers = append(t.FirstAnswers, FirstAnswer{version, Num((after + took).Seconds())})
		}
	}
	slices.SortFunc(t.FirstAnswers, func(a, b FirstAnswer) int {
		return cmp.Or(cmp.Compare(a.Seconds.Or(0), b.Seconds.Or(0)), cmp.Compare(a.Version, b.Version))
	})
}
