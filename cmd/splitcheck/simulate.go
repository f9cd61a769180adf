package main

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/internal/draw"
	"github.com/splitcheck/splitcheck/internal/simulate"
	"github.com/splitcheck/splitcheck/internal/terminal"
	"github.com/splitcheck/splitcheck/reports"
	"github.com/splitcheck/splitcheck/reports/words"
	"github.com/splitcheck/splitcheck/split"
)

// simulateFlags are those of `simulate`.
type simulateFlags struct {
	question      questionFlags
	truth         string
	defects       []string
	errors        string
	perConnection bool
	reuse         int
	requests      int64
	checks        int
	runs          int64
	seed          uint64
	format        string
	language      languageFlag
}

func newSimulate(std streams) *cobra.Command {
	var f simulateFlags
	cmd := &cobra.Command{
		Use:   "simulate --expect WEIGHTS --truth WEIGHTS",
		Short: "Say what a check would conclude if the traffic split differently",
		Long: `simulate says how likely a check is to come out verified, violated or inconclusive
when the traffic really splits in another way. It also says how often the checks of
other projects would pass the same traffic. It sends nothing.

--truth gives the true share of each version. --defect instead gives a fault of the
simulated mesh; samples are then drawn and judged as "run" does it. Without either,
the weights themselves are true: how often is a correct split called wrong?

With two versions the probabilities are exact. With more, and wherever the order of
requests or the connections matter, samples are drawn, and each probability has an
interval. Ctrl-C stops the drawing and shows the result so far.

Defects:
` + defectHelp(),
		Example: `  splitcheck simulate --expect v1=70,v2=30 --truth v1=65,v2=35
  splitcheck simulate --expect v1=90,v2=10 --truth v1=90,v2=10 --per-connection --reuse 10
  splitcheck simulate --expect v1=100,v2=0 --defect leak:version=v2,share=0.1%
  splitcheck simulate --expect v1=90,v2=10 --defect weights:v1=50,v2=50 --requests 100`,
		Args: none,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd, std) },
	}
	flags := cmd.Flags()
	f.question.register(cmd, true)
	flags.StringVar(&f.truth, "truth", "", "how the traffic really splits, as `WEIGHTS` (default: as expected)")
	flags.StringArrayVar(&f.defects, "defect", nil, "a fault of the simulated mesh, `KIND[:NAME=VALUE,…]`, such as leak:version=v2,share=0.5%; repeatable")
	_ = cmd.RegisterFlagCompletionFunc("defect", cobra.FixedCompletions(sampledDefects(), cobra.ShellCompDirectiveNoSpace|cobra.ShellCompDirectiveNoFileComp))
	flags.StringVar(&f.errors, "errors", "", "`SHARE` of the requests that end in errors, for all versions alike")
	flags.BoolVar(&f.perConnection, "per-connection", false, "choose a version once for each connection, not for each request")
	flags.IntVar(&f.reuse, "reuse", 0, "requests on a connection; also draws order and connections, so that the gates are tested (default: at most 10 where they are drawn)")
	flags.Int64Var(&f.requests, "requests", 0, "`N` requests in a sample (default: planned)")
	flags.IntVar(&f.checks, "checks", 1, "number `N` of checks in one run, which share its error rates")
	flags.Int64Var(&f.runs, "runs", 0, "`N` samples, where they are drawn (default: as many as take a few seconds)")
	flags.Uint64Var(&f.seed, "seed", 1, "seed of all random numbers")
	flags.StringVarP(&f.format, "output", "o", "text", outputUsage(simulationKind.built()))
	simulationKind.complete(cmd)
	f.language.register(cmd)
	return cmd
}

func (f *simulateFlags) run(cmd *cobra.Command, std streams) error {
	name, output, err := single(cmd.Context(), std, f.format)
	if err != nil {
		return err
	}
	language, err := f.language.read(std)
	if err != nil {
		return usage(err)
	}
	write, err := simulationKind.format(name, terminal.Options{Color: std.outTTY && std.color, Width: std.width, Language: language})
	if err != nil {
		return usagef("-o %s: %w", f.format, err)
	}
	experiment, document, err := f.experiment(cmd)
	if err != nil {
		return usage(err)
	}
	// The progress is for whoever waits; it never mixes with what is kept.
	progress := terminal.NewProgress(drawn(std.err, std.errTTY), std.columns, language)
	err = simulated(cmd.Context(), experiment, document, progress)
	progress.Done()
	if err != nil {
		return notMeasured(err)
	}
	if err := output(func(w io.Writer) error { return write(w, document) }); err != nil {
		return notMeasured(err)
	}
	return exitWith(document.ExitCode())
}

// simulated fills the document with what the experiment shows.
func simulated(ctx context.Context, e simulate.Experiment, document *reports.Simulation, progress *terminal.Progress) error {
	e.Progress = counted(progress, split.Found("doing-simulating", nil))
	result, err := simulate.Run(ctx, e)
	if err != nil {
		return err
	}
	document.Way, document.Runs, document.Wanted = string(result.Way), result.Runs, result.Wanted
	document.Interrupted, document.GatesAtMost = result.Interrupted, reports.Num(result.GatesAtMost)
	document.Used = reports.UsedRequests(result.Used)
	for _, each := range result.Verdicts {
		document.Verdicts = append(document.Verdicts, reports.VerdictProbability{
			Verdict: each.Verdict, Probability: reports.Num(each.Probability),
			CILow: reports.Num(each.Low), CIHigh: reports.Num(each.High), Runs: each.Runs,
		})
	}
	var peers []simulate.PeerResult
	switch {
	case e.Source != nil:
		e.Progress = counted(progress, split.Found("doing-simulating-peers", nil))
		if peers, err = simulate.PeersOf(ctx, e, min(peerRuns, result.Wanted)); err != nil {
			return err
		}
		document.Interrupted = document.Interrupted || ctx.Err() != nil
	case !e.Truth.PerConnection && e.Truth.Errors == 0:
		// What they make of either is a matter of their clients.
		peers = simulate.Peers(e.Plan.Question.Weights, e.Truth.Shares)
	}
	for _, each := range peers {
		document.Peers = append(document.Peers, reports.Peer{
			Name: each.Rule.Name, Rule: words.English(each.Rule.Says), RuleItem: &each.Rule.Says, Source: each.Rule.Source,
			Requests: each.Rule.Requests, Attempts: each.Rule.Attempts,
			First: reports.Num(each.First), Passes: reports.Num(each.Passes),
			CILow: reports.Num(each.Low), CIHigh: reports.Num(each.High),
		})
	}
	return nil
}

// peerRuns is how many samples of each size are drawn from the mesh for the
// rules of other projects, at most.
const peerRuns = 200

// counted shows how many samples are done. Several workers tell it.
func counted(progress *terminal.Progress, what split.Finding) func(done, total int64) {
	var (
		mu    sync.Mutex
		total int64
	)
	return func(done, of int64) {
		mu.Lock()
		defer mu.Unlock()
		if total != of {
			total = of
			progress.Counting(what, of)
		}
		progress.Sampled(done)
	}
}

// experiment reads the flags; the error holds every mistake in them.
func (f *simulateFlags) experiment(cmd *cobra.Command) (simulate.Experiment, *reports.Simulation, error) {
	var e simulate.Experiment
	question, mistake := f.question.question()
	mistakes := f.mistakes(cmd)
	if mistake != nil {
		return e, nil, fmt.Errorf("%s", strings.Join(append([]string{mistake.Error()}, mistakes...), "\n"))
	}
	truth, err := f.shares(question)
	if err != nil {
		mistakes = append(mistakes, err.Error())
	}
	defects, err := parseDefects(f.defects)
	if err != nil {
		mistakes = append(mistakes, err.Error())
	}
	if len(mistakes) > 0 {
		return e, nil, fmt.Errorf("%s", strings.Join(mistakes, "\n"))
	}
	question.Seed = f.seed
	question = analysis.Suite(f.checks, question)
	plan, err := analysis.NewPlan(question)
	if f.requests > 0 {
		plan, err = analysis.PlanFor(question, f.requests)
	}
	if err != nil {
		return e, nil, err
	}
	if f.perConnection && f.reuse == 0 {
		truth.Reuse = draw.Reuse(plan)
	}
	e = simulate.Experiment{Plan: plan, Truth: truth, Runs: f.runs, Seed: f.seed, Workers: runtime.GOMAXPROCS(0)}
	document := f.document(plan, truth)
	if len(defects) > 0 {
		e.Source, err = f.mesh(plan, defects)
		if err != nil {
			return e, nil, err
		}
	}
	return e, document, nil
}

func (f *simulateFlags) mistakes(cmd *cobra.Command) []string {
	var mistakes []string
	mistake := func(wrong bool, format string, args ...any) {
		if wrong {
			mistakes = append(mistakes, fmt.Sprintf(format, args...))
		}
	}
	given := cmd.Flags().Changed
	mistake(f.truth != "" && len(f.defects) > 0, "--truth and --defect both say how the traffic splits; give one of them")
	mistake(f.errors != "" && len(f.defects) > 0, "--errors goes with --truth; in the simulated mesh it is --defect errors:share=%s", f.errors)
	mistake(f.perConnection && len(f.defects) > 0, "--per-connection goes with --truth; in the simulated mesh it is --defect sticky-connection")
	mistake(given("requests") && (f.requests < 1 || f.requests > 1e9), "--requests %d is not between 1 and 1000000000", f.requests)
	mistake(given("reuse") && (f.reuse < 1 || f.reuse > 1e6), "--reuse %d is not between 1 and 1000000", f.reuse)
	mistake(given("runs") && (f.runs < 1 || f.runs > 1e9), "--runs %d is not between 1 and 1000000000", f.runs)
	mistake(f.checks < 1, "--checks %d: a run has at least one check", f.checks)
	return mistakes
}

func (f *simulateFlags) shares(q analysis.Question) (truth simulate.Truth, err error) {
	truth = simulate.Truth{Shares: q.Weights, PerConnection: f.perConnection, Reuse: f.reuse}
	if f.truth != "" {
		if truth.Shares, err = split.ParseWeights(f.truth); err != nil {
			return truth, fmt.Errorf("--truth: %w", err)
		}
	}
	if f.errors != "" {
		if truth.Errors, err = share(f.errors); err != nil || truth.Errors == 1 {
			return truth, fmt.Errorf("--errors %s is not a share below 1; write 0.002 or 0.2%%", f.errors)
		}
	}
	return truth, nil
}

func (f *simulateFlags) document(plan *analysis.Plan, truth simulate.Truth) *reports.Simulation {
	planned := reports.FromPlan(plan)
	document := &reports.Simulation{
		Schema: reports.SimulationSchema, Requests: planned.Requests, Alpha: planned.Alpha, Power: planned.Power,
		Leak: planned.Leak, Method: planned.Method, Seed: f.seed,
	}
	for _, each := range planned.Versions {
		version := reports.SimulatedVersion{PlannedVersion: each}
		if len(f.defects) == 0 {
			version.TrueShare = reports.Num(truth.Shares.Share(each.Version))
		}
		document.Versions = append(document.Versions, version)
	}
	document.Truth = reports.SimulatedTruth{Defects: f.defects, Reuse: truth.Reuse, PerConnection: truth.PerConnection}
	if len(f.defects) == 0 {
		document.Truth.Shares = truth.Shares.String()
	}
	if truth.Errors > 0 {
		document.Truth.Errors = reports.Num(truth.Errors)
	}
	return document
}
