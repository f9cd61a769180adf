package main

import (
	"github.com/spf13/cobra"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/reports"
)

func newPlan(std streams) *cobra.Command {
	var (
		asked  questionFlags
		format string
		checks int
	)
	cmd := &cobra.Command{
		Use:   "plan --expect WEIGHTS",
		Short: "How many requests, and seconds at a rate, a question needs",
		Long: `plan says how many requests it takes to verify a correct split with probability
--power and to call one violated that is off by --margin, wrong with probability
--alpha at most. It sends nothing.`,
		Example: `  splitcheck plan --expect v1=90,v2=10
  splitcheck plan --expect v1=99,v2=1 --margin 0.5%
  splitcheck plan --expect v1=80,v2=20 --alpha 0.01 --power 0.99 -o json`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			question, err := asked.question()
			if err != nil {
				return err
			}
			if checks < 1 {
				return usagef("--checks %d: a suite has at least one check", checks)
			}
			plan, err := analysis.NewPlan(analysis.Suite(checks, question))
			if err != nil {
				return usage(err)
			}
			write, err := reports.LookupPlan(format, reports.Options{Color: std.outTTY && std.color, Width: std.width})
			if err != nil {
				return usagef("-o %s: %w", format, err)
			}
			return write(std.out, reports.FromPlan(plan))
		},
	}
	asked.register(cmd, true)
	cmd.Flags().IntVar(&checks, "checks", 1, "plan for one of this many checks in one invocation, which share the suite's error rates")
	cmd.Flags().StringVarP(&format, "output", "o", "text", "text or json")
	return cmd
}
