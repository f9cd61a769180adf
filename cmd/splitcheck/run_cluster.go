package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"runtime/debug"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/splitcheck/splitcheck/internal/appimage"
	"github.com/splitcheck/splitcheck/internal/cluster"
	"github.com/splitcheck/splitcheck/internal/ingress"
	"github.com/splitcheck/splitcheck/internal/kube"
	"github.com/splitcheck/splitcheck/internal/runner"
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/kindcluster"
	"github.com/splitcheck/splitcheck/scenarios"
	"github.com/splitcheck/splitcheck/split"
)

// openCluster makes a cluster ready for all scenarios and fills in what options
// lack. done gives back what is not a scenario's own.
func (f *runFlags) openCluster(ctx context.Context, std streams, list []*scenarios.Scenario, options *runner.Options) (done func(), err error) {
	open := cluster.Options{Keep: f.keep, Force: f.force}
	done, err = runTargets[f.target].ready(f, ctx, std, options, &open)
	if err != nil {
		return nil, err
	}
	versions, err := cluster.Versions(ctx, open.REST)
	if err != nil {
		done()
		return nil, clusterFailed(ctx, err)
	}
	options.Target.Versions = versions
	if f.diagnose != "" {
		options.Failing = func(ctx context.Context) *split.Finding {
			look := diagnoseFlags{secrets: std.secrets, cluster: f.cluster, target: f.target, kubeconfig: f.kubeconfig, context: f.context}
			config, others, err := look.connect(ctx)
			if err == nil {
				err = gather(ctx, std, config, others, f.diagnose)
			}
			found := split.Found("cluster-gathered", split.Values{"file": f.diagnose})
			if err != nil {
				found = split.Found("cluster-not-gathered", split.Values{"text": err.Error()})
			}
			return &found
		}
	}
	options.Open = func(ctx context.Context, s *scenarios.Scenario) (target.Target, error) {
		own := open
		own.Scenario, own.There = s.Name, f.there[s]
		return cluster.Open(ctx, own)
	}
	return done, nil
}

// openKind brings the kind cluster up, with the applications' image in it. Until
// done is called no other run has it.
func (f *runFlags) openKind(ctx context.Context, std streams, options *runner.Options, open *cluster.Options) (done func(), err error) {
	release, err := f.cluster.lock(ctx, std)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			release()
		}
	}()
	up, err := f.cluster.up(ctx, std)
	if err != nil {
		return nil, err
	}
	options.Target.Context = up.Context
	options.Target.URL = fmt.Sprintf("http://127.0.0.1:%d", up.Ports.Gateway)
	config, _, err := f.cluster.read()
	if err != nil {
		return nil, err
	}
	client, err := kube.New(up.REST)
	if err != nil {
		return nil, notMeasured(err)
	}
	if err := loadApps(ctx, std, up.LoadArchive, client, config.Apps, open); err != nil {
		return nil, clusterFailed(ctx, err)
	}
	ways := ingress.NewMapped(client, ingress.Ports{
		Gateway:    ingress.Port{Node: kindcluster.GatewayNodePort, Local: up.Ports.Gateway},
		Service:    ingress.Port{Node: kindcluster.ServiceNodePort, Local: up.Ports.Service},
		GatewayAPI: ingress.Port{Node: kindcluster.GatewayAPINodePort, Local: up.Ports.GatewayAPI},
	})
	open.REST, open.Ways, open.Alone = up.REST, ways, true
	if !f.noApply {
		// Only splitcheck uses this cluster; what a killed run has left there
		// would stand beside what this one brings.
		left, err := cluster.Sweep(ctx, *open)
		if len(left) > 0 {
			fmt.Fprintf(std.err, "removed what an earlier run has left: %s\n", strings.Join(left, ", "))
		}
		if err != nil {
			return nil, clusterFailed(ctx, err)
		}
	}
	return func() {
		defer release()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), entriesTimeout)
		defer cancel()
		if err := ways.Close(ctx); err != nil {
			fmt.Fprintf(std.err, "cleaning up: %v\n", err)
		}
	}, nil
}

// A loader takes an image into the nodes, as kindcluster.Cluster.LoadArchive does.
type loader func(ctx context.Context, open func() (io.ReadCloser, error), ref string) error

// loadApps makes the image of the built-in applications for the cluster's nodes
// and loads it into them. With the published images, only what is published
// nowhere runs from ours. Where it is not this very program that runs in the pods,
// the step ends with which one it is.
func loadApps(ctx context.Context, std streams, load loader, client *kube.Client, apps string, open *cluster.Options) (err error) {
	done, note := showSteps(std)("Loading the applications"), ""
	defer func() {
		done(err)
		if note != "" {
			fmt.Fprintf(std.err, "   %s\n", note)
		}
	}()
	arch, err := nodeArch(ctx, client)
	if err != nil {
		return err
	}
	image, err := buildApps(ctx, arch)
	if err != nil {
		return err
	}
	note = image.Note
	if err := load(ctx, image.Open, image.Ref); err != nil {
		return err
	}
	open.Prepare = image.Prepare
	if apps == kindcluster.Upstream {
		open.Prepare = image.PrepareUnpublished
	}
	return nil
}

// nodeArch is the architecture of the nodes, in Go's words.
func nodeArch(ctx context.Context, client *kube.Client) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, nodesTimeout, fmt.Errorf("the API server did not answer within %s", nodesTimeout))
	defer cancel()
	nodes, err := client.Nodes().List(ctx, metav1.ListOptions{})
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return "", fmt.Errorf("the nodes cannot be listed: %w", err)
	}
	found := map[string]bool{}
	for _, n := range nodes {
		if n.Labels[corev1.LabelArchStable] != "" {
			found[n.Labels[corev1.LabelArchStable]] = true
		}
	}
	if len(found) != 1 {
		return "", fmt.Errorf("the nodes are of the architectures %s; the applications' image is for one", strings.Join(slices.Sorted(maps.Keys(found)), ", "))
	}
	return slices.Collect(maps.Keys(found))[0], nil
}

func buildApps(ctx context.Context, arch string) (*appimage.Image, error) {
	executable, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("the running program's own file is not known: %w", err)
	}
	workDir, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	dir, err := cacheDir()
	if err != nil {
		return nil, err
	}
	build, _ := debug.ReadBuildInfo()
	return appimage.Build(ctx, appimage.Options{
		Executable: executable, Arch: arch, Build: build, Binary: os.Getenv(appimage.BinaryVariable),
		WorkDir: workDir, CacheDir: dir, Env: os.Environ(),
	})
}

// openExisting finds the user's own cluster.
func (f *runFlags) openExisting(_ context.Context, std streams, options *runner.Options, open *cluster.Options) (done func(), err error) {
	config, name, err := kubeConfig(std.secrets, f.kubeconfig, f.context, ", or use --target kind")
	if err != nil {
		return nil, err
	}
	options.Target.Context = name
	ways, err := ingress.NewFound(ingress.FoundOptions{REST: config, GatewayURL: f.gatewayURL, GatewayService: f.gateway})
	if err != nil {
		return nil, notMeasured(err)
	}
	open.REST, open.Ways, open.Prepare = config, ways, published
	return func() {}, nil
}

// published refuses what no node of somebody's cluster could run, and has pods of
// known applications ready no sooner than they serve.
func published(u *unstructured.Unstructured) error {
	images, err := appimage.Unpublished(u)
	if err != nil {
		return err
	}
	if len(images) == 0 {
		return appimage.ProbePublished(u)
	}
	return fmt.Errorf("the image %s is in no registry, and an existing cluster's nodes are not loaded with images; use --target kind, or a manifest with an image of your own", strings.Join(images, ", "))
}
