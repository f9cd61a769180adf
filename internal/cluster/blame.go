package cluster

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

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

// idleWords name what a route attaches to: a name that is mistyped is found there.
func idleWords(o manifests.Object) string {
	var names []string
	for key := range gatewaysNamed([]manifests.Object{o}) {
		names = append(names, key.Namespace+"/"+key.Name)
	}
	slices.Sort(names)
	what, hosts := "gateways", "hosts"
	if o.Kind == "HTTPRoute" {
		what, hosts = "parentRefs", "hostnames"
	}
	if len(names) > 0 {
		what += " (" + listed(names) + ")"
	}
	return fmt.Sprintf("the manifest: %s (%s:%d) attaches to nothing: no proxy serves its %s with its %s", o, o.File, o.Line, what, hosts)
}

// blame places what went wrong: in the manifest, in the control plane, or in the
// data plane, in this order, for each may be the reason of the next.
func (u *underway) blame(ctx context.Context, s *state) string {
	var parts []string
	if s.settledWrong != "" {
		parts = append(parts, s.settledWrong)
	} else {
		for _, o := range s.unserved {
			parts = append(parts, unservedWords(o))
		}
		parts = append(parts, s.troubles...)
		for _, o := range s.idle {
			parts = append(parts, idleWords(o))
		}
		parts = append(parts, u.cluster.conditions(ctx, u.cluster.world())...)
		parts = append(parts, u.refusals(ctx, s)...)
	}
	for _, words := range u.cluster.controlPlane(ctx) {
		parts = append(parts, "the control plane: "+words)
	}
	if s.unsettled != "" {
		parts = append(parts, s.unsettled)
	}
	var have, lack []string
	var words []string
	for i := range s.looks {
		l := &s.looks[i]
		name := l.proxy.String()
		switch {
		case s.good(l):
			have = append(have, name)
			continue
		case l.words() != "":
			words = append(words, l.words())
		case s.unmoved[name]:
			words = append(words, fmt.Sprintf("proxy %s has not said that it took the change", name))
		}
		lack = append(lack, name)
	}
	const most = 4
	if more := len(words) - most; more > 0 {
		words = append(words[:most], fmt.Sprintf("%d more proxies likewise", more))
	}
	if len(words) > 0 {
		parts = append(parts, "the data plane: "+strings.Join(words, "; "))
		parts = append(parts, fmt.Sprintf("the change is live on %s, and not on %s", listed(have), listed(lack)))
	}
	if len(parts) == 0 {
		return "the proxies took the change, and did not stay the same afterwards"
	}
	return strings.Join(parts, "; ")
}

// refusals are the words of proxies that answer and do not carry the change, if
// it is because they have refused it: istiod took the objects, and what it made
// of them is nothing that Envoy can use. Envoy says so in its log only.
//
//differential:elsewhere test test/e2e/TestFailures
func (u *underway) refusals(ctx context.Context, s *state) []string {
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
			u.refused = append(u.refused, fmt.Sprintf("the data plane: proxy %s has refused what istiod made of the objects, and goes on with what it had: %s", l.proxy, words))
		}
	}
	return u.refused
}

// controlPlane says what is wrong with the control plane, nothing if it runs.
func (c *Cluster) controlPlane(ctx context.Context) []string {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	list, err := c.kube.Deployments("").List(ctx, metav1.ListOptions{LabelSelector: "app=istiod"})
	if err != nil || ctx.Err() != nil {
		return nil
	}
	if len(list) == 0 {
		return []string{"there is no istiod in this cluster (a Deployment with the label app=istiod)"}
	}
	var words []string
	for _, d := range list {
		want := int32(1)
		if d.Spec.Replicas != nil {
			want = *d.Spec.Replicas
		}
		switch {
		case d.Status.ReadyReplicas > 0:
			return nil
		case want == 0:
			words = append(words, fmt.Sprintf("istiod (Deployment %s/%s) is scaled to zero, so that nobody tells the proxies of a change; `kubectl -n %s scale deployment/%s --replicas=1` brings it back", d.Namespace, d.Name, d.Namespace, d.Name))
		default:
			words = append(words, fmt.Sprintf("istiod (Deployment %s/%s) has none of its %d pods ready, so that nobody tells the proxies of a change", d.Namespace, d.Name, want))
		}
	}
	return words
}

// conditions are what the control plane says against the routes and gateways of
// a world, in its own words: conditions that are not true, and messages.
func (c *Cluster) conditions(ctx context.Context, world []manifests.Object) []string {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	var words []string
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
			words = append(words, fmt.Sprintf("the control plane says of %s (%s:%d): %s", o, o.File, o.Line, said))
		}
	}
	return words
}

// against reads from the status of an object what speaks against it.
//
//differential:elsewhere test test/e2e/TestFailures
func against(u *unstructured.Unstructured) []string {
	var words []string
	read := func(prefix string, conditions []any) {
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
			words = append(words, fmt.Sprintf("%s%s is false: %s: %s", prefix, kind, reason, message))
		}
	}
	conditions, _, _ := unstructured.NestedSlice(u.Object, "status", "conditions")
	read("", conditions)
	parents, _, _ := unstructured.NestedSlice(u.Object, "status", "parents")
	for _, each := range parents {
		parent, _ := each.(map[string]any)
		name, _, _ := unstructured.NestedString(parent, "parentRef", "name")
		conditions, _, _ := unstructured.NestedSlice(parent, "conditions")
		read("for the parent "+name+", ", conditions)
	}
	messages, _, _ := unstructured.NestedSlice(u.Object, "status", "validationMessages")
	for _, each := range messages {
		message, _ := each.(map[string]any)
		if level, _ := message["level"].(string); level != "ERROR" {
			continue
		}
		code, _, _ := unstructured.NestedString(message, "type", "code")
		name, _, _ := unstructured.NestedString(message, "type", "name")
		said := strings.TrimSpace(code + " " + name)
		// Istio writes no more than the code; what it means stands there.
		if page, _, _ := unstructured.NestedString(message, "documentationUrl"); page != "" {
			said += ", see " + page
		}
		words = append(words, said)
	}
	if len(parents) == 0 && u.GetKind() == "HTTPRoute" {
		words = append(words, "nothing: no controller has taken it up; are its parentRefs there, and of a class that Istio serves?")
	}
	return words
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
