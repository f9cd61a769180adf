package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/splitcheck/splitcheck/reports"
)

// execute is the program: a function of its arguments and streams that returns
// an exit code.
func execute(ctx context.Context, args []string, std streams) int {
	std = std.guarded(args)
	root := newRoot(std)
	root.SetArgs(args)
	root.SetIn(std.in)
	root.SetOut(std.out)
	root.SetErr(std.err)
	err := root.ExecuteContext(ctx)
	var exit *exitError
	said := err != nil && (!errors.As(err, &exit) || exit.err != nil)
	switch {
	case said && ctx.Err() != nil && errors.Is(err, context.Canceled) && (exit == nil || exit.code != reports.ExitInterrupted):
		// An error with that code says what was interrupted.
		fmt.Fprintln(std.err, "splitcheck: interrupted")
	case said:
		fmt.Fprintf(std.err, "splitcheck: %s\n", std.secrets.Hide(err.Error()))
	}
	if said && ctx.Err() != nil {
		// What failed then has failed because it was ended.
		return reports.ExitInterrupted
	}
	return exitCode(err)
}

func newRoot(std streams) *cobra.Command {
	root := &cobra.Command{
		Use:   "splitcheck",
		Short: "Does the traffic really split the way the weights say?",
		Long: strings.TrimSpace(`
splitcheck verifies canary weights in Istio and the Gateway API with evidence: it
drives load, tells from each answer which version served it, and tests whether
the observed split matches the configured weights, at error rates that are known.

Exit codes: 0 verified, 1 violated, 2 bad usage or bad scenario, 3 inconclusive,
4 the new weights never took effect, 5 could not measure, 130 interrupted.`),
		Example: strings.TrimRight(`
  splitcheck run version-test-90-10                     a built-in scenario on the simulated mesh
  splitcheck verify http://127.0.0.1:8080/version.html \
      --expect v1=90,v2=10 --identify 'body:(v[12])'    a live split, once
  splitcheck analyze 1.txt --expect v1=90,v2=10         what a curl loop has shown
  splitcheck plan --expect v1=90,v2=10                  how many requests it takes`, "\n"),
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          none,
		Version:       versionLine(),
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(flagError)
	root.SetVersionTemplate("{{.Version}}\n")
	root.AddCommand(
		newRun(std), newVerify(std), newAnalyze(std), newPlan(std), newSimulate(std),
		newScenarios(std), newSim(std), newApp(std), newCluster(std), newReport(std), newVersion(std),
	)
	root.AddCommand(notBuilt()...)
	wrapHelp(root)
	onlyOnce(root)
	return root
}

// notBuilt are the commands of the contract that do not exist yet: they say so,
// rather than being unknown or half there.
func notBuilt() []*cobra.Command {
	return []*cobra.Command{
		later("conformance", "Run the whole built-in suite on a target as one gate"),
	}
}

func later(use, short string) *cobra.Command {
	return &cobra.Command{
		Use:                use,
		Short:              short + " (not built yet)",
		DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, arg := range args {
				if arg == "-h" || arg == "--help" {
					return cmd.Help()
				}
			}
			return usagef("`%s` is not built yet", cmd.CommandPath())
		},
	}
}
