// Package target says what carries a scenario's traffic: the one interface that
// the simulated mesh, a kind cluster, an existing cluster and a bare gateway URL
// implement, and the words they share. It implements none of them.
package target

import (
	"context"
	"time"

	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/loadgen"
	"github.com/splitcheck/splitcheck/split"
)

// A Target carries a scenario's traffic. It is opened for one scenario and
// closed after it. An error of any method means "could not measure".
type Target interface {
	// Change brings the objects of a step into effect and returns when every
	// proxy that chooses uses them, or the time allowed is over.
	Change(ctx context.Context, change Change) (Convergence, error)
	// Enter returns how load reaches the entry that via names: "gateway", or
	// "service/NAME" past any gateway and mesh.
	Enter(via Via, load Load) (Entry, error)
	// Close removes what Change brought in. It must work after a failure and
	// with a context of its own.
	Close(ctx context.Context) error
}

// A Change is what a step asks for. Deletions come last.
type Change struct {
	Apply   []manifests.Object
	Scale   []Scale
	Delete  []manifests.Key
	Timeout time.Duration
	// Defects replace those in force if SetsDefects; they exist on the
	// simulated mesh only.
	Defects     []Defect
	SetsDefects bool
}

// Scale sets the number of replicas of a Deployment.
type Scale struct {
	Namespace, Deployment string
	Replicas              int
}

// Via is where load enters: the ingress gateway, or a Service by its name.
type Via struct {
	// Service is empty for the gateway.
	Namespace, Service string
}

// Convergence says whether and when a change took effect.
type Convergence struct {
	Converged bool
	Took      time.Duration
	// Applied is when every object had been accepted, from the beginning of the
	// change; 0 if that never was, or is not known.
	Applied time.Duration
	// Detail is what did not, and what is known of the reason.
	Detail split.Finding
	// Warnings are what the target has to say about the change.
	Warnings []split.Finding
	// Proxies are those that had to take the change, each with what it was
	// seen to carry; empty where the target cannot look into them.
	Proxies []ProxyState
}

// A ProxyState says when one proxy was seen to carry a change.
type ProxyState struct {
	// Name is the pod's and its namespace's: "reviews-v1-6d5f-x2x4z.default".
	Name      string
	Converged bool
	// Took is from the beginning of the change to the first look that found it.
	Took time.Duration
	// Detail is what it carries instead, and the proxy's own words about it.
	Detail split.Finding
}

// Load is what a target must know of the sample that is to come.
type Load struct {
	// Connections is the number in use at once, Reuse the greatest number of
	// requests on one of them; 0 is no bound.
	Connections, Reuse int
	Timeout            time.Duration
}

// An Entry is where load goes in.
type Entry struct {
	// URL is the base of every request: scheme, host and port.
	URL string
	// Opener opens what is asked there.
	Opener loadgen.Opener
	// Unseen says that nothing but the answers tells whether a change is in
	// effect: no proxy can be asked.
	Unseen bool
	// Note is what the user should know of the way in, or nil.
	Note *split.Finding
	// Close gives back what the entry holds; it may be nil.
	Close func()
}

// MirrorCounter is implemented by targets that can count copies of requests.
type MirrorCounter interface {
	// Mirrored returns how many mirrored requests have reached the pods of
	// workload (a Deployment's name) since the target was opened.
	Mirrored(ctx context.Context, workload string) (int64, error)
}

// An Interpreter is a target that acts on the objects itself. What it does not know
// has no effect there, so nothing that it counts says what that would have done.
type Interpreter interface{ Interprets() }

// Grapher is implemented by targets that can draw their traffic. Graph returns what
// was sent since it was asked last, or since the target was opened, so that the
// graphs add up; it has an edge for each Service. A call that fails takes nothing out of the next one's.
type Grapher interface {
	Graph(ctx context.Context) (*split.Graph, error)
}

// A Witness is implemented by targets whose proxies can be asked what they are
// programmed with and how many requests they have sent where. It is asked
// before and after a sample; what it says is a second account beside the
// answers, and what they differ in is reported.
type Witness interface {
	Observe(ctx context.Context) (Observation, error)
}

// An Observation is what all proxies know at one moment.
type Observation struct {
	Routes []Route
	Counts []Count
	// Own is how many requests each proxy has answered itself before it chose a
	// route, since it started; a proxy that does not count them is not in it.
	Own map[string]int64
	// Changes are what was changed in the rule or behind it since the witness
	// was asked last, where it can tell.
	Changes []split.Finding
}

// A Route is one rule as one proxy carries it.
type Route struct {
	// Proxy is the pod and its namespace, Workload its Deployment's.
	Proxy, Workload string
	// Source is routing.Rule.Source of the rule that was applied.
	Source manifests.Source
	Arms   []Arm
	// Updated is when this proxy last took the routes that this one is among,
	// by its own clock; zero if it does not say.
	Updated time.Time
}

// Arm is the arm of r to a cluster, which is made where there is none.
func (r *Route) Arm(cluster string) *Arm {
	for i := range r.Arms {
		if r.Arms[i].Cluster == cluster {
			return &r.Arms[i]
		}
	}
	r.Arms = append(r.Arms, Arm{Cluster: cluster})
	return &r.Arms[len(r.Arms)-1]
}

// An Arm is one destination of a route.
type Arm struct {
	// Cluster is the destination's, as it is called in the proxy:
	// "outbound|80|v1|canary.default.svc.cluster.local".
	Cluster string
	// Configured is the weight in the object, Programmed that in the proxy.
	Configured, Programmed float64
}

// A Count is how many requests one proxy has sent to one pod since it started:
// answers and failures, first tries, retries and mirrored copies alike.
type Count struct {
	Proxy   string
	Cluster string
	// Pod is the pod's name and namespace, or its address where no pod has it;
	// Workload the Deployment's name and namespace, "reviews-v1.default".
	Pod, Workload string
	Requests      int64
	// Errors are those of them that failed or were answered with 5xx.
	Errors int64
}
