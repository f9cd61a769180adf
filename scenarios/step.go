package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"

	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/problems"
	"github.com/splitcheck/splitcheck/internal/strict"
	"github.com/splitcheck/splitcheck/internal/target"
)

func (r *reading) steps(n *yaml.Node) {
	names := map[string]*yaml.Node{}
	var read []*yaml.Node
	checks := 0
	r.List(n, "spec.steps", func(n *yaml.Node, at string) {
		if r.objects > mostObjects {
			return
		}
		step := r.step(n, at)
		if r.objects += len(r.there.Objects()) + len(step.Checks); r.objects > mostObjects {
			r.At(n, fmt.Sprintf("%s: the steps up to here come to more than %d objects and checks", at, mostObjects), "divide it into several scenarios, or leave out what has no part in the split")
		}
		r.unique(names, n, at, step.Name, "step")
		checks += len(step.Checks)
		r.scenario.Steps, read = append(r.scenario.Steps, step), append(read, n)
	})
	r.defectsNeedSim(read)
	if n.Kind == yaml.SequenceNode && checks == 0 && len(r.Found) == 0 {
		r.At(n, "spec.steps: the scenario checks nothing", "give at least one step a check")
	}
}

// defectsNeedSim holds a scenario with defects to the one target that has them.
func (r *reading) defectsNeedSim(steps []*yaml.Node) {
	for i, step := range r.scenario.Steps {
		switch {
		case len(step.Defects) == 0:
		case len(r.scenario.Targets) == 0:
			r.scenario.Targets = []string{target.Sim}
		case len(r.scenario.Targets) > 1 || r.scenario.Targets[0] != target.Sim:
			key, _ := strict.Entry(steps[i], "defects")
			r.At(key, fmt.Sprintf("spec.steps[%d].defects: defects exist on the simulated mesh only, and spec.targets names %s", i, strings.Join(r.scenario.Targets, ", ")), "write targets: [sim], or leave the defects out")
		}
	}
}

// unique reports a name that was there before.
func (s *fields) unique(names map[string]*yaml.Node, n *yaml.Node, at, name, what string) {
	if name == "" {
		return
	}
	if first := names[name]; first != nil {
		s.At(n, fmt.Sprintf("%s: there is a %s named %q already, in line %d", at, what, name, first.Line), "give it another name")
		return
	}
	names[name] = n
}

func (r *reading) step(n *yaml.Node, at string) Step {
	step := Step{Settle: Settle{Timeout: defaultSettle}}
	r.Object(n, at,
		strict.Required("name", func(n *yaml.Node) { step.Name, step.Source = r.name(n, at+".name"), r.sourceOf(n) }),
		strict.Optional("apply", func(n *yaml.Node) { step.Apply = r.apply(n, at+".apply") }),
		strict.Optional("scale", func(n *yaml.Node) { step.Scale = r.scale(n, at+".scale") }),
		strict.Optional("delete", func(n *yaml.Node) { step.Delete = r.remove(n, at+".delete", step.Apply) }),
		strict.Optional("settle", func(n *yaml.Node) {
			r.Object(n, at+".settle", strict.Required("timeout", func(n *yaml.Node) {
				if timeout, ok := r.Duration(n, at+".settle.timeout", longest); ok {
					step.Settle.Timeout = timeout
				}
			}))
		}),
		strict.Optional("defects", func(n *yaml.Node) {
			step.SetsDefects = true
			r.List(n, at+".defects", func(n *yaml.Node, at string) {
				step.Defects = append(step.Defects, r.defect(n, at))
			})
		}),
		strict.Optional("checks", func(n *yaml.Node) {
			names := map[string]*yaml.Node{}
			r.List(n, at+".checks", func(n *yaml.Node, at string) {
				check := r.check(n, at)
				r.unique(names, n, at, check.Name, "check")
				step.Checks = append(step.Checks, check)
			})
		}))
	return step
}

func (r *reading) apply(n *yaml.Node, at string) []manifests.Object {
	var all []manifests.Object
	from := map[manifests.Key]string{}
	r.List(n, at, func(n *yaml.Node, at string) {
		for _, o := range r.file(n, at) {
			if first, ok := from[o.Key()]; ok {
				r.At(n, fmt.Sprintf("%s: %s of %s is in %s too, and only one of them can hold after this step", at, o, o.File, first), "apply one of them, or the other in a later step")
				continue
			}
			from[o.Key()] = o.File
			all = append(all, o)
		}
	})
	r.there.Apply(all...)
	return all
}

// remove reads what a step deletes: KIND/NAME, KIND/NAMESPACE/NAME, or a file,
// which stands for all objects in it.
func (r *reading) remove(n *yaml.Node, at string, applied []manifests.Object) []manifests.Key {
	var all []manifests.Key
	r.List(n, at, func(n *yaml.Node, at string) {
		text, ok := r.Text(n, at)
		if !ok {
			return
		}
		keys, ok := r.namedObject(n, at, text)
		if !ok {
			for _, o := range r.file(n, at) {
				keys = append(keys, o.Key())
			}
		}
		for _, key := range keys {
			_, there := r.there.Object(key)
			switch {
			case slices.Contains(all, key):
				continue
			case slices.ContainsFunc(applied, func(o manifests.Object) bool { return o.Key() == key }):
				r.At(n, fmt.Sprintf("%s: this step applies %s as well", at, key), "delete it in a later step, or do not apply it")
			case !there:
				r.At(n, fmt.Sprintf("%s: no step before has applied %s", at, key), r.existing(key.Kind, key.String()))
			default:
				all = append(all, key)
			}
		}
	})
	r.there.Delete(all...)
	return all
}

// namedObject reads KIND/NAME or KIND/NAMESPACE/NAME; ok is false if text is
// neither.
func (r *reading) namedObject(n *yaml.Node, at, text string) (keys []manifests.Key, ok bool) {
	parts := strings.Split(text, "/")
	if len(parts) < 2 || len(parts) > 3 || !unicode.IsUpper([]rune(text + " ")[0]) || isYAML(text) {
		return nil, false
	}
	kind, namespace, name := parts[0], "default", parts[len(parts)-1]
	if len(parts) == 3 {
		namespace = parts[1]
	}
	keys = called(r.there, kind, namespace, name)
	switch {
	case len(keys) == 0:
		r.At(n, fmt.Sprintf("%s: there is no %s %s/%s at this point", at, kind, namespace, name), r.existing(kind, text))
	case len(keys) > 1:
		r.At(n, fmt.Sprintf("%s: %s is both %s of %s and of %s", at, text, kind, keys[0].Group, keys[1].Group), "name the file that it was applied from")
		keys = nil
	}
	return keys, true
}

// existing suggests an object that is there for one that is not.
func (r *reading) existing(kind, text string) string {
	var known []string
	for _, o := range byKey(r.there) {
		name := o.Kind + "/" + o.Name
		if o.Namespace != "" && o.Namespace != "default" {
			name = o.Kind + "/" + o.Namespace + "/" + o.Name
		}
		if o.Kind == kind {
			known = append([]string{name}, known...)
		} else {
			known = append(known, name)
		}
	}
	if hint := problems.DidYouMean(text, known); hint != "" {
		return hint
	}
	return "write it as KIND/NAME or KIND/NAMESPACE/NAME, or name the file that it was applied from"
}

func (r *reading) scale(n *yaml.Node, at string) []target.Scale {
	var all []target.Scale
	r.Mapping(n, at, "write it as {reviews-v1: 3}", func(key, value *yaml.Node, at string) {
		replicas, ok := r.Whole(value, at, 0, mostReplicas)
		namespace, name, found := strings.Cut(key.Value, "/")
		if !found {
			namespace, name = "default", key.Value
		}
		if r.there.Deployment(namespace, name) == nil {
			r.At(key, fmt.Sprintf("%s: there is no Deployment %s/%s at this point", at, namespace, name), r.knownDeployments(key.Value))
			return
		}
		if ok {
			all = append(all, target.Scale{Namespace: namespace, Deployment: name, Replicas: replicas})
		}
	})
	return all
}

func (r *reading) knownDeployments(name string) string {
	var known []string
	for _, o := range byKey(r.there) {
		if o.Kind == "Deployment" && o.Namespace == "default" {
			known = append(known, o.Name)
		} else if o.Kind == "Deployment" {
			known = append(known, o.Namespace+"/"+o.Name)
			// Whoever forgot the namespace means this one.
			if o.Name == name {
				return fmt.Sprintf("did you mean %q?", o.Namespace+"/"+o.Name)
			}
		}
	}
	if hint := problems.DidYouMean(name, known); hint != "" {
		return hint
	}
	if len(known) == 0 {
		return "no Deployment has been applied"
	}
	return "the Deployments are " + strings.Join(known, ", ")
}

func (r *reading) defect(n *yaml.Node, at string) target.Defect {
	var d target.Defect
	r.Object(n, at,
		strict.Required("kind", func(n *yaml.Node) {
			d.Kind, _ = r.OneOf(n, at+".kind", target.DefectNames()...)
		}),
		strict.Optional("host", func(n *yaml.Node) { d.Host, _ = r.Text(n, at+".host") }),
		strict.Optional("version", func(n *yaml.Node) { d.Version, _ = r.Text(n, at+".version") }),
		strict.Optional("share", func(n *yaml.Node) { d.Share, _ = r.Share(n, at+".share") }),
		strict.Optional("weights", func(n *yaml.Node) { d.Weights = r.weights(n, at+".weights") }),
		strict.Optional("requests", func(n *yaml.Node) {
			requests, _ := r.Whole(n, at+".requests", 1, mostRequests)
			d.Requests = int64(requests)
		}),
		strict.Optional("proxy", func(n *yaml.Node) { d.Proxy, _ = r.Whole(n, at+".proxy", 0, mostReplicas) }))
	kind, _ := target.LookupDefect(d.Kind)
	for _, need := range kind.Needs {
		if key, _ := strict.Entry(n, need); key == nil {
			r.At(n, fmt.Sprintf("%s: a defect of kind %s needs %s", at, d.Kind, need), "")
		}
	}
	return d
}
