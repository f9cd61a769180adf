package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/splitcheck/splitcheck/kindcluster"
)

// clusterConfigVariable names a ClusterConfig file where no flag does.
const clusterConfigVariable = "SPLITCHECK_CLUSTER_CONFIG"

func newCluster(std streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "cluster",
		Short: "Create, inspect and remove the kind cluster",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newClusterUp(std), newClusterDown(std), newClusterStatus(std), notBuiltDiagnose())
	return cmd
}

// clusterFlags say which cluster is meant.
type clusterFlags struct {
	std        streams
	file, name string
}

func (f *clusterFlags) register(cmd *cobra.Command, withName bool) {
	cmd.Flags().StringVar(&f.file, "config", "", "a ClusterConfig `FILE` (default: the variable "+clusterConfigVariable+", or none)")
	if withName {
		cmd.Flags().StringVar(&f.name, "name", "", "the cluster's `NAME` (default: the file's, or "+kindcluster.DefaultName+")")
	}
}

// read reads the file that the flag or the variable names; without one there are
// the defaults.
func (f *clusterFlags) read() (kindcluster.Config, error) {
	config, err := readClusterConfig(f.std, f.file)
	if f.name != "" {
		config.Name = f.name
	}
	return config, err
}

func readClusterConfig(std streams, file string) (kindcluster.Config, error) {
	if file == "" {
		file = os.Getenv(clusterConfigVariable)
	}
	if file == "" {
		return kindcluster.Default(), nil
	}
	text, err := os.ReadFile(absolute(std, file))
	if err != nil {
		return kindcluster.Config{}, usagef("the cluster's file cannot be read: %w; it is named by --config or %s", err, clusterConfigVariable)
	}
	config, found := kindcluster.ReadConfig(file, text)
	if err := found.Err(); err != nil {
		return kindcluster.Config{}, usage(err)
	}
	return config, nil
}

// cacheDir is a folder of ours for what can be had again.
func cacheDir() (string, error) {
	base, err := os.UserCacheDir()
	if err != nil {
		return "", notMeasured(fmt.Errorf("there is no folder for caches: %w", err))
	}
	return filepath.Join(base, "splitcheck"), nil
}

// clusterFailed is what stopped a command on a cluster.
func clusterFailed(cmd *cobra.Command, err error) error {
	if cmd.Context().Err() != nil {
		return &exitError{code: exitInterrupted, err: err}
	}
	return notMeasured(err)
}

func newClusterUp(std streams) *cobra.Command {
	var (
		flags  = clusterFlags{std: std}
		retain bool
	)
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Create the cluster and install Istio, or use the one that is there",
		Long: strings.TrimSpace(`
Makes a kind cluster with Istio and an ingress gateway, and ends when a request
has gone through it. A cluster of the same configuration that is there is used
again. The user's own kubeconfig is not touched. What is not finished, for an
error or an interrupt, is removed again.`),
		Example: strings.TrimRight(`
  splitcheck cluster up
  splitcheck cluster up --config cluster.yaml`, "\n"),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := flags.read()
			if err != nil {
				return err
			}
			dir, err := cacheDir()
			if err != nil {
				return err
			}
			begin := time.Now()
			cluster, err := kindcluster.Up(cmd.Context(), kindcluster.Options{
				Config: config, CacheDir: dir, Steps: showSteps(std, time.Now), Retain: retain,
			})
			if err != nil {
				return clusterFailed(cmd, err)
			}
			_, err = fmt.Fprintf(std.out, "cluster %q is up after %s\n  gateway     %s\n  kubeconfig  %s\n",
				cluster.Name, seconds(time.Since(begin)), cluster.GatewayURL(), cluster.Kubeconfig)
			return err
		},
	}
	flags.register(cmd, true)
	cmd.Flags().BoolVar(&retain, "retain", false, "leave a cluster that could not be finished, to be looked at")
	return cmd
}

func newClusterDown(std streams) *cobra.Command {
	flags := clusterFlags{std: std}
	cmd := &cobra.Command{
		Use:     "down",
		Short:   "Remove the cluster",
		Example: "  splitcheck cluster down",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := flags.read()
			if err != nil {
				return err
			}
			dir, err := cacheDir()
			if err != nil {
				return err
			}
			there, err := kindcluster.Exists(cmd.Context(), config.Name)
			if err == nil && there {
				err = kindcluster.Down(cmd.Context(), config.Name, dir)
			}
			if err != nil {
				return clusterFailed(cmd, err)
			}
			words := "cluster %q is removed\n"
			if !there {
				words = "there is no cluster %q\n"
			}
			_, err = fmt.Fprintf(std.out, words, config.Name)
			return err
		},
	}
	flags.register(cmd, true)
	return cmd
}

func newClusterStatus(std streams) *cobra.Command {
	flags := clusterFlags{std: std}
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Say what is there",
		Long: strings.TrimSpace(`
Says whether the cluster is there and works, and if not, why. It ends with 0 if
it can be used, and with 5 if not.`),
		Example: "  splitcheck cluster status",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := flags.read()
			if err != nil {
				return err
			}
			dir, err := cacheDir()
			if err != nil {
				return err
			}
			report, err := kindcluster.Status(cmd.Context(), config.Name, dir)
			if err != nil {
				return clusterFailed(cmd, err)
			}
			if _, err := fmt.Fprint(std.out, statusText(report)); err != nil {
				return err
			}
			if !report.Exists || report.Wrong != "" {
				return exitWith(exitNotMeasured)
			}
			return nil
		},
	}
	flags.register(cmd, true)
	return cmd
}

// statusText shows a report to a person.
func statusText(r kindcluster.Report) string {
	if !r.Exists {
		return fmt.Sprintf("there is no cluster %q; `splitcheck cluster up` makes it\n", r.Name)
	}
	var text strings.Builder
	state := "ready"
	if r.Wrong != "" {
		state = "not ready"
	}
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&text, "  %-11s %s\n", name, value)
		}
	}
	fmt.Fprintf(&text, "cluster %q is %s\n", r.Name, state)
	var nodes []string
	for _, node := range r.Nodes {
		nodes = append(nodes, node.Name+" ("+node.State+")")
	}
	line("nodes", strings.Join(nodes, ", "))
	for _, name := range []string{"kubernetes", "istio"} {
		line(name, r.Versions[name])
	}
	line("made with", r.MadeWith)
	line("gateway", r.GatewayURL)
	line("kubeconfig", r.Kubeconfig)
	line("why", strings.ReplaceAll(r.Wrong, "\n", "\n    "))
	return text.String()
}

// showSteps shows each step on standard error as it begins and, with its time, as
// it ends; where nobody looks, only as it ends.
func showSteps(std streams, now func() time.Time) kindcluster.Steps {
	return func(what string) func(error) {
		if std.errTTY {
			fmt.Fprintf(std.err, " • %s …", what)
		}
		begin := now()
		return func(err error) {
			mark := "✓"
			if err != nil {
				mark = "✗"
			}
			if std.errTTY {
				// To the line's beginning, and nothing left of what was in it.
				fmt.Fprint(std.err, "\r\x1b[K")
			}
			fmt.Fprintf(std.err, " %s %s  %s\n", mark, what, seconds(now().Sub(begin)))
		}
	}
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
