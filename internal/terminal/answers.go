package terminal

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/splitcheck/splitcheck/reports"
	"github.com/splitcheck/splitcheck/split"
)

// statuses writes the HTTP statuses of versions whose answers were not all
// successes. A version that is a status says it by its name.
func (t *text) statuses(c *reports.Check) {
	var lines []string
	for _, v := range c.Versions {
		failed := false
		var parts []string
		for _, status := range slices.Sorted(maps.Keys(v.Statuses)) {
			failed = failed || status/100 != 2
			parts = append(parts, fmt.Sprintf("%s × %d", count(v.Statuses[status]), status))
		}
		if failed && v.Version != fmt.Sprint(singleStatus(v.Statuses)) {
			lines = append(lines, clip(v.Version, longName)+" "+strings.Join(parts, t.word("comma")))
		}
	}
	t.list("label-statuses", lines)
}

// singleStatus is the only one, 0 if there are several.
func singleStatus(statuses map[int]int64) int {
	if len(statuses) != 1 {
		return 0
	}
	for status := range statuses {
		return status
	}
	return 0
}

// addresses writes what each of several addresses of the target answered.
func (t *text) addresses(c *reports.Check) {
	d := decimals(c.Versions)
	var lines []string
	for _, a := range c.Addresses {
		var versions []string
		for _, version := range slices.Sorted(maps.Keys(a.Versions)) {
			share := float64(a.Versions[version]) / float64(max(a.Count, 1))
			versions = append(versions, clip(version, longName)+" "+t.percent(share, d))
		}
		lines = append(lines, t.word("address", split.Values{
			"address": a.Address, "share": t.percent(a.Share.Or(0), d), "versions": versions,
		}))
	}
	t.list("label-addresses", lines)
}

// list writes lines below each other, of many the first.
func (t *text) list(label string, lines []string) {
	const shown = 5
	for i, line := range lines {
		if i == shown && !t.Verbose {
			t.say("", t.word("more-rows", split.Values{"count": len(lines) - shown}))
			return
		}
		t.say(label, line)
		label = ""
	}
}
