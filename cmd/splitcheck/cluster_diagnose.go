package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"k8s.io/client-go/rest"

	"github.com/splitcheck/splitcheck/internal/cluster"
	"github.com/splitcheck/splitcheck/internal/clusterdump"
	"github.com/splitcheck/splitcheck/internal/outward"
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/kindcluster"
)

// diagnoseFlags are those of `cluster diagnose`.
type diagnoseFlags struct {
	cluster             clusterFlags
	target              string
	kubeconfig, context string
	output              string
	secrets             *outward.Secrets
}

func newClusterDiagnose(std streams) *cobra.Command {
	f := &diagnoseFlags{secrets: std.secrets}
	cmd := &cobra.Command{
		Use:   "diagnose",
		Short: "Collect what is known about the cluster in one archive, without secrets",
		Long: `diagnose gathers nodes, pods, events, the last lines of logs, routes and their
status, what each proxy carries and what istiod knows of them into one archive;
on kind the ends of the nodes' logs, and where an istioctl is at hand what its
analysis says.
Secrets are never read, and what looks like one elsewhere is blacked out; index.txt
in it says what is where, and what could not be had.`,
		Example: `  splitcheck cluster diagnose
  splitcheck cluster diagnose --target cluster --context staging -o staging.tar.gz`,
		Args: none,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd.Context(), std) },
	}
	f.cluster.register(cmd, "config")
	flags := cmd.Flags()
	f.cluster.registerName(cmd)
	registerTarget(cmd, &f.target, target.KindCluster, targetsWhere(isCluster))
	flags.StringVar(&f.kubeconfig, "kubeconfig", "", "file for --target cluster (default: $KUBECONFIG, else ~/.kube/config)")
	flags.StringVar(&f.context, "context", "", "context of the kubeconfig for --target cluster (default: its current one)")
	flags.StringVarP(&f.output, "output", "o", "splitcheck-diagnose.tar.gz", "the archive")
	return cmd
}

func (f *diagnoseFlags) run(ctx context.Context, std streams) error {
	config, others, err := f.connect(ctx)
	if err != nil {
		return err
	}
	done := showSteps(std)("Gathering what the cluster says")
	err = gather(ctx, std, config, others, f.output)
	done(err)
	if err != nil {
		return err
	}
	fmt.Fprintln(std.out, f.output)
	return nil
}

// gather writes the archive of a cluster to a file, or leaves no file.
func gather(ctx context.Context, std streams, config *rest.Config, others kindcluster.Others, file string) error {
	versions, err := cluster.Versions(ctx, config)
	if err != nil {
		// A cluster in a bad way is what this command is for.
		versions = map[string]string{"versions": "could not be had: " + err.Error()}
	}
	versions["splitcheck"] = buildVersion()
	archive, err := openOutput(ctx, absolute(std, file))
	if err != nil {
		return usagef("the archive cannot be written: %s: %w", file, err)
	}
	archive.mode = 0o600 // what is no secret may still be nobody else's business
	options := clusterdump.Options{REST: config, Versions: versions, Extra: others.Say(ctx)}
	if err := archive.write(func(w io.Writer) error { return clusterdump.Write(ctx, options, w) }); err != nil {
		return notMeasured(err)
	}
	return nil
}

// connect finds out how the cluster is reached, and who else can be asked of it.
func (f *diagnoseFlags) connect(ctx context.Context) (*rest.Config, kindcluster.Others, error) {
	connect := runTargets[f.target].connect
	if connect == nil {
		return nil, kindcluster.Others{}, usagef("--target %q is not a cluster; write %s", f.target, or(targetsWhere(isCluster)))
	}
	dir, err := cacheDir()
	if err != nil {
		return nil, kindcluster.Others{}, err
	}
	return connect(f, ctx, dir)
}

func (f *diagnoseFlags) connectExisting(_ context.Context, cacheDir string) (*rest.Config, kindcluster.Others, error) {
	config, _, err := kubeConfig(f.secrets, f.kubeconfig, f.context, ", or use --target kind")
	return config, kindcluster.Others{CacheDir: cacheDir, Kubeconfig: f.kubeconfig, Context: f.context}, err
}

func (f *diagnoseFlags) connectKind(ctx context.Context, cacheDir string) (*rest.Config, kindcluster.Others, error) {
	var none kindcluster.Others
	config, _, err := f.cluster.read()
	if err != nil {
		return nil, none, err
	}
	status, err := kindcluster.Look(ctx, kindcluster.Options{Config: config, CacheDir: cacheDir})
	switch {
	case err != nil:
		return nil, none, notMeasured(err)
	case !status.Exists:
		return nil, none, notMeasured(fmt.Errorf("there is no cluster %q to diagnose", config.Name))
	}
	connected, _, err := kubeConfig(f.secrets, status.Kubeconfig, status.Context, "")
	return connected, kindcluster.Others{
		Istioctl: config.Istio.Istioctl, CacheDir: cacheDir, Kubeconfig: status.Kubeconfig, Context: status.Context, Name: config.Name,
	}, err
}
