package routing_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/problems"
	"github.com/splitcheck/splitcheck/internal/routing"
)

// What Istio's validation refuses (istio pkg/config/validation/validation.go and
// its tests).
func TestWhatIstioRefuses(t *testing.T) {
	const to = "route: [{destination: {host: reviews}}]"
	for rule, want := range map[string]string{
		"{name: x}":                         "the rule sends nowhere",
		"{" + to + ", redirect: {uri: /x}}": "the rule has both route and redirect",
		"{redirect: {uri: /x}, directResponse: {status: 200}}":                             "the rule has both redirect and directResponse",
		"{" + to + ", delegate: {name: x}}":                                                "the rule has both route and delegate",
		"{redirect: {uri: /x}, rewrite: {uri: /y}}":                                        "a rule that answers by itself cannot rewrite",
		"{redirect: {redirectCode: 301}}":                                                  "the redirect leads back to where it came from",
		"{redirect: {uri: /x, redirectCode: 304}}":                                         "Istio cannot redirect with 304",
		"{directResponse: {status: 99}}":                                                   "99 is not a status that can be answered",
		"{" + to + ", rewrite: {}}":                                                        "the rewrite changes nothing",
		"{" + to + ", fault: {}}":                                                          "the fault has neither delay nor abort",
		"{" + to + ", fault: {abort: {httpStatus: 500, percentage: {value: 101}}}}":        "101 is not a percentage that Envoy can keep to",
		"{" + to + ", fault: {abort: {httpStatus: 5000, percentage: {value: 1}}}}":         "5000 is not a status that can be answered",
		"{" + to + ", mirror: {host: reviews}, mirrorPercentage: {value: -1}}":             "-1 is not a percentage that Envoy can keep to",
		"{" + to + ", mirror: {host: reviews}, mirrors: [{destination: {host: reviews}}]}": "there are both mirror and mirrors",
		"{" + to + ", retries: {attempts: -1}}":                                            "the number of attempts, -1, is negative",
		"{" + to + ", retries: {attempts: 0, retryOn: 5xx}}":                               "attempts is 0, which switches retries off, and the rest says how to retry",
		"{" + to + ", retries: {attempts: 1, retryOn: 'always'}}":                          `"always" is not a condition on which Envoy retries`,
		"{match: [{uri: {regex: '('}}], " + to + "}":                                       "\"(\" is not a regular expression: error parsing regexp: missing closing ): `(`",
		"{match: [{uri: {regex: 'a)(b'}}], " + to + "}":                                    "\"a)(b\" is not a regular expression: error parsing regexp: unexpected ): `a)(b`",
		"{match: [{uri: {regex: '*'}}], " + to + "}":                                       `"*" is not a regular expression`,
		// Seen refused by Istio 1.31 on a kind cluster.
		"{match: [{headers: {x: {regex: '*'}}}], " + to + "}":                `"*" is not a regular expression`,
		"{match: [{queryParams: {x: {regex: '*'}}}], " + to + "}":            `"*" is not a regular expression`,
		"{match: [{uri: {exact: /a}}], redirect: {prefixRewrite: /b}}":       "there is no prefix to replace, because the rule matches otherwise",
		"{timeout: 0.0001s, " + to + "}":                                     "100µs is less than a millisecond",
		"{" + to + ", rewrite: {uriRegexRewrite: {match: '[', rewrite: x}}}": "\"[\" is not a regular expression: error parsing regexp: missing closing ]: `[`",
	} {
		_, list := compileWith(t, client, bookinfo, reviewsRules("  - "+rule))
		assert.Equal(t, []string{"error VirtualService default/reviews: " + want}, messages(list.Errors()), rule)
	}
}

func TestWhatIstioRefusesOfAnObject(t *testing.T) {
	vs := func(spec string) string {
		return "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: reviews}\nspec: " + spec
	}
	for document, want := range map[string]string{
		vs("{hosts: [reviews]}"): "VirtualService default/reviews: there is no rule",
		vs("{hosts: ['*'], http: [{directResponse: {status: 200}}]}"):                              "VirtualService default/reviews: the host * stands for everything, which only a gateway may serve",
		vs("{gateways: [mesh], http: [{directResponse: {status: 200}}]}"):                          "VirtualService default/reviews: there are gateways but no hosts",
		vs("{hosts: [reviews, details, reviews], http: [{directResponse: {status: 200}}]}"):        `VirtualService default/reviews: the host "reviews" is there twice`,
		vs("{hosts: ['a.example.com', '*.example.com'], http: [{directResponse: {status: 200}}]}"): `VirtualService default/reviews: the hosts "a.example.com" and "*.example.com" overlap`,
		destinationRule("d", "default", "{host: details, subsets: [{name: v1}, {name: v1}]}"):      `DestinationRule default/d: the subset "v1" is there twice`,
		destinationRule("d", "default", "{host: details, subsets: [{name: V_1}]}"):                 `DestinationRule default/d: the subset's name "V_1" is not a DNS label`,
	} {
		_, list := compileWith(t, client, bookinfo, document)
		assert.Equal(t, []string{"error " + want}, messages(list.Errors()), document)
	}
}

// Nothing that is left out is left out in silence.
func TestWhatIsNotInterpretedIsNamed(t *testing.T) {
	const rest = " is not interpreted: the simulated mesh ignores it"
	vs := "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: v}\nspec:\n  hosts: [details]\n"
	for document, want := range map[string]string{
		vs + "  tcp: [{route: [{destination: {host: details}}]}]":                                                                              "VirtualService default/v: a route of TCP connections" + rest,
		vs + "  tls: [{match: [{sniHosts: [details]}], route: [{destination: {host: details}}]}]":                                              "VirtualService default/v: a route of TLS connections" + rest,
		vs + "  http: [{corsPolicy: {allowMethods: [GET]}, route: [{destination: {host: details}}]}]":                                          "VirtualService default/v: corsPolicy" + rest,
		vs + "  http: [{match: [{headers: {'@request.auth.claims.sub': {exact: a}}}], route: [{destination: {host: details}}]}]":               `VirtualService default/v: claims of tokens are not interpreted: a rule that asks for "@request.auth.claims.sub" never matches here`,
		vs + "  http: [{match: [{headers: {uri: {exact: a}}}], route: [{destination: {host: details}}]}]":                                      `VirtualService default/v: "uri" among headers asks for a header of that name`,
		destinationRule("d", "default", "{host: details, trafficPolicy: {outlierDetection: {consecutive5xxErrors: 1}}}"):                       "DestinationRule default/d: outlierDetection, which ejects failing pods," + rest,
		destinationRule("d", "default", "{host: detials}"):                                                                                     `DestinationRule default/d: the host "detials" names no Service: the rule has no effect`,
		destinationRule("d", "default", "{host: details, subsets: [{name: v1, trafficPolicy: {connectionPool: {tcp: {maxConnections: 1}}}}]}"): "DestinationRule default/d: connectionPool, which turns away what is above its limits" + rest,
	} {
		_, list := compileWith(t, client, bookinfo, document)
		assert.Equal(t, []string{"warning " + want}, messages(list), document)
	}
}

// A problem stands where the user's mistake stands, and is said once, however
// many listeners there are.
func TestProblemsHaveTheirPlace(t *testing.T) {
	objects, _ := manifests.Decode("reviews.yaml", []byte(`
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: reviews
spec:
  hosts:
  - reviews
  - example.com
  http:
  - route:
    - destination:
        host: reviews
        subset: v9
      weight: 90
    - destination: {host: reviews, subset: v1}
      weight: -1
`))
	_, list := routing.Compile(append(decode(t, bookinfo), objects...), client)
	require.Len(t, list, 2)
	assert.Equal(t, problems.Problem{
		File: "reviews.yaml", Line: 14, Column: 9,
		Message: `VirtualService default/reviews: no DestinationRule defines subset "v9" of reviews.default.svc.cluster.local: what is sent there is answered with 503`,
		Hint:    "define the subset before the rule that uses it is applied", Warning: true,
	}, list[0])
	assert.Equal(t, problems.Problem{
		File: "reviews.yaml", Line: 17, Column: 7, Message: "VirtualService default/reviews: the weight -1 is negative", Hint: "weights are 0 or more",
	}, list[1])
	assert.Error(t, list.Err())
}
