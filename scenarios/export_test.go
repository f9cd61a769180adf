package scenarios

import "slices"

// Findings lists the identifiers of all that linting and loading can find, sorted.
func Findings() []string {
	ids := []string{idIdentify, idRefused}
	for _, f := range findings() {
		ids = append(ids, f.id)
	}
	slices.Sort(ids)
	return ids
}
