package reports

import (
	"github.com/splitcheck/splitcheck/reports/words"
	"github.com/splitcheck/splitcheck/split"
)

// word fills in the English sentences of everything that was found, whose values
// become what they are in a report that was read. Those sentences that
// are there already stay: a saved report keeps the sentences that it has, and
// one from before there were findings has nothing else.
func (r *Report) word() {
	wordAll(&r.Warnings, r.WarningItems)
	for i := range r.Scenarios {
		s := &r.Scenarios[i]
		wordAll(&s.Warnings, s.WarningItems)
		wordOne(&s.Failure, s.FailureItem)
		for j := range s.Steps {
			step := &s.Steps[j]
			wordAll(&step.Warnings, step.WarningItems)
			wordOne(&step.Failure, step.FailureItem)
			if live := step.Convergence; live != nil {
				wordOne(&live.Detail, live.DetailItem)
				for k := range live.Proxies {
					wordOne(&live.Proxies[k].Detail, live.Proxies[k].DetailItem)
				}
			}
			for k := range step.Checks {
				step.Checks[k].word()
			}
		}
	}
}

func (c *Check) word() {
	for _, list := range [][]Kind{c.ErrorsByKind, c.UnidentifiedByKind} {
		for i := range list {
			wordOne(&list[i].Kind, list[i].Item)
		}
	}
	if c.Asked != nil {
		wordOne(&c.Asked.Request, c.Asked.RequestItem)
	}
	wordAll(&c.Diagnosis, c.Causes)
	wordAll(&c.Warnings, c.WarningItems)
	wordAll(&c.Reasons, c.ReasonItems)
	wordAll(&c.Advice, c.AdviceItems)
	for i := range c.Gates {
		wordOne(&c.Gates[i].Repair, c.Gates[i].RepairItem)
		if found := c.Gates[i].Found; found != nil {
			*found = found.AsRead()
		}
	}
	if c.Mesh != nil {
		wordAll(&c.Mesh.Notes, c.Mesh.NoteItems)
	}
}

func wordAll(sentences *[]string, found []split.Finding) {
	for i := range found {
		found[i] = found[i].AsRead()
	}
	if len(*sentences) == 0 {
		*sentences = words.All(found)
	}
}

func wordOne(sentence *string, found *split.Finding) {
	if found == nil {
		return
	}
	*found = found.AsRead()
	if *sentence == "" {
		*sentence = words.English(*found)
	}
}
