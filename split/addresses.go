package split

import (
	"maps"
	"slices"
)

// mostAddresses is how many addresses are told apart. All further ones are
// counted as one, OtherAddresses: a client has few, and memory must not grow with
// the number of answers.
const mostAddresses = 64

// OtherAddresses is what hits are counted under when there are too many addresses
// to tell them apart.
const OtherAddresses = "other addresses"

// Addresses counts hits by the address that answered and by version. Hits of
// which the address is not known are not in it.
type Addresses struct {
	// Hits[a][v] counts the hits on version v that address a answered.
	Hits map[string]map[string]int64 `json:"hits,omitempty"`
}

// IsZero reports whether no address is known.
func (a Addresses) IsZero() bool { return len(a.Hits) == 0 }

func (a *Addresses) add(address, version string) {
	if address != "" {
		a.bump(address, version, 1)
	}
}

func (a *Addresses) bump(address, version string, by int64) {
	row := a.Hits[address]
	if row == nil {
		if len(a.Hits) >= mostAddresses {
			address = OtherAddresses
		}
		if a.Hits == nil {
			a.Hits = map[string]map[string]int64{}
		}
		if row = a.Hits[address]; row == nil {
			row = map[string]int64{}
			a.Hits[address] = row
		}
	}
	row[version] += by
}

// merge takes the addresses in their order, so that those that are told apart do
// not depend on the order of a map.
func (a *Addresses) merge(other Addresses) {
	for _, address := range slices.Sorted(maps.Keys(other.Hits)) {
		for version, n := range other.Hits[address] {
			a.bump(address, version, n)
		}
	}
}
