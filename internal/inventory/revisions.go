package inventory

import (
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/split"
)

// A Revision is one state of an object's spec. The API server counts them, anew
// where the object is deleted and made again: a status, a label or an apply that
// changes nothing makes no new one, and weights that went and came back have made
// two.
type Revision struct {
	UID        types.UID
	Generation int64
}

// RevisionOf is that of an object as the API server returned it.
func RevisionOf(u *unstructured.Unstructured) Revision {
	return Revision{u.GetUID(), u.GetGeneration()}
}

// Changes say what has become of objects, in order of their names.
func Changes(before, after map[manifests.Key]Revision) []split.Finding {
	all := maps.Clone(after)
	maps.Copy(all, before)
	var found []split.Finding
	for _, key := range slices.SortedFunc(maps.Keys(all), func(a, b manifests.Key) int { return strings.Compare(a.String(), b.String()) }) {
		was, known := before[key]
		is, there := after[key]
		object := split.Values{"object": key.String()}
		switch {
		case !there:
			found = append(found, split.Found("object-deleted", object))
		case !known:
			found = append(found, split.Found("object-made", object))
		case was.UID != is.UID:
			found = append(found, split.Found("object-remade", object))
		case was.Generation != is.Generation:
			object["before"], object["after"] = was.Generation, is.Generation
			found = append(found, split.Found("object-changed", object))
		}
	}
	return found
}
