package split_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/splitcheck/splitcheck/split"
)

// A key is what reports have always said; the finding beside it has the same.
func TestKinds(t *testing.T) {
	for key, want := range map[string]split.Finding{
		"timeout":                   split.Found("kind-timeout", nil),
		"status 503":                split.Found("kind-status", split.Values{"status": int64(503)}),
		"no marker in a 200 answer": split.Found("kind-no-marker", split.Values{"status": int64(200)}),
		"no marker in a 200 answer, of which 1048576 bytes were read": split.Found("kind-no-marker-read",
			split.Values{"status": int64(200), "bytes": int64(1 << 20)}),
		"body encoded with br, which is not decoded": split.Found("kind-not-decoded", split.Values{"encoding": "br"}),
		"context deadline exceeded in my own test":   split.Text("context deadline exceeded in my own test"),
		"status 503 or so":                           split.Text("status 503 or so"),
	} {
		assert.Equal(t, want, split.KindFound(key), key)
	}
	assert.Equal(t, "status 503", split.Kind("kind-status", 503))
	assert.Panics(t, func() { split.Kind("kind-of-tomorrow") })
}
