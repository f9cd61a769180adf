package cluster

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/splitcheck/splitcheck/internal/istio"
	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/split"
)

// hasRoutes says whether an object gives proxies routes for requests. Those of a
// VirtualService that hands all over to others are the others'.
func hasRoutes(o manifests.Object) bool {
	switch v := o.Value.(type) {
	case *networkingv1.VirtualService:
		return len(v.Spec.GetHttp()) > len(delegatesOf(o))
	case *gatewayv1.HTTPRoute:
		return len(v.Spec.Rules) > 0
	}
	return false
}

// ofObject are the values by which a finding names an object and its place.
func ofObject(o manifests.Object, more split.Values) split.Values {
	values := split.Values{"object": o.String(), "file": o.File, "line": o.Line}
	maps.Copy(values, more)
	return values
}

// unattached names what a route attaches to: a name that is mistyped is found there.
func unattached(o manifests.Object) split.Finding {
	var names []string
	for key := range gatewaysNamed([]manifests.Object{o}) {
		names = append(names, key.Namespace+"/"+key.Name)
	}
	slices.Sort(names)
	what, hosts := "gateways", "hosts"
	if o.Kind == "HTTPRoute" {
		what, hosts = "parentRefs", "hostnames"
	}
	return split.Found("route-attaches-to-nothing", ofObject(o, split.Values{"field": what, "gateways": names, "hosts": hosts}))
}

// several is one finding of all, or the only one.
func several(found []split.Finding) split.Finding {
	if len(found) == 1 {
		return found[0]
	}
	return split.Found("several", split.Values{"found": found})
}

// blame places what went wrong: in the manifest, in the control plane, or in the
// data plane, in this order, for each may be the reason of the next.
func (u *underway) blame(ctx context.Context, s *state) split.Finding {
	var parts []split.Finding
	if len(s.settledWrong) > 0 {
		parts = append(parts, s.settledWrong...)
	} else {
		for _, o := range s.unserved {
			parts = append(parts, unserved(o))
		}
		parts = append(parts, s.troubles...)
		for _, o := range s.idle {
			parts = append(parts, unattached(o))
		}
		parts = append(parts, u.cluster.conditions(ctx, u.cluster.world())...)
		parts = append(parts, u.refusals(ctx, s)...)
	}
	parts = append(parts, u.cluster.controlPlane(ctx)...)
	if s.unsettled != nil {
		parts = append(parts, *s.unsettled)
	}
	var have, lack []string
	var behind []split.Finding
	for i := range s.looks {
		l := &s.looks[i]
		name := l.proxy.String()
		switch {
		case s.good(l):
			have = append(have, name)
			continue
		case l.wrong() != nil:
			behind = append(behind, *l.wrong())
		case s.unmoved[name]:
			behind = append(behind, split.Found("proxy-said-nothing", split.Values{"proxy": name}))
		}
		lack = append(lack, name)
	}
	const most = 4
	more := max(0, len(behind)-most)
	if len(behind) > 0 {
		parts = append(parts,
			split.Found("proxies-are-wrong", split.Values{"found": behind[:len(behind)-more], "more": more}),
			split.Found("change-is-live-on", split.Values{"have": have, "lack": lack}))
	}
	if len(parts) == 0 {
		return split.Found("proxies-did-not-stay", nil)
	}
	return several(parts)
}

// refusals are those of proxies that answer and do not carry the change, if
// it is because they have refused it: istiod took the objects, and what it made
// of them is nothing that Envoy can use. Envoy says so in its log only.
//
//differential:elsewhere test test/e2e/TestFailures
func (u *underway) refusals(ctx context.Context, s *state) []split.Finding {
	if u.sent.IsZero() || time.Since(u.logsRead) < logsInterval {
		return u.refused
	}
	u.refused, u.logsRead = nil, time.Now()
	// The log is asked for whole seconds, by a clock of its own.
	within := time.Since(u.sent) + time.Second
	for i := range s.looks {
		l := &s.looks[i]
		if s.good(l) || l.err != nil {
			continue
		}
		said, err := u.cluster.proxies.Refusals(ctx, l.proxy, within)
		if err != nil {
			continue // What the proxy carries is told in any case.
		}
		for _, words := range said {
			u.refused = append(u.refused, split.Found("proxy-refused", split.Values{"proxy": l.proxy.String(), "text": words}))
		}
	}
	return u.refused
}

// controlPlane says what is wrong with the control plane, nothing if it runs.
func (c *Cluster) controlPlane(ctx context.Context) []split.Finding {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	list, err := c.kube.Deployments("").List(ctx, metav1.ListOptions{LabelSelector: istio.IstiodSelector})
	if err != nil || ctx.Err() != nil {
		return nil
	}
	if len(list) == 0 {
		return []split.Finding{split.Found("istiod-missing", nil)}
	}
	var found []split.Finding
	for _, d := range list {
		want := int32(1)
		if d.Spec.Replicas != nil {
			want = *d.Spec.Replicas
		}
		switch {
		case d.Status.ReadyReplicas > 0:
			return nil
		case want == 0:
			found = append(found, split.Found("istiod-scaled-to-zero", split.Values{"namespace": d.Namespace, "deployment": d.Name}))
		default:
			found = append(found, split.Found("istiod-not-ready", split.Values{"namespace": d.Namespace, "deployment": d.Name, "pods": want}))
		}
	}
	return found
}

// conditions are what the control plane says against the routes and gateways of
// a world, in its own words: conditions that are not true, and messages.
func (c *Cluster) conditions(ctx context.Context, world []manifests.Object) []split.Finding {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	var found []split.Finding
	for _, o := range world {
		if !phaseOf(o.Key()).routing() {
			continue
		}
		b := c.find(o.Key())
		if b == nil {
			continue
		}
		there, err := b.resource.Get(ctx, b.key.Name, metav1.GetOptions{})
		if err != nil {
			continue
		}
		for _, said := range against(there) {
			found = append(found, split.Found("control-plane-says", ofObject(o, split.Values{"said": said})))
		}
	}
	return found
}

// against reads from the status of an object what speaks against it.
//
//differential:elsewhere test test/e2e/TestFailures
func against(u *unstructured.Unstructured) []split.Finding {
	var found []split.Finding
	read := func(parent string, conditions []any) {
		for _, each := range conditions {
			condition, _ := each.(map[string]any)
			kind, _ := condition["type"].(string)
			status, _ := condition["status"].(string)
			reason, _ := condition["reason"].(string)
			message, _ := condition["message"].(string)
			// Programmed also asks for an address from outside of the cluster,
			// which a Gateway need not have to serve.
			if status != "False" || kind == "Programmed" && reason == "AddressNotAssigned" || kind != "Accepted" && kind != "ResolvedRefs" && kind != "Programmed" && kind != "Reconciled" {
				continue
			}
			found = append(found, split.Found("condition-is-false", split.Values{"parent": parent, "condition": kind, "reason": reason, "text": message}))
		}
	}
	conditions, _, _ := unstructured.NestedSlice(u.Object, "status", "conditions")
	read("", conditions)
	parents, _, _ := unstructured.NestedSlice(u.Object, "status", "parents")
	for _, each := range parents {
		parent, _ := each.(map[string]any)
		name, _, _ := unstructured.NestedString(parent, "parentRef", "name")
		conditions, _, _ := unstructured.NestedSlice(parent, "conditions")
		read(name, conditions)
	}
	messages, _, _ := unstructured.NestedSlice(u.Object, "status", "validationMessages")
	for _, each := range messages {
		message, _ := each.(map[string]any)
		if level, _ := message["level"].(string); level != "ERROR" {
			continue
		}
		code, _, _ := unstructured.NestedString(message, "type", "code")
		name, _, _ := unstructured.NestedString(message, "type", "name")
		// Istio writes no more than the code; what it means stands on the page.
		page, _, _ := unstructured.NestedString(message, "documentationUrl")
		found = append(found, split.Found("istio-analysis", split.Values{"text": strings.TrimSpace(code + " " + name), "page": page}))
	}
	if len(parents) == 0 && u.GetKind() == "HTTPRoute" {
		found = append(found, split.Found("route-not-taken-up", nil))
	}
	return found
}

// news are the warnings that have not been given before.
func (c *Cluster) news(u *underway) []split.Finding {
	var fresh []split.Finding
	for _, w := range u.warnings {
		if !c.said[w.Key()] {
			c.said[w.Key()] = true
			fresh = append(fresh, w)
		}
	}
	return fresh
}
