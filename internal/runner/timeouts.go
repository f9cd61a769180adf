package runner

import "time"

// Every wait of this room has its bound here, with what is waited for. What a
// step's change and a check's requests may take is the scenario's to say.
const (
	// deployTimeout is for the applications to be deployed and ready.
	deployTimeout = 5 * time.Minute
	// closeTimeout is for what a scenario has brought to be taken away.
	closeTimeout = time.Minute
)
