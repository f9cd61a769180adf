package main

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/internal/gateway"
	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/mesh"
	"github.com/splitcheck/splitcheck/internal/runner"
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/internal/terminal"
	"github.com/splitcheck/splitcheck/reports"
	"github.com/splitcheck/splitcheck/scenarios"
)

// liveRate is the default rate, in requests per second, where the traffic is
// somebody's live system.
const liveRate = 100

// runFlags are those of `run`.
type runFlags struct {
	all        bool
	target     string
	gatewayURL string
	gateway    string
	step       string
	noApply    bool
	applyDelay time.Duration
	settle     time.Duration
	cluster    clusterFlags
	kubeconfig string
	context    string
	keep       bool
	force      bool
	dryRun     bool
	diagnose   string
	question   questionFlags
	load       loadFlags
	way        wayFlags
	output     outputFlags
	// there are the objects on which a scenario stands that applies none.
	there map[*scenarios.Scenario][]manifests.Object
}

func newRun(std streams) *cobra.Command {
	f := &runFlags{output: outputFlags{std: std}, there: map[*scenarios.Scenario][]manifests.Object{}}
	cmd := &cobra.Command{
		Use:   "run SCENARIO...",
		Short: "Run scenario files, folders, or built-in scenarios by name",
		Long: `run deploys a scenario's applications, applies its steps one after the other,
waits until each is live, draws a sample for each check and judges it. All checks
of one invocation are one suite, which is wrong once in 200 times at most.

Targets:
` + targetsHelp() + `

On kind and cluster, what a scenario brings is labelled splitcheck.dev/scenario
and removed after the run; objects of others are left alone.`,
		Example: `  splitcheck run version-test-90-10
  splitcheck run ./canary/scenario.yaml -o json=report.json
  splitcheck run --all
  splitcheck run version-test-90-10 --target kind
  splitcheck run bookinfo-shift --target gateway --gateway-url http://127.0.0.1:8080 \
      --step 50-50 --no-apply`,
		ValidArgsFunction: completeScenarios,
		RunE:              func(cmd *cobra.Command, args []string) error { return f.run(cmd, std, args) },
	}
	flags := cmd.Flags()
	flags.BoolVar(&f.all, "all", false, "run every built-in scenario")
	flags.StringVar(&f.step, "step", "", "run only the step with this `NAME`")
	_ = cmd.RegisterFlagCompletionFunc("step", completeSteps) // The flag is there.
	flags.BoolVar(&f.noApply, "no-apply", false, "change nothing; run the checks of --step on what is there")
	flags.BoolVar(&f.dryRun, "dry-run", false, "print how many requests each check would send, and send nothing")
	under(cmd, aboutTarget, func() { f.registerTarget(cmd) })
	under(cmd, aboutQuestion, func() { f.question.register(cmd, false) })
	under(cmd, aboutWay, func() { f.way.register(cmd) })
	under(cmd, aboutLoad, func() { f.load.register(cmd, ratesHelp()) })
	under(cmd, aboutOutput, func() { f.output.register(cmd) })
	groupHelp(cmd, aboutTarget, aboutQuestion, aboutWay, aboutLoad, aboutOutput)
	return cmd
}

func (f *runFlags) registerTarget(cmd *cobra.Command) {
	flags := cmd.Flags()
	registerTarget(cmd, &f.target, target.Sim, target.KindNames())
	flags.StringVar(&f.gatewayURL, "gateway-url", "", "`URL` of the gateway, for --target gateway; for cluster it is found")
	flags.StringVar(&f.gateway, "gateway", "", "`NAMESPACE/NAME` of the gateway's Service, for --target cluster (default: the one that the scenario's Gateways select)")
	f.cluster.register(cmd, "cluster-config")
	flags.StringVar(&f.kubeconfig, "kubeconfig", "", "`FILE` for --target cluster (default: $KUBECONFIG, else ~/.kube/config)")
	flags.StringVar(&f.context, "context", "", "`CONTEXT` of the kubeconfig, for --target cluster (default: its current one)")
	flags.BoolVar(&f.keep, "keep", false, "leave the scenarios' objects in the cluster")
	flags.BoolVar(&f.force, "force", false, "overwrite objects that splitcheck did not create, and restore them at the end")
	flags.StringVar(&f.diagnose, "diagnose", "", "when a scenario fails on kind or cluster, write what \"cluster diagnose\" collects to `FILE` before it is removed")
	registerSettle(cmd, &f.settle, "how long the split may take to be steady, for --target gateway; 0 counts from the first answer")
	flags.DurationVar(&f.applyDelay, "apply-delay", 100*time.Millisecond, "how long a change takes to reach the first proxy of the simulated mesh")
}

func (f *runFlags) run(cmd *cobra.Command, std streams, args []string) error {
	list, err := f.scenarios(std, args)
	options, bad := f.options(cmd)
	if err := errors.Join(err, bad); err != nil {
		return usage(err)
	}
	if f.dryRun {
		return dryRun(std, list, options.Overrides)
	}
	if runTargets[f.target].ready == nil {
		return perform(cmd.Context(), std, list, options, &f.output)
	}
	// What can be refused without a cluster is refused before there is one.
	if err := runner.Answerable(list, options.Overrides); err != nil {
		return usage(err)
	}
	if len(list) == 0 {
		return usagef("none of the scenarios runs on %s", f.target)
	}
	for i, s := range list {
		list[i] = s.OnCluster()
	}
	done, err := f.openCluster(cmd.Context(), std, list, &options)
	if err != nil {
		return err
	}
	defer done()
	return perform(cmd.Context(), std, list, options, &f.output)
}

// perform runs a suite and writes its report.
func perform(ctx context.Context, std streams, list []*scenarios.Scenario, options runner.Options, output *outputFlags) error {
	_, err := await(ctx, func() (struct{}, error) { return struct{}{}, runner.Answerable(list, options.Overrides) })
	if err != nil {
		return usage(err)
	}
	out, err := output.open(ctx)
	if err != nil {
		return err
	}
	// The progress is for whoever waits; it never mixes with what is kept.
	progress := terminal.NewProgress(drawn(std.err, std.errTTY), std.columns, out.language)
	options.Progress, options.Secrets = progress, std.secrets
	report := runner.Run(ctx, list, options)
	report.Generator = "splitcheck " + buildVersion()
	if err := out.write(report); err != nil {
		return notMeasured(err)
	}
	return exitWith(report.ExitCode())
}

// scenarios resolves the arguments. The error holds every mistake in all of
// them.
func (f *runFlags) scenarios(std streams, args []string) ([]*scenarios.Scenario, error) {
	switch {
	case f.all && len(args) > 0:
		return nil, usagef("--all runs the built-in scenarios; do not name any others")
	case f.all:
		args = scenarios.BuiltinNames()
	case len(args) == 0:
		return nil, usagef("which scenario? a file, a folder, or one of: %s", strings.Join(scenarios.BuiltinNames(), ", "))
	}
	list, err := findScenarios(std, args)
	if err != nil {
		return nil, err
	}
	var mistakes []string
	for i, s := range list {
		narrowed, err := f.narrow(s)
		if err != nil {
			mistakes = append(mistakes, fmt.Sprintf("%s: %v", s.Name, err))
			continue
		}
		list[i] = narrowed
	}
	if f.all {
		// --all is what the target can run; a scenario asked for by name that
		// it cannot run is a mistake.
		list = slices.DeleteFunc(list, func(s *scenarios.Scenario) bool { return !runsOn(s, f.target) })
	}
	for _, s := range list {
		if !runsOn(s, f.target) {
			mistakes = append(mistakes, fmt.Sprintf("%s: runs on %s, not on %s", s.Name, strings.Join(s.Targets, ", "), f.target))
		}
	}
	if len(mistakes) > 0 {
		return nil, usagef("%s", strings.Join(mistakes, "\n"))
	}
	return list, nil
}

func runsOn(s *scenarios.Scenario, kind string) bool {
	return len(s.Targets) == 0 || slices.Contains(s.Targets, kind)
}

// narrow applies --step and --no-apply, and refuses what a read-only target
// cannot do.
func (f *runFlags) narrow(s *scenarios.Scenario) (*scenarios.Scenario, error) {
	narrowed := *s
	if f.step != "" {
		at := slices.IndexFunc(s.Steps, func(step scenarios.Step) bool { return step.Name == f.step })
		if at < 0 {
			return nil, fmt.Errorf("there is no step %q; its steps are %s", f.step, strings.Join(stepNames(s), ", "))
		}
		if !f.noApply {
			// A step stands on what the ones before it have left.
			narrowed.Steps = withoutChecks(s.Steps[:at+1])
		} else {
			f.there[&narrowed] = s.Standing(f.step)
			narrowed.Steps = []scenarios.Step{{Name: s.Steps[at].Name, Checks: s.Steps[at].Checks}}
			narrowed.Deploy = nil
		}
	}
	if f.noApply && f.step == "" {
		return nil, errors.New("--no-apply needs --step: say which step's state is there")
	}
	if refuses := runTargets[f.target].refuses; refuses != nil {
		return &narrowed, refuses(f, s, &narrowed)
	}
	return &narrowed, nil
}

// changesMesh reports whether a scenario brings anything with it.
func changesMesh(s *scenarios.Scenario) bool {
	return len(s.Deploy) > 0 || slices.ContainsFunc(s.Steps, runner.Changes)
}

// withoutChecks keeps the checks of the last step only.
func withoutChecks(steps []scenarios.Step) []scenarios.Step {
	kept := slices.Clone(steps)
	for i := range kept[:len(kept)-1] {
		kept[i].Checks = nil
	}
	return kept
}

func stepNames(s *scenarios.Scenario) []string {
	names := make([]string, len(s.Steps))
	for i, step := range s.Steps {
		names[i] = step.Name
	}
	return names
}

func (f *runFlags) options(cmd *cobra.Command) (runner.Options, error) {
	options := runner.Options{Seed: f.load.seed}
	if err := f.load.check(); err != nil {
		return options, err
	}
	overrides, err := f.overrides()
	if err != nil {
		return options, err
	}
	options.Overrides = overrides
	seed := f.load.seed
	options.Reproduction = &reports.Reproduction{Command: commandLine(cmd), Seed: &seed}
	kind, known := runTargets[f.target]
	if !known {
		return options, usagef("--target %q is unknown; there are %s", f.target, and(target.KindNames()))
	}
	options.Target = reports.Target{Kind: f.target, Simulated: kind.simulated}
	options.Draw.Rate = kind.rate
	if err := errors.Join(f.unmeant(cmd), kind.read(f, &options)); err != nil {
		return options, usage(err)
	}
	return options, nil
}

// overrides reads the flags that take precedence over what scenarios say.
func (f *runFlags) overrides() (runner.Overrides, error) {
	o := runner.Overrides{
		Requests: f.load.requests, Connections: f.load.connections,
		Reuse: f.load.reuse, Timeout: f.load.timeout,
	}
	if f.load.cmd.Flags().Changed("rate") {
		o.Rate = &f.load.rate
	}
	var q analysis.Question
	// A margin may name versions that only the checks know; the flag itself stays
	// as it is, for the report repeats it.
	margin, rest := f.question.margin, f.question
	rest.margin = ""
	if err := rest.settings(&q); err != nil {
		return o, usage(err)
	}
	o.Alpha, o.Power, o.Leak, o.Method = q.Alpha, q.Power, q.Leak, q.Method
	if q.MaxErrors >= 0 {
		o.MaxErrors = &q.MaxErrors
	}
	if margin != "" {
		margins, err := parseMargins(margin, nil)
		if err == nil && !strings.Contains(margin, "=") {
			o.Margin, err = share(margin)
		}
		if err != nil {
			return o, usagef("--margin: %w", err)
		}
		o.Margins = margins
	}
	return o, nil
}

func openSim(seed uint64, delay time.Duration) func(context.Context, *scenarios.Scenario) (target.Target, error) {
	return func(_ context.Context, s *scenarios.Scenario) (target.Target, error) {
		return mesh.New(mesh.Options{Seed: seedOf(seed, s.Name), ApplyDelay: delay}), nil
	}
}

// seedOf gives each scenario draws of its own: with the same ones, scenarios that
// have a split in common would have one sample in common, and one unlucky seed
// would fail them all.
func seedOf(seed uint64, scenario string) uint64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%d %s", seed, scenario)
	return h.Sum64()
}

func openGateway(opened *gateway.Gateway) func(context.Context, *scenarios.Scenario) (target.Target, error) {
	return func(context.Context, *scenarios.Scenario) (target.Target, error) { return opened, nil }
}
