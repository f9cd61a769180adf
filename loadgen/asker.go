package loadgen

import (
	"context"

	"github.com/splitcheck/splitcheck/identify"
	"github.com/splitcheck/splitcheck/split"
)

// An Asker is what load is put on: anything that can be asked once and tells
// which version answered. HTTP is one. It is asked from several goroutines at a
// time.
type Asker interface {
	// Ask makes the request with this number, the place in dispatch order from
	// 0, and returns what it came to. It fills in all of the answer but Number
	// and Latency, which the run does; an Error without a Status says that
	// nothing answered at all. It returns soon after ctx has ended, and asks
	// once: what was asked and not answered is an Error, whatever a second try
	// would say. Those that were lost because a used connection was closed are
	// counted by Lost, if the Asker has a method
	//
	//	Lost() int64
	//
	// Addresses of the target that could not be reached while others could are
	// reported if it has a method that returns them with the reasons
	//
	//	Unasked() map[string]string
	//
	// It is asked whether the first answers tell enough to go on, if it has a
	// method
	//
	//	Fault(first *split.Tally) *Fault
	Ask(ctx context.Context, number uint64) split.Answer
}

// An Opener opens what asks by a request: it leads to what load is put on, and
// knows alone whether that is asked over HTTP or otherwise.
type Opener interface {
	// Open makes ready, with a login if the request has one; ctx bounds that alone.
	// The error says what cannot be asked, or that the login has failed.
	Open(ctx context.Context, request Request) (Asker, error)
}

// First are the first answers that are complete, in dispatch order and decoded, with
// a body of at most 64 KiB each; none of an Asker that keeps none.
func First(asker Asker) []identify.Answer {
	if keeps, ok := asker.(interface{ First() []identify.Answer }); ok {
		return keeps.First()
	}
	return nil
}

// Hide returns a text that came of an Asker's answer without what its requests prove
// their sender by; as it is for an Asker that keeps no such thing.
func Hide(asker Asker, text string) string {
	if knows, ok := asker.(interface{ Hide(string) string }); ok {
		return knows.Hide(text)
	}
	return text
}

// lost is how many requests an Asker has lost on used connections.
func lost(what any) int64 {
	if counts, ok := what.(interface{ Lost() int64 }); ok {
		return counts.Lost()
	}
	return 0
}

// unasked is what of an Asker's target could not be reached.
func unasked(what any) map[string]string {
	if knows, ok := what.(interface{ Unasked() map[string]string }); ok {
		return knows.Unasked()
	}
	return nil
}

// faultOf is why a sample with these first answers should end, or nil. Of an Asker
// that does not say, only the counts are known.
func faultOf(what any, first *split.Tally) *Fault {
	if knows, ok := what.(interface{ Fault(*split.Tally) *Fault }); ok {
		return knows.Fault(first)
	}
	return (*Opening)(nil).Fault(first)
}
