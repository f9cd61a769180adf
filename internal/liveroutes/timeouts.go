package liveroutes

import "time"

// Every wait of this room has its bound here, with what is waited for.
const (
	// readTimeout is for the cluster to list what routes depend on.
	readTimeout = 30 * time.Second
	// lookTimeout is for one proxy to say what it carries.
	lookTimeout = 10 * time.Second
	// pollInterval is the pause between two looks at the proxies.
	pollInterval = 200 * time.Millisecond
)
