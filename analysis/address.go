package analysis

import (
	"maps"
	"slices"

	"github.com/splitcheck/splitcheck/split"
)

// addressesTell reports whether the hits came from two addresses at least, and
// none had more of a version than there are.
func addressesTell(t *split.Tally) bool {
	sums := map[string]int64{}
	for _, row := range t.Addresses.Hits {
		for version, n := range row {
			if sums[version] += n; n < 0 || sums[version] > t.Versions[version] {
				return false
			}
		}
	}
	return len(t.Addresses.Hits) > 1
}

// addressGate asks whether all addresses of the target split alike: each may be a
// gateway of its own, and one of them may carry other weights. Their total says
// nothing of what a client meets who is led to one of them. It compares each
// address with all others, as placeGate does.
func addressGate(t *split.Tally, alpha float64) Gate {
	versions := versionsSeen(t)
	addresses := slices.Sorted(maps.Keys(t.Addresses.Hits))
	var groups [][]float64
	for _, address := range addresses {
		row := make([]float64, len(versions))
		for i, version := range versions {
			row[i] = float64(t.Addresses.Hits[address][version])
		}
		groups = append(groups, row)
	}
	found := apart(groups)
	result := Gate{DF: len(versions) - 1, PValue: found.p, Alpha: alpha, Statistic: found.statistic}
	if result.PValue <= alpha {
		result.brokenBy("gate-address", "repair-address", split.Values{
			"address": addresses[found.group], "version": versions[found.version], "answers": found.size,
			"there": found.share, "elsewhere": found.elsewhere,
		})
	}
	return result
}
