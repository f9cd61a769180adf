// Package liveroutes reads the weights of a route that is in a cluster already: a
// VirtualService or an HTTPRoute by its name, the rule of it that a request
// meets, and what each of its destinations is called. It changes nothing in the
// cluster, and sends no load.
package liveroutes

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"github.com/splitcheck/splitcheck/internal/envoy"
	"github.com/splitcheck/splitcheck/internal/inventory"
	"github.com/splitcheck/splitcheck/internal/kube"
	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/proxies"
	"github.com/splitcheck/splitcheck/internal/routing"
	"github.com/splitcheck/splitcheck/reports/words"
	"github.com/splitcheck/splitcheck/split"
)

// A Question says which route is meant.
type Question struct {
	// Kind is "VirtualService" or "HTTPRoute".
	Kind, Namespace, Name string
	// Rule is empty for the one that Request meets at a gateway; else the rule's
	// own name, or its place: "http[1]", "rules[0]" or the number alone.
	Rule    string
	Request *http.Request
	// Names are what answers call the destinations, by what they are called
	// here: by the subset or version, or by one of the longer ways in which a
	// destination can be written ("reviews/v1", "shop/reviews"). Those that are
	// missing keep their names.
	Names map[string]string
}

// Weights are those of one rule, as it stands in the cluster.
type Weights struct {
	// Source is the rule.
	Source manifests.Source
	// Weights are by the names of the destinations.
	Weights      split.Weights
	Destinations []Destination
	// Generation is the object's, which grows with each change of it.
	Generation int64
	// Notes are what was left out on the way here.
	Notes []split.Finding

	// read is the cluster as it was when they were read, entered whether the
	// request meets the rule at a gateway: no sidecar then has a part in it.
	read    *view
	entered bool
}

// A Destination is one arm of the rule.
type Destination struct {
	// Cluster is as routing.ClusterName writes it, Name what answers are taken to
	// call it.
	Cluster, Name string
	Weight        float64
}

// String names what a question is about: "VirtualService default/canary".
func (q Question) String() string { return q.Kind + " " + q.Namespace + "/" + q.Name }

// key is that of the object that a question is about.
func (q Question) key() manifests.Key {
	return manifests.Key{Group: resources[q.Kind].Group, Kind: q.Kind, Namespace: q.Namespace, Name: q.Name}
}

var resources = map[string]schema.GroupVersionResource{
	"VirtualService":  {Group: manifests.IstioGroup, Version: "v1", Resource: "virtualservices"},
	"DestinationRule": {Group: manifests.IstioGroup, Version: "v1", Resource: "destinationrules"},
	"Gateway":         {Group: manifests.IstioGroup, Version: "v1", Resource: "gateways"},
	"HTTPRoute":       {Group: manifests.GatewayGroup, Version: "v1", Resource: "httproutes"},
	"GatewayAPI":      {Group: manifests.GatewayGroup, Version: "v1", Resource: "gateways"},
	"Service":         {Version: "v1", Resource: "services"},
	"Namespace":       {Version: "v1", Resource: "namespaces"},
	"ReferenceGrant":  {Group: manifests.GatewayGroup, Version: "v1beta1", Resource: "referencegrants"},
}

// aside are kinds that few routes depend on: the labels of namespaces choose the
// routes of some listeners, and a grant lets some routes leave their namespace.
// Who may not list them is told so, and can verify all others.
var aside = []string{"Namespace", "ReferenceGrant"}

// A Cluster is one whose routes are read.
type Cluster struct {
	dynamic dynamic.Interface
	proxies reader
}

// reader is what this room asks of proxies.Reader.
type reader interface {
	List(ctx context.Context, namespaces ...string) ([]proxies.Proxy, error)
	Routes(context.Context, proxies.Proxy) (envoy.Routes, error)
	Clusters(context.Context, proxies.Proxy) (envoy.Clusters, error)
	Close()
}

// Connect returns the cluster of a configuration. It asks nothing yet.
func Connect(config *rest.Config) (*Cluster, error) {
	config = rest.CopyConfig(config)
	config.QPS, config.Burst = 100, 200
	client, err := kube.New(config)
	if err != nil {
		return nil, err
	}
	look, err := proxies.NewReader(config)
	if err != nil {
		return nil, err
	}
	return &Cluster{dynamic: client.Dynamic, proxies: look}, nil
}

// Close ends the connections to proxies.
func (c *Cluster) Close() { c.proxies.Close() }

// A view is what was read of a cluster at one moment.
type view struct {
	objects   []manifests.Object
	proxies   []proxies.Proxy
	revisions map[manifests.Key]inventory.Revision
	notes     []split.Finding
}

// Read returns the weights that a question is about. An error is the user's to
// mend (IsMistake tells), or the cluster's.
func (c *Cluster) Read(ctx context.Context, q Question) (*Weights, error) {
	v, err := c.view(ctx, q)
	if err != nil {
		return nil, err
	}
	rule, err := v.rule(q)
	if err != nil {
		return nil, err
	}
	w, err := v.weights(q, rule)
	if err != nil {
		return nil, err
	}
	met, _ := v.met(q)
	w.entered = met != nil && met.Source == w.Source
	return w, nil
}

// ErrMistake marks errors that another command line would avoid.
var ErrMistake = errors.New("mistake")

type mistake struct{ error }

func (mistake) Is(err error) bool { return err == ErrMistake }

func mistakef(format string, args ...any) error { return mistake{fmt.Errorf(format, args...)} }

func (c *Cluster) view(ctx context.Context, q Question) (*view, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, readTimeout, fmt.Errorf("the cluster's routes were not read within %s", readTimeout))
	defer cancel()
	v := view{revisions: map[manifests.Key]inventory.Revision{}}
	for _, kind := range slices.Concat(aside, []string{"Service", "DestinationRule", "Gateway", "GatewayAPI", "VirtualService", "HTTPRoute"}) {
		list, err := c.dynamic.Resource(resources[kind]).Namespace(metav1.NamespaceAll).List(ctx, metav1.ListOptions{})
		if apierrors.IsNotFound(err) && kind != q.Kind {
			continue // Not installed here: then there are none.
		}
		if apierrors.IsForbidden(err) && slices.Contains(aside, kind) {
			v.notes = append(v.notes, split.Found("routes-not-listed", split.Values{"resource": resources[kind].Resource}))
			continue
		}
		if err != nil {
			return nil, reading(ctx, resources[kind], err)
		}
		v.add(list.Items)
	}
	if _, there := v.revisions[q.key()]; !there {
		return nil, mistakef("there is no %s in this cluster%s%s", q, v.nearest(q), v.noted())
	}
	var err error
	if v.proxies, err = c.proxies.List(ctx); err != nil {
		return nil, fmt.Errorf("the proxies cannot be listed: %w", err)
	}
	return &v, nil
}

func reading(ctx context.Context, r schema.GroupVersionResource, err error) error {
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case apierrors.IsForbidden(err):
		return fmt.Errorf("this account may not list %s in all namespaces, and a rule can only be told with all of them in view: %w", r.Resource, err)
	case apierrors.IsNotFound(err):
		return fmt.Errorf("this cluster knows no %s of %s: %w", r.Resource, r.GroupVersion(), err)
	}
	return fmt.Errorf("%s cannot be listed: %w", r.Resource, err)
}

// add takes the objects of one kind, the oldest first.
func (v *view) add(items []unstructured.Unstructured) {
	slices.SortStableFunc(items, func(a, b unstructured.Unstructured) int {
		return inventory.Older(keyOf(a), a.GetCreationTimestamp().Time, keyOf(b), b.GetCreationTimestamp().Time)
	})
	for _, item := range items {
		item.SetManagedFields(nil)
		unstructured.RemoveNestedField(item.Object, "status")
		text, err := item.MarshalJSON()
		if err != nil {
			v.notes = append(v.notes, leftOut(item, err))
			continue
		}
		objects, found := manifests.Decode("cluster", text)
		if err := found.Err(); err != nil {
			v.notes = append(v.notes, leftOut(item, err))
			continue
		}
		for _, o := range objects {
			v.revisions[o.Key()] = inventory.RevisionOf(&item)
		}
		v.objects = append(v.objects, objects...)
	}
}

func keyOf(u unstructured.Unstructured) manifests.Key {
	return manifests.Key{Group: u.GroupVersionKind().Group, Kind: u.GetKind(), Namespace: u.GetNamespace(), Name: u.GetName()}
}

// noted are the notes as the end of an error: what was left out may be just what
// is missing.
func (v *view) noted() string {
	var text strings.Builder
	for _, note := range v.notes {
		text.WriteString("\n" + words.English(note))
	}
	return text.String()
}

func leftOut(item unstructured.Unstructured, err error) split.Finding {
	return split.Found("object-left-out", split.Values{
		"object": fmt.Sprintf("%s %s/%s", item.GetKind(), item.GetNamespace(), item.GetName()), "text": err.Error(),
	})
}

// nearest names objects that may be meant.
func (v *view) nearest(q Question) string {
	var others []string
	for _, o := range v.objects {
		if o.Kind == q.Kind && len(others) < 10 {
			others = append(others, o.Namespace+"/"+o.Name)
		}
	}
	if len(others) == 0 {
		return "; it has none at all"
	}
	return "; there are " + strings.Join(others, ", ")
}

// weights are those of a rule, each destination by its name.
func (v *view) weights(q Question, rule *routing.Rule) (*Weights, error) {
	w := &Weights{Source: rule.Source, Generation: v.revisions[q.key()].Generation, Notes: slices.Clone(v.notes), read: v}
	if len(rule.Destinations) == 0 {
		return nil, mistakef("%s sends nowhere: it redirects or answers itself, and there is no split to verify", rule.Source)
	}
	if rule.Abort != nil {
		w.Notes = append(w.Notes, split.Found("rule-answers-itself", split.Values{
			"rule": rule.Source, "share": rule.Abort.Percent / 100, "status": rule.Abort.Status,
		}))
	}
	if at := slices.IndexFunc(rule.Destinations, func(d routing.Destination) bool { return d.Status != 0 }); at >= 0 {
		return nil, mistakef("%s has a destination that does not resolve, whose share is answered with %d: there is no split of versions to verify until every one of them leads to a Service%s", rule.Source, rule.Destinations[at].Status, v.noted())
	}
	destinations := slices.Clip(rule.Destinations)
	for _, n := range v.never(q, rule) {
		destinations = append(destinations, routing.Destination{Cluster: n})
	}
	names, err := v.names(q, rule.Source.String(), destinations)
	if err != nil {
		return nil, err
	}
	for i, d := range destinations {
		weight := float64(d.Weight)
		w.Destinations = append(w.Destinations, Destination{Cluster: d.Cluster.String(), Name: names[i], Weight: weight})
		at := slices.IndexFunc(w.Weights, func(o split.Weight) bool { return o.Version == names[i] })
		if at < 0 {
			w.Weights = append(w.Weights, split.Weight{Version: names[i], Weight: weight})
		} else {
			w.Weights[at].Weight += weight
		}
	}
	if !(w.Weights.Sum() > 0) {
		return nil, mistakef("the weights of %s sum to 0: every request is answered with an error", rule.Source)
	}
	return w, nil
}
