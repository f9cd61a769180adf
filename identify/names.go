package identify

import (
	"bytes"
	"maps"
	"sync"
	"sync/atomic"
	"unicode"
	"unicode/utf8"
)

const (
	// maxVersion is the maximum length of a version in bytes. A longer one
	// means that a regular expression matched more than it should.
	maxVersion = 128
	// maxNames limits how many versions a rule remembers. Otherwise a rule that
	// captures something different from every answer would fill the memory.
	maxNames = 256
)

// names turns equal bytes into the same string, so a million answers of two
// versions make only two strings. Reading takes no lock.
type names struct {
	known atomic.Pointer[map[string]string]
	mu    sync.Mutex
}

// name returns the version that b spells, or false if b is not a version.
func (n *names) name(b []byte) (string, bool) {
	b = bytes.TrimSpace(b)
	if known := n.known.Load(); known != nil {
		if version, ok := (*known)[string(b)]; ok {
			return version, true
		}
	}
	if !isVersion(b) {
		return "", false
	}
	return n.remember(string(b)), true
}

func (n *names) remember(version string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	next := map[string]string{}
	if known := n.known.Load(); known != nil {
		if len(*known) >= maxNames {
			return version
		}
		if _, ok := (*known)[version]; ok {
			return version
		}
		next = maps.Clone(*known)
	}
	next[version] = version
	n.known.Store(&next)
	return version
}

func isVersion(b []byte) bool {
	if len(b) == 0 || len(b) > maxVersion || !utf8.Valid(b) {
		return false
	}
	return bytes.IndexFunc(b, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
}
