// Package routing reads VirtualServices, DestinationRules, Gateways, HTTPRoutes
// and Services into one route table for each proxy, as istiod does, and answers
// which rule a request meets. It draws nothing and sends nothing: the choice
// among weighted destinations, the percentages of faults and mirrors, and the
// balancing over pods are the caller's.
package routing

import (
	"regexp"
	"time"

	"github.com/splitcheck/splitcheck/internal/manifests"
)

// A Proxy is whom a table is compiled for.
type Proxy struct {
	// Name is unique ("ingress-1", "frontend-v1-0").
	Name      string
	Namespace string
	Labels    map[string]string
	// Gateway marks a gateway; others are sidecars. A gateway that the
	// Gateway API brought into being carries the name of its object.
	Gateway    bool
	GatewayAPI string // "namespace/name", or empty
	// Service is "namespace/name" of the Service in front of another gateway, to
	// which Gateways of the Gateway API can be handed by their addresses.
	Service string
}

// A Table is what one proxy does with a request. It is immutable and safe for
// concurrent use.
type Table struct {
	gateway   bool
	listeners map[int]*listener
	clusters  map[ClusterName]*Cluster
}

// A Cluster says which pods a ClusterName stands for and how they are balanced.
type Cluster struct {
	Name ClusterName
	// ServiceNamespace and ServiceName name the Kubernetes Service.
	ServiceNamespace, ServiceName string
	// SubsetLabels choose among the pods of the service; nil for all.
	SubsetLabels map[string]string
	Balancer     Balancer
	// HashOn says what a ConsistentHash balancer looks at.
	HashOn   HashOn
	Protocol Protocol
}

// A Protocol is what a sidecar takes a port of a Service for.
type Protocol int

// The protocols, as far as they bear on routes.
const (
	HTTP     Protocol = iota // declared as such
	Detected                 // nothing is declared: it looks at each connection
	TCP                      // declared as something else
)

// A Balancer chooses the pod within a cluster.
type Balancer int

// The balancers. LeastRequest, Envoy's choice of two, is Istio's default.
//
//differential:elsewhere test test/differential/TestClusters
//differential:elsewhere scenario bookinfo-thirds
const (
	LeastRequest Balancer = iota
	RoundRobin
	Random
	ConsistentHash
)

// HashOn is the key of a consistent hash: one of its fields is set.
type HashOn struct {
	Header, Query string
	Cookie        string
	CookieTTL     time.Duration
	SourceIP      bool
}

// A Rule is one entry of a route table.
type Rule struct {
	// Source is the entry that it is compiled of.
	Source manifests.Source

	// One of the next three is set.
	Destinations []Destination
	Redirect     *Redirect
	Direct       *DirectResponse

	Rewrite *Rewrite
	Headers HeaderChanges
	Timeout time.Duration // 0 for none
	Retries Retries
	Delay   *Delay
	Abort   *Abort
	Mirrors []Mirror
}

// A Destination is one arm of a weighted choice. The share of an arm is its
// weight over the sum of the rule's weights; a rule with one destination sends
// everything there. See Rule.Weights.
//
//differential:virtualservice/headers httproute/headers
type Destination struct {
	Cluster ClusterName
	Weight  uint32
	// Status is what is answered instead of forwarding, 0 if nothing: a
	// reference that cannot be resolved answers 500 for its share.
	Status  int
	Headers HeaderChanges
	// Alone marks the only destination that a rule was written with. Istio
	// makes one list of its changes of headers and the rule's, the rule's
	// first; one of several changes headers before the rule does.
	Alone bool
}

// HeaderChanges are applied in the order remove, set, add.
type HeaderChanges struct {
	Request, Response HeaderOps
}

// HeaderOps change one set of headers. Names are canonical, as http.Header has
// them. A Set of "Host" among a destination's request headers replaces the
// request's Host; that of a whole rule is its Rewrite.
type HeaderOps struct {
	Set, Add map[string]string
	Remove   []string
}

// A Redirect answers with a Location; see its method of that name.
type Redirect struct {
	Code                    int
	Scheme, Host            string
	Port                    int
	Path                    string // replaces the whole path, if set
	Prefix, PrefixReplaceBy string // replaces the matched prefix, if Prefix is set
	// KeepPort keeps the port of the request, even if it belongs to another
	// scheme.
	KeepPort bool
}

// A DirectResponse answers without any destination.
type DirectResponse struct {
	Status int
	Body   string
}

// A Rewrite changes the request on its way to a destination; see Apply for the
// path. The fields stand alone: where Path is set it is the whole new path.
type Rewrite struct {
	Host                    string
	Path                    string
	Prefix, PrefixReplaceBy string
	// Regex is replaced wherever it matches in the path, RegexReplaceBy being
	// what regexp.ReplaceAllString takes.
	Regex          *regexp.Regexp
	RegexReplaceBy string
}

// Retries say how often and on what a failed try is repeated, always within
// the destination that was drawn.
//
//differential:virtualservice/faults-and-timeouts
type Retries struct {
	Attempts      int // beyond the first
	PerTryTimeout time.Duration
	// Default says that the object sets no retries: these are Istio's default,
	// which a mesh can replace by its own.
	Default bool
	// On holds Envoy's conditions: "connect-failure", "5xx", "gateway-error",
	// "reset", …; Codes the statuses of "retriable-status-codes".
	On    []string
	Codes []int
}

// A Delay holds a request back before it is forwarded.
type Delay struct {
	Percent  float64 // 0 to 100
	Duration time.Duration
}

// An Abort answers in place of the destination.
type Abort struct {
	Percent float64 // 0 to 100
	Status  int
}

// A Mirror sends a copy whose answer is dropped. The copy's host is the
// request's with "-shadow" appended.
type Mirror struct {
	Cluster ClusterName
	Percent float64 // 0 to 100
}

// A Decision is what a table says about one request.
//
//differential:sidecar/dotted-host gateway/no-virtual-service
type Decision struct {
	// Rule is the rule that the request meets. It is nil where the proxy has
	// no listener or virtual host for the request, or no rule of it matches:
	// Status then says what the proxy answers (404).
	Rule   *Rule
	Status int
	// MatchedPrefix is the path prefix that the rule matched, for rewrites
	// and redirects that replace it.
	MatchedPrefix string
	// Unknown marks a host that the table of a sidecar does not know. Status is
	// then 502, what Istio answers where traffic may not leave the mesh; where
	// it may, as is Istio's default, the request goes to wherever it was sent.
	Unknown bool
	// Opaque marks a connection that a sidecar passes on as it is, without a look
	// at the requests in it.
	Opaque bool
}

// Cluster returns what name stands for, or nil: traffic to it is answered with
// 503.
func (t *Table) Cluster(name ClusterName) *Cluster { return t.clusters[name] }
