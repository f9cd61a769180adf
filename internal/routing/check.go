package routing

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	networking "istio.io/api/networking/v1alpha3"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/splitcheck/splitcheck/internal/istio"
)

// The checks of this file are those of Istio's validation that bear on where a
// request goes (istio pkg/config/validation/validation.go), and a word on what
// this package does not interpret.
//
//differential:virtualservice/refused-no-action

// checkVirtualService refuses a VirtualService for its hosts and gateways as Istio does.
//
//differential:virtualservice/refused-no-hosts virtualservice/refused-star-mesh virtualservice/refused-host-twice virtualservice/refused-hosts-overlap virtualservice/refused-no-rule sidecar/two-names
func (c *compiler) checkVirtualService(o object[*networkingv1.VirtualService]) {
	spec := &o.value.Spec
	mesh := len(spec.GetGateways()) == 0 || slices.Contains(spec.GetGateways(), MeshGateway)
	if len(spec.GetHosts()) == 0 && len(spec.GetGateways()) > 0 {
		c.refuse(o.Object, "spec", "there are gateways but no hosts", `name the hosts, such as hosts: ["*"]`)
	}
	for i, h := range spec.GetHosts() {
		full := FullHost(h, o.Namespace)
		if h == "*" && mesh {
			c.refuse(o.Object, at("spec.hosts", i), "the host * stands for everything, which only a gateway may serve", "name gateways without mesh, or the host itself")
		}
		for _, before := range spec.GetHosts()[:i] {
			switch {
			case before == h:
				c.refuse(o.Object, at("spec.hosts", i), "the host "+quote(h)+" is there twice", "remove one")
			case Covers(before, h) || Covers(h, before):
				c.refuse(o.Object, at("spec.hosts", i), "the hosts "+quote(before)+" and "+quote(h)+" overlap", "keep the wider one, or write two VirtualServices")
			case FullHost(before, o.Namespace) == full:
				c.warn(o.Object, at("spec.hosts", i), "the hosts "+quote(before)+" and "+quote(h)+" are one", "remove one")
			}
		}
		if mesh && strings.Contains(h, ".") && !isWildcard(h) && c.serviceOf[full] == nil {
			if s := c.serviceOf[strings.TrimSuffix(full, ".svc")+"."+istio.ServiceDomain]; s != nil {
				c.warn(o.Object, at("spec.hosts", i), "a host with dots is used unchanged, so "+quote(h)+" is not "+s.object.String(), "write "+s.host)
			}
		}
	}
	for i, g := range spec.GetGateways() {
		if g != MeshGateway && !c.hasGateway(FullGateway(g, o.Namespace)) {
			c.warn(o.Object, at("spec.gateways", i), "there is no Gateway "+FullGateway(g, o.Namespace)+": no gateway takes these rules", "apply the Gateway, or name it with its namespace")
		}
	}
	if len(spec.GetTcp()) > 0 {
		c.uninterpreted(o.Object, "spec.tcp", "a route of TCP connections")
	}
	if len(spec.GetTls()) > 0 {
		c.uninterpreted(o.Object, "spec.tls", "a route of TLS connections")
	}
	if len(spec.GetHttp())+len(spec.GetTcp())+len(spec.GetTls()) == 0 {
		c.refuse(o.Object, "spec", "there is no rule", "add http: with a route")
	}
	for i, http := range spec.GetHttp() {
		c.checkRule(entry{http: http, object: o.Object, path: at("spec.http", i), namespace: o.Namespace})
	}
}

func (c *compiler) hasGateway(name string) bool {
	return slices.ContainsFunc(c.gateways, func(o object[*networkingv1.Gateway]) bool { return o.Namespace+"/"+o.Name == name })
}

// checkRule refuses a rule for what it does, and does not do, as Istio does.
//
//differential:virtualservice/refused-both-actions virtualservice/refused-no-action virtualservice/refused-no-host virtualservice/refused-empty-match virtualservice/refused-redirect-prefix virtualservice/refused-redirect-prefix-alone virtualservice/refused-rewrite-both virtualservice/refused-rewrite-empty virtualservice/refused-direct-status virtualservice/refused-mirror-both
func (c *compiler) checkRule(e entry) {
	in := e.http
	var actions []string
	for _, a := range []struct {
		name string
		set  bool
	}{
		{"route", len(in.GetRoute()) > 0},
		{"redirect", in.GetRedirect() != nil},
		{"directResponse", in.GetDirectResponse() != nil},
		{"delegate", in.GetDelegate() != nil},
	} {
		if a.set {
			actions = append(actions, a.name)
		}
	}
	switch {
	case len(actions) == 0:
		c.refuse(e.object, e.path, "the rule sends nowhere", "add a route, a redirect, a directResponse or a delegate")
	case len(actions) > 1:
		c.refuse(e.object, e.path, "the rule has both "+strings.Join(actions, " and "), "keep one of them")
	}
	if in.GetRedirect() != nil || in.GetDirectResponse() != nil {
		if in.GetRewrite() != nil {
			c.refuse(e.object, e.path+".rewrite", "a rule that answers by itself cannot rewrite", "remove the rewrite")
		}
		if in.GetFault() != nil {
			c.refuse(e.object, e.path+".fault", "a rule that answers by itself cannot inject faults", "remove the fault")
		}
	}
	if in.GetMirror() != nil && len(in.GetMirrors()) > 0 {
		c.refuse(e.object, e.path+".mirrors", "there are both mirror and mirrors", "keep mirrors")
	}
	if in.GetCorsPolicy() != nil {
		c.uninterpreted(e.object, e.path+".corsPolicy", "corsPolicy")
	}
	c.checkWeights(e)
	c.checkChanges(e)
	c.checkRetries(e)
	c.checkPercents(e)
	c.checkDuration(e, e.http.GetTimeout(), ".timeout")
	c.checkDuration(e, e.http.GetRetries().GetPerTryTimeout(), ".retries.perTryTimeout")
	c.checkDuration(e, e.http.GetFault().GetDelay().GetFixedDelay(), ".fault.delay.fixedDelay")
}

// checkDuration refuses what the definitions of the cluster's resources do: a
// duration is at least a millisecond.
//
//differential:virtualservice/refused-timeout
func (c *compiler) checkDuration(e entry, d *durationpb.Duration, path string) {
	if d != nil && d.AsDuration() < time.Millisecond {
		c.refuse(e.object, e.path+path, d.AsDuration().String()+" is less than a millisecond", "write 1ms or more, or leave it out")
	}
}

// checkWeights refuses, as Istio does, negative weights, and those that sum to 0.
//
//differential:virtualservice/refused-negative-weight virtualservice/refused-over-100 virtualservice/zero-sum
func (c *compiler) checkWeights(e entry) {
	destinations := e.http.GetRoute()
	var sum int64
	for i, d := range destinations {
		path := at(e.path+".route", i)
		if d.GetDestination().GetHost() == "" {
			c.refuse(e.object, path, "the destination has no host", "write destination: {host: SERVICE}")
		}
		if w := d.GetWeight(); w < 0 {
			c.refuse(e.object, path+".weight", fmt.Sprintf("the weight %d is negative", w), "weights are 0 or more")
		} else {
			sum += int64(w)
		}
	}
	switch {
	case len(destinations) > 1 && sum == 0:
		c.refuse(e.object, e.path+".route", "total destination weight = 0: several destinations, and none has a weight", "give at least one destination a weight above 0")
	case sum > math.MaxUint32:
		c.refuse(e.object, e.path+".route", fmt.Sprintf("the weights sum to %d, more than Envoy takes (%d)", sum, uint32(math.MaxUint32)), "use smaller weights of the same proportion")
	}
}

// checkChanges refuses, as Istio does, changes of paths and hosts that change
// nothing, or the same thing twice.
//
//differential:virtualservice/refused-authority-twice virtualservice/refused-rewrite-both virtualservice/refused-redirect-prefix
func (c *compiler) checkChanges(e entry) {
	authorities := 0
	if e.http.GetRewrite().GetAuthority() != "" {
		authorities++
	}
	for _, headers := range []map[string]string{e.http.GetHeaders().GetRequest().GetSet(), e.http.GetHeaders().GetRequest().GetAdd()} {
		for name := range headers {
			if isAuthority(name) {
				authorities++
			}
		}
	}
	if authorities > 1 {
		c.refuse(e.object, e.path, "the rule sets the request's host more than once", "keep rewrite.authority, or one of the headers Host and :authority")
	}
	if w := e.http.GetRewrite(); w != nil {
		regex := w.GetUriRegexRewrite() != nil
		if w.GetUri() == "" && w.GetAuthority() == "" && !regex {
			c.refuse(e.object, e.path+".rewrite", "the rewrite changes nothing", "name uri, authority or uriRegexRewrite")
		}
		if w.GetUri() != "" && regex {
			c.refuse(e.object, e.path+".rewrite", "there are both uri and uriRegexRewrite", "keep one of them")
		}
	}
	if rd := e.http.GetRedirect(); rd != nil {
		if rd.GetUri() == "" && rd.GetAuthority() == "" && rd.GetPrefixRewrite() == "" && rd.GetRedirectPort() == nil && rd.GetScheme() == "" {
			c.refuse(e.object, e.path+".redirect", "the redirect leads back to where it came from", "name uri, authority, port or scheme")
		}
		if rd.GetPrefixRewrite() != "" && slices.ContainsFunc(e.http.GetMatch(), func(m *networking.HTTPMatchRequest) bool {
			return m.GetUri() != nil && m.GetUri().GetPrefix() == ""
		}) {
			c.refuse(e.object, e.path+".redirect.prefixRewrite", "there is no prefix to replace, because the rule matches otherwise", "match uri by prefix, or redirect to uri")
		}
		if rd.GetUri() != "" && rd.GetPrefixRewrite() != "" {
			c.refuse(e.object, e.path+".redirect", "there are both uri and prefixRewrite", "keep one of them")
		}
	}
	if d := e.http.GetDirectResponse(); d != nil && (d.GetStatus() < 200 || d.GetStatus() > 599) {
		c.refuse(e.object, e.path+".directResponse.status", fmt.Sprintf("%d is not a status that can be answered", d.GetStatus()), "use 200 to 599")
	}
}

// retryConditions are the words of retryOn, beside numbers: Envoy's
// x-envoy-retry-on and x-envoy-retry-grpc-on.
//
//differential:virtualservice/refused-retry-on virtualservice/refused-retries
var retryConditions = []string{
	"5xx", "gateway-error", "reset", "reset-before-request", "connect-failure", "envoy-ratelimited", "retriable-4xx",
	"refused-stream", "retriable-status-codes", "retriable-headers", "http3-post-connect-failure",
	"cancelled", "deadline-exceeded", "internal", "resource-exhausted", "unavailable",
}

func (c *compiler) checkRetries(e entry) {
	in := e.http.GetRetries()
	if in == nil {
		return
	}
	path := e.path + ".retries"
	switch {
	case in.GetAttempts() < 0:
		c.refuse(e.object, path+".attempts", fmt.Sprintf("the number of attempts, %d, is negative", in.GetAttempts()), "0 switches retries off")
	case in.GetAttempts() == 0 && (in.GetRetryOn() != "" || in.GetPerTryTimeout() != nil):
		c.refuse(e.object, path, "attempts is 0, which switches retries off, and the rest says how to retry", "set attempts, or remove the rest")
	}
	on, _ := retryOn(in.GetRetryOn())
	for _, word := range on {
		if !slices.Contains(retryConditions, word) {
			c.refuse(e.object, path+".retryOn", quote(word)+" is not a condition on which Envoy retries", "use statuses and "+strings.Join(retryConditions[:7], ", ")+" and the like")
		}
	}
}

// checkPercents refuses, as Istio does, faults without a share, a kind or a status, and beside a redirect.
//
//differential:virtualservice/refused-abort-status virtualservice/refused-fault-empty virtualservice/refused-fault-percent virtualservice/refused-fault-redirect
func (c *compiler) checkPercents(e entry) {
	check := func(p *networking.Percent, path string) {
		if v := p.GetValue(); v < 0 || v > 100 || v > 0 && v < 0.0001 || math.IsNaN(v) {
			c.refuse(e.object, path, fmt.Sprintf("%v is not a percentage that Envoy can keep to", v), "use 0, or 0.0001 to 100")
		}
	}
	if f := e.http.GetFault(); f != nil {
		if f.GetDelay() == nil && f.GetAbort() == nil {
			c.refuse(e.object, e.path+".fault", "the fault has neither delay nor abort", "add one, or remove the fault")
		}
		check(f.GetDelay().GetPercentage(), e.path+".fault.delay.percentage.value")
		check(f.GetAbort().GetPercentage(), e.path+".fault.abort.percentage.value")
		if f.GetDelay() != nil && f.GetDelay().GetPercentage() == nil && delayPercent(f.GetDelay()) == 0 {
			c.warn(e.object, e.path+".fault.delay", "a delay without percentage is never injected", "add percentage: {value: 100}")
		}
		if f.GetAbort() != nil && f.GetAbort().GetPercentage() == nil {
			c.warn(e.object, e.path+".fault.abort", "an abort without percentage is never injected", "add percentage: {value: 100}")
		}
		if f.GetAbort() != nil && f.GetAbort().GetErrorType() != nil {
			if a, ok := f.GetAbort().GetErrorType().(*networking.HTTPFaultInjection_Abort_HttpStatus); ok && (a.HttpStatus < 200 || a.HttpStatus > 599) {
				c.refuse(e.object, e.path+".fault.abort.httpStatus", fmt.Sprintf("%d is not a status that can be answered", a.HttpStatus), "use 200 to 599")
			}
		}
	}
	check(e.http.GetMirrorPercentage(), e.path+".mirrorPercentage.value")
	for i, m := range e.http.GetMirrors() {
		check(m.GetPercentage(), at(e.path+".mirrors", i, "percentage.value"))
	}
}

func (c *compiler) checkDestinationRule(o object[*networkingv1.DestinationRule]) {
	spec := &o.value.Spec
	full := FullHost(spec.GetHost(), o.Namespace)
	switch {
	case full == "":
		c.refuse(o.Object, "spec", "there is no host", "name the Service")
	case !isWildcard(full) && c.serviceOf[full] == nil:
		c.warn(o.Object, "spec.host", "the host "+quote(spec.GetHost())+" names no Service: the rule has no effect", deploy(full))
	}
	c.checkPolicy(o, spec.GetTrafficPolicy(), "spec.trafficPolicy")
	seen := map[string]bool{}
	for i, s := range spec.GetSubsets() {
		path := at("spec.subsets", i)
		if len(validation.IsDNS1123Label(s.GetName())) > 0 {
			c.refuse(o.Object, path+".name", "the subset's name "+quote(s.GetName())+" is not a DNS label", "use lower-case letters, digits and dashes")
		}
		if seen[s.GetName()] {
			c.refuse(o.Object, path+".name", "the subset "+quote(s.GetName())+" is there twice", "remove one")
		}
		seen[s.GetName()] = true
		c.checkPolicy(o, s.GetTrafficPolicy(), path+".trafficPolicy")
	}
}

// checkPolicy names the parts of a policy that are not interpreted and could
// move traffic.
func (c *compiler) checkPolicy(o object[*networkingv1.DestinationRule], p *networking.TrafficPolicy, path string) {
	if p.GetOutlierDetection() != nil {
		c.uninterpreted(o.Object, path+".outlierDetection", "outlierDetection, which ejects failing pods,")
	}
	if p.GetConnectionPool() != nil {
		c.uninterpreted(o.Object, path+".connectionPool", "connectionPool, which turns away what is above its limits")
	}
	lb := p.GetLoadBalancer()
	if lb.GetLocalityLbSetting() != nil {
		c.uninterpreted(o.Object, path+".loadBalancer.localityLbSetting", "localityLbSetting, which prefers pods nearby")
	}
	if lb.GetSimple() == networking.LoadBalancerSettings_PASSTHROUGH {
		c.uninterpreted(o.Object, path+".loadBalancer.simple", "PASSTHROUGH, which sends to the address that the caller asked for")
	}
}
