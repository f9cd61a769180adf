// Package cluster is the target on a Kubernetes cluster with Istio, whether it
// was made for the purpose or is the user's own. It applies a scenario's objects
// in an order that breaks nothing, waits until the proxies themselves say that
// they carry them, lets load in, gives account of what the proxies have sent,
// and takes away what it has brought. It makes no cluster and no images, and
// touches nothing that is not the scenario's unless it is told to.
package cluster

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"

	"github.com/splitcheck/splitcheck/internal/envoy"
	"github.com/splitcheck/splitcheck/internal/ingress"
	"github.com/splitcheck/splitcheck/internal/inventory"
	"github.com/splitcheck/splitcheck/internal/kube"
	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/proxies"
	"github.com/splitcheck/splitcheck/internal/target"
)

// The marks of what is ours.
const (
	// Manager is the field manager of everything that is written.
	Manager = "splitcheck"
	// ScenarioLabel is on every object that was brought in; its value names the
	// scenario.
	ScenarioLabel = "splitcheck.dev/scenario"
	// originalAnnotation holds, on an object that was overwritten by force, what
	// it was before, so that even a later run can put it back.
	originalAnnotation = "splitcheck.dev/original"
)

// Options say which cluster, and how to behave there.
type Options struct {
	REST *rest.Config
	// Ways are the ways in.
	Ways ingress.Ways
	// Prepare changes an object before it is applied, such as the images of a
	// Deployment; nil for nothing.
	Prepare func(*unstructured.Unstructured) error
	// Scenario names what the objects are for.
	Scenario string
	// There are the scenario's objects where it applies none of them: by them
	// the way in is found.
	There []manifests.Object
	// Alone says that nobody else uses the cluster. Every proxy of it is then
	// asked at the end whether it has let go of the scenario's routes, and not
	// only those that had to take them.
	Alone bool
	// Keep leaves everything in the cluster at the end.
	Keep bool
	// Force overwrites objects that are not ours, and puts them back at the end.
	Force bool
	// Guard is how long the proxies must stay the same before a change counts
	// as live; 0 for the default of one second.
	Guard time.Duration
}

// reader is what this room asks of proxies.Reader.
type reader interface {
	List(ctx context.Context, namespaces ...string) ([]proxies.Proxy, error)
	Routes(context.Context, proxies.Proxy) (envoy.Routes, error)
	Clusters(context.Context, proxies.Proxy) (envoy.Clusters, error)
	Refusals(ctx context.Context, p proxies.Proxy, within time.Duration) ([]string, error)
	Close()
}

// A Cluster is a target.Target for one scenario.
type Cluster struct {
	options Options
	kube    *kube.Client
	proxies reader

	// gatewayNamespaces are where pods that serve the scenario's Gateways were
	// found, so that not all namespaces are searched each time.
	gatewayNamespaces []string

	// changing is held by whoever changes the cluster.
	changing sync.Mutex
	closed   bool
	brought  []*brought
	// surroundings are objects of others that decide what ours mean.
	surroundings []*brought
	// seen is what decides, as it was at the last look; nil since we changed it.
	seen   map[manifests.Key]inventory.Revision
	said   map[string]bool
	ledger ledger
	graph  graph
}

var (
	_ target.Target        = (*Cluster)(nil)
	_ target.Witness       = (*Cluster)(nil)
	_ target.MirrorCounter = (*Cluster)(nil)
	_ target.Grapher       = (*Cluster)(nil)
)

var errClosed = errors.New("the target is closed")

// Open returns the target of one scenario. It changes nothing yet, but it asks
// the cluster something, so that one that cannot be reached is found out here.
func Open(ctx context.Context, options Options) (*Cluster, error) {
	config := rest.CopyConfig(options.REST)
	// A change is dozens of small requests, which client-go would spread over
	// many seconds by default.
	config.QPS, config.Burst = 200, 400
	client, err := kube.New(config)
	if err != nil {
		return nil, err
	}
	answer, cancel := context.WithTimeoutCause(ctx, answerTimeout, fmt.Errorf("no answer within %s", answerTimeout))
	defer cancel()
	if _, err := client.Version(answer); err != nil {
		if ctx.Err() == nil && answer.Err() != nil {
			err = context.Cause(answer)
		}
		return nil, fmt.Errorf("the cluster at %s does not answer: %w", config.Host, err)
	}
	look, err := proxies.NewReader(config)
	if err != nil {
		return nil, err
	}
	return open(options, client, look), nil
}

func open(options Options, client *kube.Client, look reader) *Cluster {
	if options.Guard == 0 {
		options.Guard = defaultGuard
	}
	return &Cluster{
		options: options, kube: client, proxies: look,
		said: map[string]bool{}, ledger: ledger{base: map[counter]tally{}},
	}
}
