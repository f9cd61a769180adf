package routing

import (
	networking "istio.io/api/networking/v1alpha3"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// Lone says whether a list of destinations, or of backends, has only one, which
// gets everything: a weight has nothing to choose between there.
//
//differential:virtualservice/plain httproute/weights
func Lone[D any](destinations []D) bool { return len(destinations) == 1 }

// Sent says whether requests go to the i-th destination of a VirtualService's rule:
// to the only one whatever its weight, and to none of several without one.
//
//differential:virtualservice/plain virtualservice/zero-sum
func Sent(route []*networking.HTTPRouteDestination, i int) bool {
	return Lone(route) || route[i].GetWeight() > 0
}

// BackendWeight is the weight of a backend: 1 where none is written
// (gateway-api apis/v1/shared_types.go, BackendRef).
func BackendWeight(ref gatewayv1.HTTPBackendRef) int32 { return orDefault(ref.Weight, 1) }

// Weights are those of the destinations, of which the only one has everything,
// whatever is written beside it: it counts as 100.
//
//differential:virtualservice/plain httproute/weights
func (r *Rule) Weights() []float64 {
	if Lone(r.Destinations) {
		return []float64{100}
	}
	weights := make([]float64, len(r.Destinations))
	for i, d := range r.Destinations {
		weights[i] = float64(d.Weight)
	}
	return weights
}
