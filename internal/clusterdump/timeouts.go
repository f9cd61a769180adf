package clusterdump

import "time"

// Nothing here waits longer than this for any answer; the archive names what
// did not arrive.
const (
	// partTimeout is for one question: a list of objects, the end of a log, one
	// of a proxy's tables.
	partTimeout = 15 * time.Second
	// wholeTimeout is for all of them, on a cluster where each is slow.
	wholeTimeout = 4 * time.Minute
)
