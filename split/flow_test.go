package split

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
)

// A request is admitted while it is less than Window ahead of the oldest that has
// no answer, and its sender's context ends the wait.
func TestFlowAdmits(t *testing.T) {
	f := NewFlow(Ordered{Tally: &Tally{}})
	assert.True(t, f.Admit(t.Context(), Window-1))
	ended, end := context.WithCancel(t.Context())
	end()
	assert.False(t, f.Admit(ended, Window))
	f.Add(Answer{Number: 1}, true) // It waits for number 0.
	assert.False(t, f.Admit(ended, Window))
	f.Add(Answer{Number: 0}, true)
	assert.True(t, f.Admit(t.Context(), Window+1))
	assert.EqualValues(t, 2, f.Added())
}

// Beyond a look nothing is sent while one before it has no answer.
func TestFlowStopsForALook(t *testing.T) {
	f := NewFlow(Ordered{Tally: &Tally{}})
	f.Looks = []int64{2, 4}
	ended, end := context.WithCancel(t.Context())
	end()
	assert.True(t, f.Admit(ended, 1))
	assert.False(t, f.Admit(ended, 2))
	f.Add(Answer{Number: 1}, true)
	assert.False(t, f.Admit(ended, 3))
	f.Add(Answer{Number: 0}, true)
	assert.True(t, f.Admit(ended, 2))
	assert.True(t, f.Admit(ended, 3))
	assert.False(t, f.Admit(ended, 4))
}

// What decides a sample ends it: nothing is sent after it, though whoever is to end
// the sample has not done so yet.
func TestNothingIsSentAfterTheAnswerThatDecides(t *testing.T) {
	f := NewFlow(Ordered{Tally: &Tally{}, Stop: func(tally *Tally, _ Answer) bool { return tally.Requests() == 2 }})
	f.Looks = []int64{2}
	f.Add(Answer{Number: 0}, true)
	assert.True(t, f.Admit(t.Context(), 1))
	f.Add(Answer{Number: 1}, true)
	assert.False(t, f.Admit(t.Context(), 2))
}

func TestFlowGivesUp(t *testing.T) {
	f := NewFlow(Ordered{Tally: &Tally{}})
	number := uint64(0)
	add := func(something bool) (int, bool) {
		number++
		return f.Add(Answer{Number: number - 1}, something)
	}
	for range SilentStart - 1 {
		silent, _ := add(false)
		assert.Zero(t, silent)
	}
	silent, all := add(false)
	assert.Equal(t, SilentStart, silent)
	assert.True(t, all, "nothing has ever come")
	add(true)
	for range SilentRun - 1 {
		silent, _ = add(false)
		assert.Zero(t, silent)
	}
	silent, all = add(false)
	assert.Equal(t, SilentRun, silent)
	assert.False(t, all)
}
