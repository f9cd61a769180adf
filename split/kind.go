package split

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Errors and unidentified answers are counted by kind. A kind is a key, the same
// in every report and every language: "timeout", "status 503". What a reader sees
// is worded by the finding that belongs to it.

// kinds are all keys that have words, with the ids of these. Numbers and names
// stand in their places.
var kinds = []kind{
	{"kind-timeout", "timeout", nil},
	{"kind-refused", "connection refused", nil},
	{"kind-reset", "connection reset", nil},
	{"kind-no-such-host", "no such host", nil},
	{"kind-lookup-failed", "name lookup failed", nil},
	{"kind-tls", "TLS", nil},
	{"kind-unknown-certificate", "unknown certificate", nil},
	{"kind-other-certificate", "certificate for another name", nil},
	{"kind-expired-certificate", "expired certificate", nil},
	{"kind-broken-compression", "broken compression", nil},
	{"kind-not-http", "not HTTP", nil},
	{"kind-cut-short", "answer cut short", nil},
	{"kind-closed", "connection closed without an answer", nil},
	{"kind-headers-too-long", "headers too long", nil},
	{"kind-unreachable", "network unreachable", nil},
	{"kind-too-many-files", "too many open files", nil},
	{"kind-no-local-port", "no free local port", nil},
	{"kind-no-answer", "no answer", nil},
	{"kind-status", "status %d", []string{"status"}},
	{"kind-redirect", "redirect to another place", nil},
	{"kind-names-two", "names two versions", nil},
	{"kind-no-marker", "no marker in a %d answer", []string{"status"}},
	{"kind-no-marker-read", "no marker in a %d answer, of which %d bytes were read", []string{"status", "bytes"}},
	{"kind-without-marker", "%d without a marker", []string{"status"}},
	{"kind-without-marker-read", "%d without a marker, of which %d bytes were read", []string{"status", "bytes"}},
	{"kind-names-two-read", "names two versions, of which %d bytes were read", []string{"bytes"}},
	{"kind-redirect-read", "redirect to another place, of which %d bytes were read", []string{"bytes"}},
	{"kind-encoded-twice", "body encoded more than once, which is not decoded", nil},
	{"kind-unknown-encoding", "body with an unknown encoding", nil},
	{"kind-not-decoded", "body encoded with %s, which is not decoded", []string{"encoding"}},
	{"kind-broken-body", "broken %s body", []string{"encoding"}},
	{"kind-too-many-versions", "more than %d different versions", []string{"versions"}},
	{"kind-in-flight", "still in flight when the run ended", nil},
	{"kind-denied", "denied by the proxies", nil},
	{"kind-no-marker-recorded", "no marker in a recorded answer", nil},
	{"kind-inside-word", "a version inside a longer word", nil},
	{"kind-simulated", "simulated", nil},
}

type kind struct {
	id, key string
	values  []string
}

// Kind returns the key of a kind, with its numbers and names in their places.
func Kind(id string, values ...any) string {
	for _, k := range kinds {
		if k.id == id {
			return fmt.Sprintf(k.key, values...)
		}
	}
	panic("there is no kind " + id)
}

// KindFound returns the finding of a key. One that is not of the list, such as an
// error in a user's own test, is a text.
func KindFound(key string) Finding {
	for i, k := range kinds {
		if key == k.key {
			return Found(k.id, nil)
		}
		if len(k.values) == 0 {
			continue
		}
		places := keyPatterns[i].FindStringSubmatch(key)
		if places == nil {
			continue
		}
		values := Values{}
		for j, name := range k.values {
			values[name] = places[j+1]
			if n, err := strconv.ParseInt(places[j+1], 10, 64); err == nil {
				values[name] = n
			}
		}
		return Found(k.id, values)
	}
	return Text(key)
}

// keyPatterns read what Kind has written, by their places in kinds.
var keyPatterns = func() []*regexp.Regexp {
	patterns := make([]*regexp.Regexp, len(kinds))
	for i, k := range kinds {
		pattern := strings.NewReplacer("%d", `(\d+)`, "%s", `(\S+)`).Replace(regexp.QuoteMeta(k.key))
		patterns[i] = regexp.MustCompile("^" + pattern + "$")
	}
	return patterns
}()
