package routing

import (
	"cmp"
	"slices"
	"strings"
)

func isWildcard(host string) bool { return strings.HasPrefix(host, "*") }

// Covers says whether every name of narrow is one of wide
// (istio pkg/config/host/name.go, SubsetOf).
//
//differential:gateway/wildcards
func Covers(wide, narrow string) bool {
	if !isWildcard(wide) {
		return wide == narrow
	}
	if isWildcard(narrow) && len(narrow) < len(wide) {
		return false
	}
	return strings.HasSuffix(strings.TrimPrefix(narrow, "*"), wide[1:])
}

// intersection returns the names that two lists of hosts have in common, each
// as the narrower of the two writes it.
func intersection(a, b []string) []string {
	var common []string
	for _, x := range a {
		for _, y := range b {
			switch {
			case Covers(y, x):
				common = append(common, x)
			case Covers(x, y):
				common = append(common, y)
			}
		}
	}
	slices.SortFunc(common, moreSpecific)
	return slices.Compact(common)
}

// moreSpecific orders host names as they are preferred: exact before wildcard,
// long before short.
func moreSpecific(a, b string) int {
	wild := func(h string) int {
		if isWildcard(h) {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(wild(a), wild(b)), cmp.Compare(len(b), len(a)), strings.Compare(a, b))
}

// A reach says how an object is exported to a namespace. Istio looks at the
// nearer ones first.
//
//differential:virtualservice/export-to
type reach int

const (
	reachPrivate reach = iota // to its own namespace alone
	reachNamed                // to namespaces that it names
	reachPublic               // to all
	reachNone                 // not to this one
)

// exportedTo says how an object of namespace owner reaches namespace client.
func exportedTo(exportTo []string, owner, client string) reach {
	if len(exportTo) == 0 || slices.Contains(exportTo, "*") {
		return reachPublic
	}
	for _, to := range exportTo {
		if (to == "." || to == owner) && owner == client {
			return reachPrivate
		}
	}
	if slices.Contains(exportTo, client) {
		return reachNamed
	}
	return reachNone
}
