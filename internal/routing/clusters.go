package routing

import (
	"slices"

	networking "istio.io/api/networking/v1alpha3"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"

	"github.com/splitcheck/splitcheck/internal/istio"
)

// A destinationRule is what the DestinationRules of one host and namespace make
// together.
type destinationRule struct {
	host    string
	policy  *networking.TrafficPolicy
	subsets []*networking.Subset
}

// compileClusters makes the clusters of every service: one for each port, and
// one more for each port and subset.
func (c *compiler) compileClusters() {
	for _, o := range c.destinationRules {
		c.checkDestinationRule(o)
	}
	merged := c.mergeDestinationRules()
	for _, s := range c.services {
		rule := c.destinationRuleFor(s, merged)
		for _, p := range s.ports {
			c.addCluster(s, p, "", nil, rule.policy, nil)
			for _, subset := range rule.subsets {
				c.addCluster(s, p, subset.GetName(), subset.GetLabels(), rule.policy, subset.GetTrafficPolicy())
			}
		}
	}
}

func (c *compiler) addCluster(s *service, port servicePort, subset string, labels map[string]string, policy, override *networking.TrafficPolicy) {
	cluster := &Cluster{
		Name:             ClusterName{Host: s.host, Port: port.number, Subset: subset},
		ServiceNamespace: s.namespace,
		ServiceName:      s.name,
		Protocol:         port.protocol,
	}
	if len(labels) > 0 {
		cluster.SubsetLabels = labels
	}
	settings := policyFor(policy, port.number)
	if override != nil {
		// A subset's own policy replaces the rule's field by field.
		if own := policyFor(override, port.number); own != nil {
			settings = own
		}
	}
	cluster.Balancer, cluster.HashOn = balancer(settings)
	c.table.clusters[cluster.Name] = cluster
}

// policyFor returns the balancer that a policy sets for a port. Settings of a
// port replace those of the policy whole, even where they name no balancer
// (istio pilot/pkg/networking/util, MergeTrafficPolicy).
//
//differential:elsewhere test test/differential/TestClusters
func policyFor(policy *networking.TrafficPolicy, port int) *networking.LoadBalancerSettings {
	for _, p := range policy.GetPortLevelSettings() {
		if int(p.GetPort().GetNumber()) == port {
			if lb := p.GetLoadBalancer(); lb != nil {
				return lb
			}
			return &networking.LoadBalancerSettings{}
		}
	}
	return policy.GetLoadBalancer()
}

// balancer is the one of settings, with what it hashes on.
//
//differential:elsewhere test test/differential/TestClusters
//differential:elsewhere uncompared consistent hashes
func balancer(settings *networking.LoadBalancerSettings) (Balancer, HashOn) {
	if hash := settings.GetConsistentHash(); hash != nil {
		on := HashOn{
			Header:   hash.GetHttpHeaderName(),
			Query:    hash.GetHttpQueryParameterName(),
			SourceIP: hash.GetUseSourceIp(),
		}
		if cookie := hash.GetHttpCookie(); cookie != nil {
			on.Cookie = cookie.GetName()
			on.CookieTTL = cookie.GetTtl().AsDuration()
		}
		if on == (HashOn{}) {
			// Without a key Envoy has no hash and picks at random.
			return Random, on
		}
		return ConsistentHash, on
	}
	switch settings.GetSimple() {
	case networking.LoadBalancerSettings_ROUND_ROBIN:
		return RoundRobin, HashOn{}
	case networking.LoadBalancerSettings_RANDOM:
		return Random, HashOn{}
	}
	return LeastRequest, HashOn{}
}

// mergedRules are destination rules by namespace.
type mergedRules struct {
	// exported are those that the proxy's namespace may see, private those that
	// no other may.
	exported, private map[string][]*destinationRule
}

// mergeDestinationRules puts together the rules of one host and namespace: the
// oldest one's policy stands, and subsets of new names are added
// (istio pilot/pkg/model/destination_rule.go, mergeDestinationRule).
//
//differential:virtualservice/destination-rules
func (c *compiler) mergeDestinationRules() mergedRules {
	m := mergedRules{exported: map[string][]*destinationRule{}, private: map[string][]*destinationRule{}}
	for _, o := range c.destinationRules {
		if !c.selects(o) {
			continue
		}
		switch exportedTo(o.value.Spec.GetExportTo(), o.Namespace, c.proxy.Namespace) {
		case reachNone:
			continue
		case reachPrivate:
			c.merge(m.private, o, false)
		}
		c.merge(m.exported, o, true)
	}
	return m
}

// selects says whether a rule with a workload selector is meant for the proxy.
func (c *compiler) selects(o object[*networkingv1.DestinationRule]) bool {
	selector := o.value.Spec.GetWorkloadSelector()
	return selector == nil || o.Namespace == c.proxy.Namespace && Selects(selector.GetMatchLabels(), c.proxy.Labels)
}

func (c *compiler) merge(into map[string][]*destinationRule, o object[*networkingv1.DestinationRule], report bool) {
	spec := &o.value.Spec
	host := FullHost(spec.GetHost(), o.Namespace)
	i := slices.IndexFunc(into[o.Namespace], func(r *destinationRule) bool { return r.host == host })
	if i < 0 {
		i = len(into[o.Namespace])
		into[o.Namespace] = append(into[o.Namespace], &destinationRule{host: host})
	}
	rule := into[o.Namespace][i]
	if rule.policy == nil {
		rule.policy = spec.GetTrafficPolicy()
	}
	older := len(rule.subsets)
	for j, subset := range spec.GetSubsets() {
		known := slices.IndexFunc(rule.subsets, func(s *networking.Subset) bool { return s.GetName() == subset.GetName() })
		if known < 0 {
			rule.subsets = append(rule.subsets, subset)
		} else if report && known < older {
			c.warn(o.Object, at("spec.subsets", j, "name"),
				"subset "+quote(subset.GetName())+" of "+host+" is defined before; the first definition stands",
				"give the subset another name, or remove one of the two")
		}
	}
}

// destinationRuleFor looks where istiod does: in the proxy's namespace, the
// service's, the root's; the first that has a rule for the host ends the search
// (istio pilot/pkg/model/push_context.go, destinationRule).
//
//differential:virtualservice/destination-rules virtualservice/export-to
func (c *compiler) destinationRuleFor(s *service, m mergedRules) *destinationRule {
	near := m.exported[c.proxy.Namespace]
	if c.proxy.Namespace == istio.Namespace {
		// A gateway in the root namespace must not take the rules of the whole
		// mesh for its own before it has asked the service's namespace.
		near = m.private[istio.Namespace]
	}
	for _, rules := range [][]*destinationRule{near, m.exported[s.namespace], m.exported[istio.Namespace]} {
		if rule := mostSpecific(rules, s.host); rule != nil {
			return rule
		}
	}
	return &destinationRule{}
}

func mostSpecific(rules []*destinationRule, host string) *destinationRule {
	var best *destinationRule
	for _, r := range rules {
		if r.host == host {
			return r
		}
		if isWildcard(r.host) && Covers(r.host, host) && (best == nil || len(r.host) > len(best.host)) {
			best = r
		}
	}
	return best
}
