package loadgen

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/splitcheck/splitcheck/identify"
	"github.com/splitcheck/splitcheck/split"
)

// FirstAnswers is after how many answers, in dispatch order, a sample ends whose
// answers tell nothing: more of the same would tell no more.
const FirstAnswers = 20

// A Fault is why a sample ended with its first answers.
type Fault struct {
	// Rule says that the answers are there and do not name their version: what
	// is asked, or the rule that names it, is at fault. Else the target is.
	Rule bool
	// Reasons say what the answers are like, Advice what to do.
	Reasons, Advice []split.Finding
	why             split.Finding // what a run gives up for
}

// Error implements error; whoever shows it to people words its reasons.
func (f *Fault) Error() string { return f.why.ID }

// An Opening keeps the first answers of a sample, to show one of them and to look
// for a better rule where they tell nothing. The zero value keeps none. It may be
// used by several goroutines.
type Opening struct {
	rules    identify.Rules
	expected []string

	mu   sync.Mutex
	seen map[uint64]identify.Answer
}

// NewOpening returns an empty one. expected are the versions that answers should
// name.
func NewOpening(rules identify.Rules, expected []string) *Opening {
	return &Opening{rules: rules, expected: expected, seen: map[uint64]identify.Answer{}}
}

// mostKept bounds what is kept of a body, in bytes.
const mostKept = 1 << 16

// Keep remembers the answer with this number, if it is one of the first.
func (o *Opening) Keep(number uint64, a identify.Answer) {
	if o == nil || number >= FirstAnswers {
		return
	}
	a.Header = a.Header.Clone()
	a.Body = bytes.Clone(a.Body[:min(len(a.Body), mostKept)])
	o.mu.Lock()
	defer o.mu.Unlock()
	o.seen[number] = a
}

// Fault says why a sample whose first answers are those of t should end with them,
// or nil: one name stands in all that name two, none names anything, or all fail.
// What named nothing is the fault of the rule if it was most of them.
func (o *Opening) Fault(t *split.Tally) *Fault {
	switch two := t.Unidentified[NamesTwo]; {
	case two > 0:
		return o.ambiguous(t, two)
	case t.Hits() > 0:
		return nil
	case 2*t.Unknown() > t.Requests():
		return o.nameless(t)
	default:
		return o.failed(t)
	}
}

func (o *Opening) ambiguous(t *split.Tally, two int64) *Fault {
	var (
		common []string
		shown  *identify.Answer
	)
	all := o.answers()
	for i, a := range all {
		if _, other := o.rules.Names(a); other == "" {
			continue
		}
		names := o.rules.All(a)
		if shown == nil {
			common, shown = names, &all[i]
			continue
		}
		common = slices.DeleteFunc(common, func(name string) bool { return !slices.Contains(names, name) })
	}
	if shown == nil || len(common) == 0 {
		return nil
	}
	f := &Fault{Rule: true}
	f.because("names-two", split.Values{"two": two, "answers": t.Requests(), "common": common, "rule": o.rules.String()})
	f.show(*shown)
	for _, place := range o.rules.Places(*shown) {
		f.because("place-of-version", split.Values{
			"version": place.Version, "where": place.Where,
			"text": oneLine(place.Before + "[" + place.Version + "]" + place.After),
		})
	}
	f.because("rule-at-fault", split.Values{"answers": t.Requests()})
	o.propose(f, all, split.Found("narrow-rule", nil))
	return f
}

func (o *Opening) nameless(t *split.Tally) *Fault {
	f := &Fault{Rule: true}
	f.because("no-version-named", split.Values{"answers": t.Unknown(), "kinds": maps.Clone(t.Unidentified)})
	all := o.answers()
	to := ""
	for i, a := range all {
		if a.Status/100 == 3 && a.Header.Get("Location") != "" {
			to = oneLine(a.Header.Get("Location"))
		}
		if i == 0 {
			f.show(a)
		}
	}
	f.because("rule-at-fault", split.Values{"answers": t.Requests()})
	switch {
	case to != "" && strings.HasPrefix(to, "https://"):
		f.advise("ask-by-https", split.Values{"to": to})
	case to != "":
		f.advise("ask-where-it-leads", split.Values{"to": to})
	default:
		o.propose(f, all, split.Found("look-at-answer", nil))
	}
	return f
}

func (o *Opening) failed(t *split.Tally) *Fault {
	f := &Fault{}
	f.because("nothing-answered", split.Values{"requests": t.Requests(), "kinds": maps.Clone(t.Errors)})
	if len(t.ErrorReplies.Statuses) == 0 {
		kind := commonest(t.Errors)
		f.why = unanswered(split.Found("nothing-answered-at-first", nil), int(t.Requests()), split.Answer{Kind: kind, Example: t.Examples[kind]})
	}
	if all := o.answers(); len(all) > 0 {
		f.show(all[0])
	} else {
		f.because("such-a-failure", split.Values{"text": t.Examples[commonest(t.Errors)]})
	}
	f.because("ended-at-first", split.Values{"answers": t.Requests()})
	switch commonest(t.Errors) {
	case UnknownCertificate:
		f.advise("trust-certificate", nil)
	case OtherCertificate:
		f.advise("ask-for-name", nil)
	default:
		f.advise("check-target", nil)
	}
	return f
}

func (f *Fault) because(id string, values split.Values) {
	f.Reasons = append(f.Reasons, split.Found(id, values))
	if f.why.ID == "" {
		f.why = f.Reasons[0]
	}
}

func (f *Fault) advise(id string, values split.Values) {
	f.Advice = append(f.Advice, split.Found(id, values))
}

// show describes an answer. Only the headers that tell what it is are shown, and
// not, for instance, the cookies that it sets.
func (f *Fault) show(a identify.Answer) {
	status := ""
	if a.Status > 0 {
		status = strings.TrimSpace(fmt.Sprintf("%d %s", a.Status, http.StatusText(a.Status)))
	}
	var headers []string
	for _, name := range []string{"Content-Type", "Content-Encoding", "Location", "Server", "Via"} {
		if value := a.Header.Get(name); value != "" {
			headers = append(headers, name+": "+oneLine(value))
		}
	}
	f.because("such-an-answer", split.Values{"status": status, "headers": headers, "text": oneLine(string(a.Body[:min(len(a.Body), 4*maxExcerpt)]))})
}

// propose advises a better rule, if one is found.
func (o *Opening) propose(f *Fault, all []identify.Answer, otherwise split.Finding) {
	if rule := o.rules.Propose(all, o.expected); rule != "" {
		f.advise("better-rule", split.Values{"rule": rule})
		return
	}
	f.Advice = append(f.Advice, otherwise)
}

// answers are those that were kept, in dispatch order.
func (o *Opening) answers() []identify.Answer {
	if o == nil {
		return nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	var all []identify.Answer
	for _, number := range slices.Sorted(maps.Keys(o.seen)) {
		all = append(all, o.seen[number])
	}
	return all
}

func commonest(kinds map[string]int64) string {
	if len(kinds) == 0 {
		return ""
	}
	return slices.MaxFunc(slices.Sorted(maps.Keys(kinds)), func(a, b string) int { return int(kinds[a] - kinds[b]) })
}
