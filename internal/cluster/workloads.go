package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/splitcheck/splitcheck/internal/kube"
	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/reports/words"
	"github.com/splitcheck/splitcheck/split"
)

// errLate marks what did not come about in the time that a change may take.
var errLate = errors.New("not within the time allowed")

// A lateError is errLate with what was waited for, and what is known of why.
type lateError struct{ waitedFor split.Finding }

func (e *lateError) Error() string { return errLate.Error() + ": " + words.English(e.waitedFor) }
func (e *lateError) Unwrap() error { return errLate }

// rollOut waits until every workload of ours runs as it was asked to, its old
// pods are gone, and the EndpointSlices hold exactly the pods that are ready.
// What mostly does not mend itself fails early, with the pods' own words.
func (c *Cluster) rollOut(ctx context.Context) error {
	var names []string
	for _, b := range c.brought {
		if b.gone {
			continue
		}
		switch {
		case b.phase == workloads, b.key.Kind == "Service" && b.key.Group == "":
			if !slices.Contains(names, b.key.Namespace) {
				names = append(names, b.key.Namespace)
			}
		}
	}
	if len(names) == 0 {
		return nil
	}
	since := map[string]time.Time{}
	var steady time.Time
	var open, hopeless *trouble
	late := func() error {
		return &lateError{waitedFor: c.evidence(context.WithoutCancel(ctx), open)}
	}
	for {
		s, err := c.snapshot(ctx, names)
		if err == nil {
			s.others, err = c.others(ctx)
		}
		if err != nil {
			// Where the time ends in the middle of a question, what was last
			// known says more than that it was not answered.
			if open != nil && errors.Is(context.Cause(ctx), errLate) {
				return late()
			}
			return err
		}
		open, hopeless = c.unready(s, since)
		if hopeless != nil {
			return &words.Failure{Found: c.evidence(ctx, hopeless)}
		}
		if open == nil {
			if unsettled := s.unsettled(c.own()); unsettled != nil {
				open = &trouble{what: *unsettled}
			}
		}
		switch {
		case open != nil:
			steady = time.Time{}
		case steady.IsZero():
			steady = time.Now()
		case time.Since(steady) >= podsSteady:
			return nil
		}
		if open == nil {
			open = &trouble{what: split.Found("pods-just-ready", nil)}
		}
		if err := kube.Pause(ctx, pollInterval); err != nil {
			if !errors.Is(err, errLate) {
				return err
			}
			return late()
		}
	}
}

// A trouble is why a workload is not there yet.
type trouble struct {
	what split.Finding
	// key is the workload's, whose events tell more; empty for none. So may the
	// words of pod, where there is one.
	key manifests.Key
	pod *corev1.Pod
}

// unready returns the first thing that is still awaited, and the first that is
// hopeless. since remembers when a bad state was first seen.
func (c *Cluster) unready(s *snapshot, since map[string]time.Time) (open, hopeless *trouble) {
	add := func(t *trouble, lost bool) {
		if open == nil {
			open = t
		}
		if lost && hopeless == nil {
			hopeless = t
		}
	}
	stuck := func(what string) bool {
		first, known := since[what]
		if !known {
			since[what] = time.Now()
			return false
		}
		return time.Since(first) > crashPatience
	}
	for _, b := range c.brought {
		if b.gone || !awaited(b) {
			continue
		}
		rolling, there := s.rolling(b.key)
		if !there {
			add(&trouble{what: split.Found("workload-missing", split.Values{"object": b.key.String()})}, stuck(b.key.String()))
			continue
		}
		pods := s.of(b.key)
		for _, p := range pods {
			said, at := kube.Trouble(p)
			if said == nil {
				continue
			}
			t := &trouble{what: podTrouble(p.Name, b.key.String(), said), key: b.key, pod: p}
			add(t, at == kube.Lost || at == kube.Doubtful && stuck(p.Namespace+"/"+p.Name))
		}
		if d := s.deployment(b.key.Namespace, b.key.Name); d != nil && b.key.Kind == "Deployment" {
			for _, condition := range d.Status.Conditions {
				if condition.Type == appsv1.DeploymentReplicaFailure && condition.Status == corev1.ConditionTrue {
					add(&trouble{what: split.Found("pods-not-created", split.Values{"object": b.key.String(), "text": condition.Message}), key: b.key}, stuck(b.key.String()+condition.Reason))
				}
			}
		}
		if rolling != nil {
			t := &trouble{what: split.Found("workload-not-ready", split.Values{"object": b.key.String(), "left": *rolling}), key: b.key}
			if n := slices.IndexFunc(pods, func(p *corev1.Pod) bool { return !kube.Ready(p) && p.DeletionTimestamp == nil }); n >= 0 {
				t.pod = pods[n]
			}
			add(t, false)
		}
	}
	return open, hopeless
}

// podTrouble is what is wrong with a pod of an object, with the kubelet's words.
func podTrouble(pod, object string, t *kube.PodTrouble) split.Finding {
	values := split.Values{"pod": pod, "object": object, "text": t.Message}
	if t.State == kube.Unscheduled {
		return split.Found("pod-without-node", values)
	}
	values["container"], values["reason"] = t.Container, t.Reason
	if t.State == kube.Waiting {
		return split.Found("pod-waiting", values)
	}
	values["code"] = t.ExitCode
	return split.Found("pod-failed", values)
}

// evidence gathers what the cluster says beside a trouble: the last warnings
// among the events, and the last lines that the container wrote.
func (c *Cluster) evidence(ctx context.Context, t *trouble) split.Finding {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	found := []split.Finding{t.what}
	if said := c.events(ctx, t); len(said) > 0 {
		found = append(found, split.Found("events-say", split.Values{"events": said}))
	}
	if t.pod == nil {
		return several(found)
	}
	for _, said := range c.kube.LastLines(ctx, t.pod) {
		found = append(found, split.Found("container-said", split.Values{"container": said.Container, "lines": said.Lines}))
	}
	return several(found)
}

// mostEvents is how many events a message has room for.
const mostEvents = 3

// events are the last warnings about a trouble's pod, and about its workload: of
// a Deployment the ReplicaSets are meant too, which are what asks for pods.
func (c *Cluster) events(ctx context.Context, t *trouble) []string {
	if t.key.Name == "" {
		return nil
	}
	list, err := c.kube.Events(t.key.Namespace).List(ctx, metav1.ListOptions{FieldSelector: "type=" + corev1.EventTypeWarning})
	if err != nil {
		return nil
	}
	found := slices.DeleteFunc(list, func(e corev1.Event) bool {
		about := e.InvolvedObject
		switch {
		case e.Type != corev1.EventTypeWarning:
			return true
		case about.Kind == "Pod":
			return t.pod == nil || about.Name != t.pod.Name
		case about.Kind == "ReplicaSet" && t.key.Kind == "Deployment":
			return !strings.HasPrefix(about.Name, t.key.Name+"-")
		}
		return about.Kind != t.key.Kind || about.Name != t.key.Name
	})
	slices.SortStableFunc(found, func(a, b corev1.Event) int { return eventTime(&a).Compare(eventTime(&b)) })
	var said []string
	for _, e := range found {
		words := fmt.Sprintf("%s: %s", e.Reason, strings.TrimSpace(e.Message))
		said = append(slices.DeleteFunc(said, func(s string) bool { return s == words }), words)
	}
	return said[max(0, len(said)-mostEvents):]
}

// eventTime is when an event was last seen, by whichever field its reporter fills.
func eventTime(e *corev1.Event) time.Time {
	switch {
	case e.Series != nil:
		return e.Series.LastObservedTime.Time
	case !e.LastTimestamp.IsZero():
		return e.LastTimestamp.Time
	}
	return e.EventTime.Time
}
