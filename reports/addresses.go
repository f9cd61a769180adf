package reports

import (
	"maps"
	"slices"

	"github.com/splitcheck/splitcheck/split"
)

// addressesOf are the addresses that answered, if they are several: of one there
// is nothing to compare.
func addressesOf(t *split.Tally) []Address {
	if len(t.Addresses.Hits) < 2 {
		return nil
	}
	var list []Address
	for _, address := range slices.Sorted(maps.Keys(t.Addresses.Hits)) {
		a := Address{Address: address, Versions: maps.Clone(t.Addresses.Hits[address])}
		for _, n := range a.Versions {
			a.Count += n
		}
		a.Share = Num(float64(a.Count) / float64(t.Hits()))
		list = append(list, a)
	}
	return list
}
