package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/client-go/rest"

	"github.com/splitcheck/splitcheck/internal/cluster"
	"github.com/splitcheck/splitcheck/internal/gateway"
	"github.com/splitcheck/splitcheck/internal/outward"
	"github.com/splitcheck/splitcheck/internal/runner"
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/kindcluster"
	"github.com/splitcheck/splitcheck/scenarios"
)

// A runTarget is what `run` knows of one kind of target. Help, completion and
// refusals are made from the table of them, and from what target.Kinds says that
// each is.
type runTarget struct {
	simulated bool
	// rate is the default rate in requests per second; 0 is as fast as it goes.
	rate float64
	// flags are those that not all targets have a use for, and this one has.
	flags []string
	// read reads its flags. What can be opened by them alone is opened by
	// options.Open.
	read func(f *runFlags, options *runner.Options) error
	// refuses says why it cannot run a scenario; narrowed is what is left of it
	// by --step and --no-apply. It is nil for a target that can run them all.
	refuses func(f *runFlags, s, narrowed *scenarios.Scenario) error
	// ready makes a cluster ready for a run, and done gives it back. It is nil
	// for a target that is no cluster.
	ready func(f *runFlags, ctx context.Context, std streams, options *runner.Options, open *cluster.Options) (done func(), err error)
	// connect finds a cluster that `cluster diagnose` can ask, and who else can
	// be asked of it. It is nil for a target that is no cluster.
	connect func(f *diagnoseFlags, ctx context.Context, cacheDir string) (*rest.Config, kindcluster.Others, error)
}

// onCluster are the flags that every cluster has a use for.
var onCluster = []string{"no-apply", "keep", "force", "diagnose"}

var runTargets = map[string]runTarget{
	target.Sim: {
		simulated: true,
		flags:     []string{"apply-delay"},
		read:      (*runFlags).readSim,
	},
	target.KindCluster: {
		flags:   append([]string{"cluster-config"}, onCluster...),
		read:    func(*runFlags, *runner.Options) error { return nil },
		ready:   (*runFlags).openKind,
		connect: (*diagnoseFlags).connectKind,
	},
	target.Cluster: {
		rate:    liveRate,
		flags:   append([]string{"gateway-url", "gateway", "kubeconfig", "context"}, onCluster...),
		read:    (*runFlags).readExisting,
		ready:   (*runFlags).openExisting,
		connect: (*diagnoseFlags).connectExisting,
	},
	target.Gateway: {
		rate:    liveRate,
		flags:   append([]string{"gateway-url", "no-apply", "settle"}, wayNames...),
		read:    (*runFlags).readGateway,
		refuses: (*runFlags).readOnly,
	},
}

// targetsWhere are the names of those targets for which the condition holds.
func targetsWhere(holds func(runTarget) bool) []string {
	return slices.DeleteFunc(target.KindNames(), func(name string) bool { return !holds(runTargets[name]) })
}

func isCluster(t runTarget) bool { return t.connect != nil }

// targetsHelp lists the targets for the help of `run`.
func targetsHelp() string {
	var lines []string
	for i, each := range target.Kinds {
		line := fmt.Sprintf("  %-8s %s", each.Name, each.Is)
		if i == 0 {
			line += " (default)"
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// ratesHelp says what the default rate is on which targets.
func ratesHelp() string {
	return fmt.Sprintf("0 on %s, %d elsewhere", and(targetsWhere(func(t runTarget) bool { return t.rate == 0 })), liveRate)
}

// registerTarget makes the flag --target.
func registerTarget(cmd *cobra.Command, to *string, standard string, names []string) {
	cmd.Flags().StringVar(to, "target", standard, or(names))
	_ = cmd.RegisterFlagCompletionFunc("target", cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp))
}

// unmeant refuses the flags that were given and have no meaning on the target.
func (f *runFlags) unmeant(cmd *cobra.Command) error {
	var mistakes []error
	told := map[string]bool{}
	for _, name := range target.KindNames() {
		for _, flag := range runTargets[name].flags {
			if told[flag] || !cmd.Flags().Changed(flag) || slices.Contains(runTargets[f.target].flags, flag) {
				continue
			}
			told[flag] = true
			mistakes = append(mistakes, fmt.Errorf("--%s is for --target %s, not for %s", flag,
				or(targetsWhere(func(t runTarget) bool { return slices.Contains(t.flags, flag) })), f.target))
		}
	}
	return errors.Join(mistakes...)
}

func (f *runFlags) readSim(options *runner.Options) error {
	if f.applyDelay < 0 || f.applyDelay > longest {
		return fmt.Errorf("--apply-delay %s is not between 0 and 1h", f.applyDelay)
	}
	if f.applyDelay == 0 {
		f.applyDelay = -1 // at once; the zero value is the mesh's default
	}
	options.Open = openSim(f.load.seed, f.applyDelay)
	return nil
}

func (f *runFlags) readGateway(options *runner.Options) error {
	if f.gatewayURL == "" {
		return errors.New("--gateway-url is missing: say where the gateway is, such as http://127.0.0.1:8080")
	}
	opened, err := gateway.New(f.gatewayURL)
	if err != nil {
		return fmt.Errorf("--gateway-url: %w", err)
	}
	way, err := f.way.way(f.output.std)
	if err := errors.Join(err, checkSettle(f.settle)); err != nil {
		return err
	}
	options.Draw.Settle = f.settle
	options.Target.URL = outward.URL(f.gatewayURL)
	options.Open = openGateway(opened.By(way))
	return nil
}

func (f *runFlags) readExisting(options *runner.Options) error {
	if f.gatewayURL != "" {
		if _, err := gateway.New(f.gatewayURL); err != nil {
			return fmt.Errorf("--gateway-url: %w", err)
		}
	}
	options.Target.URL = outward.URL(f.gatewayURL)
	if f.gateway == "" {
		return nil
	}
	namespace, name, ok := strings.Cut(f.gateway, "/")
	switch {
	case !ok || namespace == "" || name == "" || strings.Contains(name, "/"):
		return fmt.Errorf("--gateway %s is not NAMESPACE/NAME, such as istio-ingress/istio-ingress", f.gateway)
	case f.gatewayURL != "":
		return errors.New("--gateway and --gateway-url name two gateways; give one")
	}
	return nil
}

// readOnly refuses what nobody can do who has but a gateway's URL.
func (f *runFlags) readOnly(s, narrowed *scenarios.Scenario) error {
	if !f.noApply && changesMesh(s) {
		return fmt.Errorf("it changes the mesh, and the gateway target is read-only; add --step NAME --no-apply to run the checks of one step on what is there (steps: %s)", strings.Join(stepNames(s), ", "))
	}
	for _, step := range narrowed.Steps {
		for _, check := range step.Checks {
			if check.Request.Via.Service != "" {
				return fmt.Errorf("check %s enters by service/%s, which the gateway target cannot reach; use `verify URL`", check.Name, check.Request.Via.Service)
			}
			if check.Mirrored != "" {
				return fmt.Errorf("check %s counts mirrored requests, which cannot be seen from a gateway", check.Name)
			}
		}
	}
	return nil
}

// and joins names as a sentence does, or likewise.
func and(names []string) string { return joined(names, " and ") }
func or(names []string) string  { return joined(names, " or ") }

func joined(names []string, last string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + last + names[len(names)-1]
}
