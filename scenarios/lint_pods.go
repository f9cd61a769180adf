package scenarios

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/routing"
)

// An arm is a destination of a rule that gets requests, and the Service behind it.
type arm struct {
	object  manifests.Object
	path    string // of the destination in object
	name    string // as a person would call it
	service service
	subset  string
	labels  map[string]string // of the subset
}

// choices yields the arms of each rule, of VirtualServices and HTTPRoutes, whose
// Services and subsets are there.
func (v *view) choices() iter.Seq[[]arm] {
	return func(yield func([]arm) bool) {
		for rule := range v.virtualRules() {
			var arms []arm
			for i, d := range rule.value.Route {
				if !routing.Sent(rule.value.Route, i) {
					continue
				}
				to := d.GetDestination()
				a := arm{object: rule.object, path: fmt.Sprintf("%s.route[%d].destination", rule.path, i), name: destinationName(to)}
				arms = v.armAt(arms, a, routing.FullHost(to.GetHost(), rule.object.Namespace), to.GetSubset())
			}
			if !yield(arms) {
				return
			}
		}
		for rule := range v.gatewayRules() {
			var arms []arm
			for i, ref := range rule.value.BackendRefs {
				_, host := routing.Backend(ref.BackendObjectReference, rule.object.Namespace)
				if routing.BackendWeight(ref) == 0 || host == "" {
					continue
				}
				a := arm{object: rule.object, path: fmt.Sprintf("%s.backendRefs[%d]", rule.path, i), name: string(ref.Name)}
				arms = v.armAt(arms, a, host, "")
			}
			if !yield(arms) {
				return
			}
		}
	}
}

func (v *view) armAt(arms []arm, a arm, host, subset string) []arm {
	s, known := v.services[host]
	a.service, a.subset = s, subset
	if subset != "" {
		defined := v.subsets(host)
		i := slices.IndexFunc(defined, func(d subsetOf) bool { return d.value.Name == subset })
		if known = known && i >= 0; known {
			a.labels = defined[i].value.Labels
		}
	}
	if !known {
		return arms
	}
	return append(arms, a)
}

func lintSubsetPods(l *linter, v *view) {
	for u := range v.uses() {
		host := routing.FullHost(u.value.GetHost(), u.object.Namespace)
		s, known := v.services[host]
		if !known || !u.sent || len(v.behind(s, nil)) == 0 {
			continue
		}
		for _, subset := range v.subsets(host) {
			if subset.value.Name == u.value.GetSubset() && len(v.behind(s, subset.value.Labels)) == 0 {
				l.at(subset.object, subset.path,
					fmt.Sprintf("subset %s selects no pods of %s, and %s sends there: that share is answered with 503", subset.value.Name, s.object.Name, u.object),
					"compare its labels with those of the Deployments' pod templates")
			}
		}
	}
}

// lintServicePods finds Services that select none of the pods that are made beside
// them. Where something else than a Deployment may make some, it is silent.
func lintServicePods(l *linter, v *view) {
	for arms := range v.choices() {
		for _, a := range arms {
			s := a.service
			if len(s.value.Spec.Selector) > 0 && len(v.behind(s, nil)) == 0 && v.deploysAll(s.object.Namespace) {
				l.at(s.object, "spec.selector",
					fmt.Sprintf("the selector matches no pods, and %s sends there: that share is answered with 503", a.object),
					"compare it with the labels of the Deployments' pod templates in the same namespace")
			}
		}
	}
}

// deploysAll reports whether the pods of a namespace are known: Deployments make
// some, and nothing else does, nor a Deployment that is not interpreted.
func (v *view) deploysAll(namespace string) bool {
	others := []string{"Pod", "ReplicaSet", "StatefulSet", "DaemonSet", "Deployment", "Rollout", "Job", "Endpoints", "EndpointSlice"}
	return slices.ContainsFunc(v.pods, func(w workload) bool { return w.object.Namespace == namespace }) &&
		!slices.ContainsFunc(v.Objects(), func(o manifests.Object) bool {
			return o.Namespace == namespace && o.Value == nil && slices.Contains(others, o.Kind)
		})
}

// lintSharedPods finds destinations of a split that overlap: one of them stands for
// several versions, and another for pods of one of these, which then get more than
// their weight.
func lintSharedPods(l *linter, v *view) {
	for arms := range v.choices() {
		for i, a := range arms {
			pods := v.behind(a.service, a.labels)
			versions := v.versionsOf(pods)
			if len(versions) < 2 {
				continue
			}
			for j, b := range arms {
				both := slices.DeleteFunc(v.behind(b.service, b.labels), func(w workload) bool {
					return !slices.ContainsFunc(pods, func(p workload) bool { return p.object.Key() == w.object.Key() })
				})
				if i != j && len(both) > 0 {
					l.at(a.object, a.path,
						fmt.Sprintf("%s selects the pods of %s, and %s those of %s too, which get more than their weight",
							a.name, strings.Join(versions, " and "), b.name, strings.Join(v.versionsOf(both), " and ")),
						"let the selector or the subset's labels name one version")
					break
				}
			}
		}
	}
}

// versionsOf are the versions of workloads, each once, sorted.
func (v *view) versionsOf(pods []workload) []string {
	var versions []string
	for _, w := range pods {
		if version := v.versionOf(w); version != "" {
			versions = append(versions, version)
		}
	}
	slices.Sort(versions)
	return slices.Compact(versions)
}
