package liveroutes

import (
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/splitcheck/splitcheck/internal/routing"
)

// names says what answers are taken to call each destination. Different
// destinations share a name only where the user gave it to each of them: two that
// merely happen to be called alike would be one version, and its share right
// whatever becomes of the split.
func (v *view) names(q Question, source string, destinations []routing.Destination) ([]string, error) {
	ways := make([][]string, len(destinations))
	for i, d := range destinations {
		ways[i] = v.ways(d)
	}
	names, given := make([]string, len(destinations)), make([]bool, len(destinations))
	for i := range names {
		names[i] = ways[i][0]
	}
	for _, way := range slices.Sorted(maps.Keys(q.Names)) {
		var found []int
		for i, d := range destinations {
			if slices.Contains(ways[i], way) && !slices.ContainsFunc(found, func(j int) bool { return same(d, destinations[j]) }) {
				found = append(found, i)
			}
		}
		switch len(found) {
		case 0:
			return nil, mistakef("--name %s=…: %s has no destination %s; its destinations are %s", way, source, way, strings.Join(names, ", "))
		case 1:
			for i, d := range destinations {
				if same(d, destinations[found[0]]) {
					names[i], given[i] = q.Names[way], true
				}
			}
		default:
			return nil, mistakef("--name %s=…: %s has several destinations that are called %s; write %s", way, source, way, apart(ways, found))
		}
	}
	for i, d := range destinations {
		for j := range i {
			if names[i] == names[j] && !same(d, destinations[j]) && !(given[i] && given[j]) {
				both := []int{j, i}
				return nil, mistakef("%s sends to several destinations that are called %s, and answers of that name would not tell them apart: say what they call each, with --name for %s; give both one name if they are to count as one",
					source, names[i], apart(ways, both))
			}
		}
	}
	return names, nil
}

// same reports whether two destinations are the same pods, on whatever port.
func same(a, b routing.Destination) bool {
	return a.Cluster.Host == b.Cluster.Host && a.Cluster.Subset == b.Cluster.Subset
}

// ways are the ways in which --name may call a destination, the shortest first,
// which is its own name: its subset, else the version label that its Service
// selects by, else the Service; then with the Service and the namespace before it.
func (v *view) ways(d routing.Destination) []string {
	host, subset := d.Cluster.Host, d.Cluster.Subset
	namespace, service := d.Cluster.Service()
	if subset != "" {
		return []string{subset, service + "/" + subset, namespace + "/" + service + "/" + subset, host + "/" + subset}
	}
	ways := []string{service, namespace + "/" + service, host}
	for _, o := range v.objects {
		s, ok := o.Value.(*corev1.Service)
		if ok && s.Name == service && s.Namespace == namespace && s.Spec.Selector["version"] != "" {
			return append([]string{s.Spec.Selector["version"]}, ways...)
		}
	}
	return ways
}

// apart writes destinations in the shortest of their ways that no other of them
// has.
func apart(ways [][]string, these []int) string {
	var words []string
	for _, i := range these {
		at := slices.IndexFunc(ways[i], func(way string) bool {
			return !slices.ContainsFunc(these, func(j int) bool { return j != i && slices.Contains(ways[j], way) })
		})
		words = append(words, ways[i][max(at, 0)])
	}
	return strings.Join(words, " and ")
}
