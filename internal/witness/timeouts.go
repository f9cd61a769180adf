package witness

import "time"

// Every wait of this room has its bound here, with what is waited for.
const (
	// witnessTimeout is for one question to all proxies. It is not part of a sample:
	// proxies that do not answer in time cost a warning and no verdict.
	witnessTimeout = 30 * time.Second
)
