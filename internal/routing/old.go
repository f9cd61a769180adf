package routing

import networking "istio.io/api/networking/v1alpha3"

// Istio has replaced some fields and still reads them, as users still write them.
//
//differential:elsewhere uncompared fields that others have replaced

// delayPercent is the share of requests that are delayed, in percent.
//
//differential:elsewhere uncompared fields that others have replaced
func delayPercent(d *networking.HTTPFaultInjection_Delay) float64 {
	if p := d.GetPercentage(); p != nil {
		return fraction(p.GetValue())
	}
	//lint:ignore SA1019 Old, and read by istiod where percentage is absent.
	return fraction(float64(d.GetPercent()))
}

// mirrorPercent is the share of requests that go to an HTTPRoute's mirror, in
// percent: all of them where nothing is said.
//
//differential:virtualservice/mirrors
//differential:elsewhere uncompared fields that others have replaced
func mirrorPercent(in *networking.HTTPRoute) float64 {
	if p := in.GetMirrorPercentage(); p != nil {
		return fraction(p.GetValue())
	}
	//lint:ignore SA1019 Old, and read by istiod where mirrorPercentage is absent.
	if p := in.GetMirrorPercent(); p != nil {
		return fraction(float64(p.GetValue()))
	}
	return 100
}

// inheritMirrorPercent gives leaf the share of root where it has none.
//
//differential:elsewhere uncompared fields that others have replaced
func inheritMirrorPercent(leaf, root *networking.HTTPRoute) {
	if leaf.MirrorPercentage == nil {
		leaf.MirrorPercentage = root.MirrorPercentage
	}
	//lint:ignore SA1019 Old, and inherited by istiod's merging of delegates.
	if leaf.MirrorPercent == nil {
		//lint:ignore SA1019 As above.
		leaf.MirrorPercent = root.MirrorPercent
	}
}
