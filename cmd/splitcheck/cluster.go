package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/splitcheck/splitcheck/kindcluster"
	"github.com/splitcheck/splitcheck/reports"
)

// configVariable names the configuration file if no flag does.
const configVariable = "SPLITCHECK_CLUSTER_CONFIG"

func newCluster(std streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "cluster",
		Short: "Create, inspect and remove the kind cluster",
		Long: `cluster makes a kind cluster with Istio and an ingress gateway that answers at
127.0.0.1. It needs Docker. ` + "`run --target kind`" + ` makes it if it is not there;
these commands make it beforehand, show its state and remove it.`,
		Args: none,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newClusterUp(std), newClusterDown(std), newClusterStatus(std), newClusterDiagnose(std))
	return cmd
}

// clusterFlags say which kind cluster is meant.
type clusterFlags struct{ config, name string }

func (f *clusterFlags) register(cmd *cobra.Command, config string) {
	cmd.Flags().StringVar(&f.config, config, "", "ClusterConfig file (default: $"+configVariable+", else the pinned releases)")
}

// registerName adds the flag that names a cluster.
func (f *clusterFlags) registerName(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.name, "name", "", "the kind cluster's name (default: that of the file, else "+kindcluster.DefaultName+")")
}

// read returns the cluster's configuration, with the name that was asked for, and
// the folder for what is kept of it between runs.
func (f *clusterFlags) read() (config kindcluster.Config, cache string, err error) {
	file := f.config
	if file == "" {
		file = os.Getenv(configVariable)
	}
	config = kindcluster.Default()
	if file != "" {
		text, err := os.ReadFile(file)
		if err != nil {
			return config, "", usagef("the configuration file cannot be read: %w", err)
		}
		read, found := kindcluster.ReadConfig(file, text)
		if err := found.Err(); err != nil {
			return config, "", usage(err)
		}
		config = read
	}
	if f.name != "" {
		config.Name = f.name
	}
	cache, err = cacheDir()
	return config, cache, err
}

// cacheDir is a folder for what is kept between runs.
func cacheDir() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", notMeasured(fmt.Errorf("there is no folder for the cache; set XDG_CACHE_HOME or HOME: %w", err))
	}
	return filepath.Join(dir, "splitcheck"), nil
}

func newClusterUp(std streams) *cobra.Command {
	f := &clusterFlags{}
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Create the cluster and install Istio, or check the one that is there",
		Example: strings.TrimRight(`
  splitcheck cluster up
  splitcheck cluster up --config cluster.yaml`, "\n"),
		Args: none,
		RunE: func(cmd *cobra.Command, _ []string) error {
			release, err := f.lock(cmd.Context(), std)
			if err != nil {
				return err
			}
			defer release()
			c, err := f.up(cmd.Context(), std)
			if err != nil {
				return err
			}
			fmt.Fprintf(std.out, "gateway     http://127.0.0.1:%d\nkubeconfig  %s\n", c.Ports.Gateway, c.Kubeconfig)
			return nil
		},
	}
	f.register(cmd, "config")
	return cmd
}

// lock keeps other commands of this machine from changing the cluster, and waits
// for one that does.
func (f *clusterFlags) lock(ctx context.Context, std streams) (release func(), err error) {
	config, dir, err := f.read()
	if err != nil {
		return nil, err
	}
	release, err = kindcluster.Lock(ctx, config.Name, dir, func(other string) {
		if other != "" {
			other = " (" + other + ")"
		}
		fmt.Fprintf(std.err, "another splitcheck%s is working on cluster %q; waiting\n", other, config.Name)
	})
	if err != nil {
		return nil, clusterFailed(ctx, err)
	}
	return release, nil
}

// up brings the cluster up and shows the steps. It has to be locked.
func (f *clusterFlags) up(ctx context.Context, std streams) (*kindcluster.Cluster, error) {
	config, dir, err := f.read()
	if err != nil {
		return nil, err
	}
	c, err := kindcluster.Up(ctx, kindcluster.Options{Config: config, CacheDir: dir, Steps: showSteps(std)})
	if err != nil {
		return nil, clusterFailed(ctx, err)
	}
	return c, nil
}

// clusterFailed is what stopped a command on a cluster.
func clusterFailed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return &exitError{code: reports.ExitInterrupted, err: err}
	}
	return notMeasured(err)
}

// showSteps shows each step when it ends, with its time; on a terminal also when
// it begins.
func showSteps(std streams) kindcluster.Steps {
	return func(what string) func(error) {
		began := time.Now()
		// A line that does not fit could not be cleared.
		begun := std.columns != nil && utf8.RuneCountInString(what)+6 < std.columns()
		if begun {
			fmt.Fprintf(std.err, " • %s …", what)
		}
		return func(err error) {
			mark := "✓"
			if err != nil {
				mark = "✗"
			}
			if begun {
				fmt.Fprint(drawn(std.err, true), "\r\x1b[K")
			}
			fmt.Fprintf(std.err, " %s %s (%.1f s)\n", mark, what, time.Since(began).Seconds())
		}
	}
}

func newClusterDown(std streams) *cobra.Command {
	f := &clusterFlags{}
	cmd := &cobra.Command{
		Use:     "down",
		Short:   "Remove the cluster",
		Example: "  splitcheck cluster down",
		Args:    none,
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, dir, err := f.read()
			if err != nil {
				return err
			}
			release, err := f.lock(cmd.Context(), std)
			if err != nil {
				return err
			}
			defer release()
			there, err := kindcluster.Exists(cmd.Context(), config.Name)
			if err != nil {
				return notMeasured(err)
			}
			if !there {
				fmt.Fprintf(std.err, "there is no cluster %q\n", config.Name)
				return nil
			}
			done := showSteps(std)(fmt.Sprintf("Removing cluster %q", config.Name))
			err = kindcluster.Down(cmd.Context(), config.Name, dir)
			done(err)
			if err != nil {
				return notMeasured(err)
			}
			return nil
		},
	}
	f.register(cmd, "config")
	f.registerName(cmd)
	return cmd
}

func newClusterStatus(std streams) *cobra.Command {
	f := &clusterFlags{}
	cmd := &cobra.Command{
		Use:     "status",
		Short:   "Show the state of the cluster, and whether a scenario could run",
		Example: "  splitcheck cluster status",
		Args:    none,
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, dir, err := f.read()
			if err != nil {
				return err
			}
			s, err := kindcluster.Look(cmd.Context(), kindcluster.Options{Config: config, CacheDir: dir})
			if err != nil {
				return notMeasured(err)
			}
			return showStatus(std, s)
		},
	}
	f.register(cmd, "config")
	f.registerName(cmd)
	return cmd
}

// showStatus prints a status. A cluster that could not run a scenario is no
// success, so that scripts can ask.
func showStatus(std streams, s kindcluster.Status) error {
	if !s.Exists {
		fmt.Fprintf(std.out, "there is no cluster %q; `splitcheck cluster up` makes it\n", s.Name)
		return exitWith(reports.ExitNotMeasured)
	}
	table := tabwriter.NewWriter(std.out, 0, 8, 2, ' ', 0)
	state := "ready"
	if !s.Ready {
		state = "not ready"
	}
	fmt.Fprintf(table, "cluster\t%s\nstate\t%s\n", s.Name, state)
	for _, open := range s.Open {
		fmt.Fprintf(table, "\t%s\n", strings.ReplaceAll(open, "\n", "\n\t"))
	}
	if s.Ours {
		fmt.Fprintf(table, "made from\t%s\nkubernetes\t%s\nistio\t%s\ngateway\thttp://127.0.0.1:%d\n",
			s.Made, s.Versions["kubernetes"], s.Versions["istio"], s.Ports.Gateway)
	}
	fmt.Fprintf(table, "kubeconfig\t%s\ncontext\t%s\n", s.Kubeconfig, s.Context)
	if err := table.Flush(); err != nil {
		return err
	}
	if !s.Ready {
		return exitWith(reports.ExitNotMeasured)
	}
	return nil
}
