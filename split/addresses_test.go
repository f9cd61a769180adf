package split_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/splitcheck/splitcheck/split"
)

func TestHitsAreCountedByAddress(t *testing.T) {
	var first, second split.Tally
	first.Add(split.Answer{Address: "10.0.0.1:80", Version: "v1"})
	first.Add(split.Answer{Address: "10.0.0.2:80", Version: "v2"})
	first.Add(split.Answer{Address: "10.0.0.2:80", Outcome: split.Error, Kind: "timeout"})
	first.Add(split.Answer{Version: "v1"})
	second.Add(split.Answer{Address: "10.0.0.2:80", Version: "v2"})
	first.Merge(&second)
	assert.Equal(t, map[string]map[string]int64{"10.0.0.1:80": {"v1": 1}, "10.0.0.2:80": {"v2": 2}}, first.Addresses.Hits)
}

func TestAddressesAreBounded(t *testing.T) {
	var tally split.Tally
	for i := range 1000 {
		tally.Add(split.Answer{Address: fmt.Sprint(i), Version: "v1"})
	}
	assert.Len(t, tally.Addresses.Hits, 65)
	assert.EqualValues(t, 936, tally.Addresses.Hits[split.OtherAddresses]["v1"])
}
