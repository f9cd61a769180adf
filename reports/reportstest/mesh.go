package reportstest

import (
	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/reports"
	"github.com/splitcheck/splitcheck/split"
)

// account is that of a proxy which splits as it is told, with weights that the
// rule does not ask for.
func account() *reports.Mesh {
	row := func(version string, configured, programmed float64, observed, counted float64) reports.Destination {
		return reports.Destination{
			Version: version, ConfiguredShare: reports.Num(configured), ProgrammedShare: reports.Num(programmed),
			Observed: reports.Num(observed), ObservedShare: reports.Num(observed / 1908),
			Counted: reports.Num(counted), CountedShare: reports.Num(counted / 1917), Failed: reports.Num(counted - observed),
		}
	}
	return &reports.Mesh{
		Rule: "VirtualService default/reviews, http[0]", Host: "reviews.default.svc.cluster.local",
		MistakeIn: reports.InControlPlane,
		Destinations: []reports.Destination{
			row("v1", 0.9, 0.7, 1338, 1340), row("v2", 0.1, 0.3, 570, 577),
		},
		Proxies: []reports.Proxy{{
			Name: "productpage-v1-7d5f-x2x4z.default", Counted: reports.Num(1917),
			Programmed: []reports.Programmed{{Version: "v1", Share: reports.Num(0.7)}, {Version: "v2", Share: reports.Num(0.3)}},
		}},
		NoteItems: []split.Finding{split.Found("proxies-sent-more", split.Values{"version": "v2", "sent": 577, "named": 570, "failed": 7})},
	}
}

func onKind(c reports.Check) *reports.Report {
	r := OneCheck(c)
	r.Target = reports.Target{Kind: "kind", Context: "kind-splitcheck", Versions: map[string]string{"istio": "1.31.1"}}
	r.Finish()
	return r
}

// kindVerified is what a real mesh looks like that does as it is told.
func kindVerified() *reports.Report {
	c := Good("everyone")
	c.Mesh = &reports.Mesh{
		Rule: "VirtualService default/canary, http[0]", Host: "canary.default.svc.cluster.local",
		Destinations: []reports.Destination{
			{Version: "v1", ConfiguredShare: reports.Num(0.9), ProgrammedShare: reports.Num(0.9), Observed: reports.Num(1724),
				ObservedShare: reports.Num(0.89792), Counted: reports.Num(1724), CountedShare: reports.Num(0.89792), Failed: reports.Num(0)},
			{Version: "v2", ConfiguredShare: reports.Num(0.1), ProgrammedShare: reports.Num(0.1), Observed: reports.Num(196),
				ObservedShare: reports.Num(0.10208), Counted: reports.Num(196), CountedShare: reports.Num(0.10208), Failed: reports.Num(0)},
		},
		Proxies: []reports.Proxy{{Name: "istio-ingressgateway-6d5f-x2x4z.istio-system", Counted: reports.Num(1920),
			Programmed: []reports.Programmed{{Version: "v1", Share: reports.Num(0.9)}, {Version: "v2", Share: reports.Num(0.1)}}}},
	}
	return onKind(c)
}

func kindViolated() *reports.Report {
	c := Bad("everyone")
	c.Mesh = account()
	return onKind(c)
}

// kindStuck is a change that one of two gateways never took, in the cluster's
// words, which take several lines.
func kindStuck() *reports.Report {
	detail := "istio-ingressgateway-b.istio-system does not carry VirtualService default/canary\n" +
		"  pod istio-ingressgateway-b: Running, not ready\n" +
		"  event: Readiness probe failed: HTTP probe failed with statuscode: 503\n" +
		"  log: warning envoy config\tgRPC config for RouteConfiguration rejected"
	c := reports.Unmeasured("everyone", analysis.NotConverged, reports.Measurement{
		Plan: question,
		Mesh: &reports.Mesh{
			Rule: "VirtualService default/canary, http[0]", MistakeIn: reports.InControlPlane,
			Destinations: []reports.Destination{
				{Version: "v1", ConfiguredShare: reports.Num(0.9)}, {Version: "v2", ConfiguredShare: reports.Num(0.1)},
			},
			Proxies: []reports.Proxy{
				{Name: "istio-ingressgateway-a.istio-system", Programmed: []reports.Programmed{{Version: "v1", Share: reports.Num(0.9)}, {Version: "v2", Share: reports.Num(0.1)}}},
				{Name: "istio-ingressgateway-b.istio-system", Programmed: []reports.Programmed{{Version: "v1", Share: reports.Num(1)}}},
			},
		},
	}, split.Text(detail))
	r := onKind(c)
	said := split.Text(detail)
	r.Scenarios[0].Steps[0].Convergence = &reports.Convergence{
		Seconds: reports.Num(60), DetailItem: &said,
		Proxies: []reports.ProxyState{
			{Name: "istio-ingressgateway-a.istio-system", Seconds: reports.Num(0.4), Converged: true},
			{Name: "istio-ingressgateway-b.istio-system", Seconds: reports.Num(60), Detail: "it was last programmed at 12:00:03"},
		},
	}
	r.Finish()
	return r
}
