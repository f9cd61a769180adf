package scenarios

import "time"

// What a scenario leaves unsaid of its waits, and the bound of this room's own.
const (
	// defaultSettle is for a step's change to be live, where the step does not
	// say `settle.timeout`.
	defaultSettle = 60 * time.Second
	// longest is the most that a scenario may allow for a change or an answer.
	longest = time.Hour
	// askTimeout is for an application to answer in this process, while a
	// scenario is looked through.
	askTimeout = 10 * time.Second
)
