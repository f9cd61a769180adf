package analysis

import (
	"slices"

	"github.com/splitcheck/splitcheck/split"
)

// placesTell reports whether the places of hits within their connections are
// known of every hit, and there are two of them at least.
func placesTell(t *split.Tally) bool {
	places := 0
	for version, hits := range t.Connections.Places {
		var sum int64
		for _, n := range hits {
			if n < 0 {
				return false
			}
			sum += n
		}
		if sum != t.Versions[version] {
			return false
		}
		places = max(places, len(hits))
	}
	return places > 1 && len(t.Connections.Places) == len(versionsSeen(t))
}

// placeGate asks whether a version depends on how many requests the connection
// has carried before: on the first one, say, which some gateways route before they
// know enough. A client with connections of another length would see another
// split. Given the counts of all, the hits on a version at one place are
// hypergeometric; the p-value is the smallest over places, versions and
// directions, times their number. The statistic is the chi-square of versions at
// the place that shows most and elsewhere.
func placeGate(t *split.Tally, alpha float64) Gate {
	versions := versionsSeen(t)
	groups := map[string][]float64{}
	most := 0
	for _, version := range versions {
		for _, n := range t.Connections.Places[version] {
			groups[version] = append(groups[version], float64(n))
		}
		most = max(most, len(groups[version]))
	}
	var places [][]float64 // hits by version, at each place
	for place := range most {
		row := make([]float64, len(versions))
		for i, version := range versions {
			if place < len(groups[version]) {
				row[i] = groups[version][place]
			}
		}
		places = append(places, row)
	}
	found := apart(places)
	result := Gate{DF: len(versions) - 1, PValue: found.p, Alpha: alpha, Statistic: found.statistic}
	if result.PValue <= alpha {
		result.brokenBy("gate-place", "repair-place", split.Values{
			"place": found.group + 1, "version": versions[found.version], "answers": found.size,
			"there": found.share, "elsewhere": found.elsewhere,
		})
	}
	return result
}

// A difference is the group of hits whose versions differ most from those of all
// others.
type difference struct {
	p                      float64
	group, version         int
	size, share, elsewhere float64
	statistic              float64
}

// apart compares each group of hits with all the others, one version at a time,
// by the hypergeometric distribution. groups have the hits of each version.
func apart(groups [][]float64) difference {
	versions := len(groups[0])
	counts := make([]float64, versions)
	for _, row := range groups {
		for i, n := range row {
			counts[i] += n
		}
	}
	all := total(counts)
	groups = slices.Clone(groups)
	asked, compared := versions, 0.
	if asked == 2 {
		asked = 1 // what one has more, the other has less
	}
	for _, row := range groups {
		if n := total(row); n > 0 && n < all {
			compared++
		}
	}
	if compared == 2 && len(groups) == 2 {
		compared = 1
	}
	d := difference{p: 1}
	for g, row := range groups {
		n := total(row)
		if n == 0 || n == all {
			continue
		}
		for i := range asked {
			h := hypergeometric{population: all, marked: counts[i], draws: n}
			p := min(1, 2*compared*float64(asked)*min(h.upper(row[i]), h.lower(row[i])))
			if p < d.p {
				d.p, d.group = p, g
			}
		}
	}
	row := groups[d.group]
	d.size = total(row)
	most := -1.
	for i, x := range row {
		if expected := d.size * counts[i] / all; expected > 0 && d.size < all {
			difference := x - expected
			d.statistic += difference*difference/expected + difference*difference/(counts[i]-expected)
		}
		share, elsewhere := x/d.size, (counts[i]-x)/(all-d.size)
		if abs(share-elsewhere) > most {
			most = abs(share - elsewhere)
			d.version, d.share, d.elsewhere = i, share, elsewhere
		}
	}
	return d
}
