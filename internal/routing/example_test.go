package routing_test

import (
	"fmt"
	"net/http"

	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/routing"
)

// The table of a client's sidecar, the rule that a request meets, and what there
// is to say about the objects.
func ExampleCompile() {
	objects, _ := manifests.Decode("reviews.yaml", []byte(`
apiVersion: v1
kind: Service
metadata: {name: reviews}
spec: {selector: {app: reviews}, ports: [{port: 9080, name: http}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews}
spec: {host: reviews, subsets: [{name: v1, labels: {version: v1}}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec:
  hosts: [reviews]
  http:
  - route:
    - {destination: {host: reviews, subset: v1}, weight: 90}
    - {destination: {host: reviews, subset: v2}, weight: 10}
`))
	table, list := routing.Compile(objects, routing.Proxy{Name: "productpage-v1-0", Namespace: "default"})
	fmt.Println(list)

	r, _ := http.NewRequest(http.MethodGet, "http://reviews:9080/reviews/0", nil)
	rule := table.Route(9080, r).Rule
	fmt.Println(rule.Source)
	for _, d := range rule.Destinations {
		fmt.Println(d.Cluster.Subset, d.Weight, table.Cluster(d.Cluster) != nil)
	}
	// Output:
	// reviews.yaml:20:37: warning: VirtualService default/reviews: no DestinationRule defines subset "v2" of reviews.default.svc.cluster.local: what is sent there is answered with 503; define the subset before the rule that uses it is applied
	// VirtualService default/reviews, http[0]
	// v1 90 true
	// v2 10 false
}
