package kindcluster

import (
	"context"
	"fmt"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/kind/pkg/apis/config/v1alpha4"
	"sigs.k8s.io/kind/pkg/cluster"

	"github.com/splitcheck/splitcheck/internal/kube"
)

// create lets kind create the nodes. kind takes no context: if ctx ends first,
// the nodes that it has created so far are deleted until it gives up.
func (u *up) create(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, createTimeout, fmt.Errorf("the nodes were not made within %s", createTimeout))
	defer cancel()
	made, err := u.nodes()
	if err != nil {
		return err
	}
	select {
	case err := <-made:
		// Somebody else may take a port between our search and its use.
		if err != nil && portTaken(err) && ctx.Err() == nil {
			if made, err = u.nodes(); err != nil {
				return err
			}
			select {
			case err = <-made:
				return u.created(ctx, err)
			case <-ctx.Done():
			}
			break
		}
		return u.created(ctx, err)
	case <-ctx.Done():
	}
	patience, done := context.WithTimeout(context.WithoutCancel(ctx), removeTimeout)
	defer done()
	for {
		// If the removal fails, kind does not give up, and we notice that.
		_ = u.cluster.remove(patience)
		select {
		case <-made:
			return context.Cause(ctx)
		case <-patience.Done():
			return fmt.Errorf("%w; kind is still working on it", context.Cause(ctx))
		case <-time.After(pollInterval):
		}
	}
}

// nodes lets kind create the nodes, with ports that are free now.
func (u *up) nodes() (made chan error, err error) {
	if u.cluster.Ports, err = u.freePorts(); err != nil {
		return nil, err
	}
	made = make(chan error, 1)
	go func() {
		made <- u.cluster.provider.Create(u.Config.Name,
			cluster.CreateWithV1Alpha4Config(&v1alpha4.Cluster{Nodes: []v1alpha4.Node{{
				Role: v1alpha4.ControlPlaneRole, Image: u.Config.NodeImage, ExtraPortMappings: u.cluster.Ports.mappings(),
			}}}),
			cluster.CreateWithKubeconfigPath(u.cluster.Kubeconfig),
			cluster.CreateWithDisplayUsage(false), cluster.CreateWithDisplaySalutation(false),
		)
	}()
	return made, nil
}

// connect writes a kubeconfig for this cluster alone, and reads it. The user's
// own kubeconfig is not touched.
func (u *up) connect(ctx context.Context) error {
	c := u.cluster
	_, err := beside(ctx, Wait{"kind to say how to reach the cluster", kindTimeout}, func() (struct{}, error) {
		return struct{}{}, c.provider.ExportKubeConfig(c.Name, c.Kubeconfig, false)
	})
	if err != nil {
		return fmt.Errorf("kind cannot say how to reach the cluster: %w", err)
	}
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(
		&clientcmd.ClientConfigLoadingRules{ExplicitPath: c.Kubeconfig},
		&clientcmd.ConfigOverrides{CurrentContext: c.Context},
	).ClientConfig()
	if err != nil {
		return fmt.Errorf("%s: %w", c.Kubeconfig, err)
	}
	config.QPS, config.Burst = 100, 200
	c.REST = config
	u.kube, err = kube.New(config)
	return err
}
