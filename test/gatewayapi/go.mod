// A module of its own, so that nobody who uses splitcheck gets the conformance
// suite of the Gateway API with it.
module github.com/splitcheck/splitcheck/test/gatewayapi

go 1.26.0

replace github.com/splitcheck/splitcheck => ../..

// The suite's go.mod names a version that its own replace stands for.
replace sigs.k8s.io/gateway-api v0.0.0-00010101000000-000000000000 => sigs.k8s.io/gateway-api v1.6.3

require (
	github.com/splitcheck/splitcheck v0.0.0-00010101000000-000000000000
	sigs.k8s.io/gateway-api/conformance v1.6.3
)

require (
	golang.org/x/sync v0.22.0 // indirect
	gonum.org/v1/gonum v0.17.0 // indirect
)
