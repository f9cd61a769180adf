package inventory

import (
	"cmp"
	"strings"
	"time"

	"github.com/splitcheck/splitcheck/internal/manifests"
)

// Older compares two objects of one cluster by when they were made, the older
// first, in the order in which istiod looks at them. Kubernetes keeps whole
// seconds; those of one second stand in order of name, then of namespace
// (istio pilot/pkg/model/config.go, sortConfigByCreationTime), HTTPRoutes in order
// of namespace and name (Gateway API, HTTPRouteRule.matches).
//
//differential:gateway/merged sidecar/older-wins httproute/several-routes
func Older(a manifests.Key, made time.Time, b manifests.Key, other time.Time) int {
	if a.Kind == "HTTPRoute" && b.Kind == "HTTPRoute" {
		return cmp.Or(made.Compare(other), strings.Compare(a.Namespace+"/"+a.Name, b.Namespace+"/"+b.Name))
	}
	return cmp.Or(made.Compare(other), strings.Compare(a.Name, b.Name), strings.Compare(a.Namespace, b.Namespace))
}
