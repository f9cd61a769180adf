package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/internal/terminal"
	"github.com/splitcheck/splitcheck/reports"
)

// planFlags are those of `plan`.
type planFlags struct {
	question questionFlags
	checks   int
	requests int64
	errors   string
	rate     float64
	format   string
	language languageFlag
}

func newPlan(std streams) *cobra.Command {
	var f planFlags
	cmd := &cobra.Command{
		Use:   "plan --expect WEIGHTS",
		Short: "Say how many requests a check needs, and how long they take",
		Long: `plan says how many requests are needed to verify a correct split, and to call a split
violated that is off by --margin. Each verdict is right with probability --power at
least, and wrong with probability --alpha at most. It sends nothing.

With --requests it says the opposite: what that many requests can show. With --errors
it plans for a share of requests that end in errors. Such a request may have been for
any version, so more requests are needed, or no number is enough.`,
		Example: `  splitcheck plan --expect v1=90,v2=10
  splitcheck plan --expect v1=99,v2=1 --margin 0.5% --rate 200
  splitcheck plan --expect v1=70,v2=30 --requests 500      what Gateway API's 500 requests can show
  splitcheck plan --expect v1=90,v2=10 --errors 0.1%
  splitcheck plan --expect v1=80,v2=20 --alpha 0.01 --power 0.99 -o json`,
		Args: none,
		RunE: func(cmd *cobra.Command, _ []string) error {
			name, output, err := single(cmd.Context(), std, f.format)
			if err != nil {
				return err
			}
			language, err := f.language.read(std)
			if err != nil {
				return usage(err)
			}
			write, err := planKind.format(name, terminal.Options{Color: std.outTTY && std.color, Width: std.width, Language: language})
			if err != nil {
				return usagef("-o %s: %w", f.format, err)
			}
			document, err := await(cmd.Context(), func() (*reports.Plan, error) { return f.plan(cmd) })
			if err != nil {
				return err
			}
			return output(func(w io.Writer) error { return write(w, document) })
		},
	}
	f.question.register(cmd, true)
	flags := cmd.Flags()
	flags.IntVar(&f.checks, "checks", 1, "number `N` of checks in one run, which share its error rates")
	flags.Int64Var(&f.requests, "requests", 0, "say what `N` requests can show")
	flags.StringVar(&f.errors, "errors", "", "`SHARE` of the requests that may end in errors, such as 0.1%")
	flags.Float64Var(&f.rate, "rate", 0, "say how long it takes at `N` requests per second (default: at 10, 100 and 1000)")
	flags.StringVarP(&f.format, "output", "o", "text", outputUsage(planKind.built()))
	planKind.complete(cmd)
	f.language.register(cmd)
	return cmd
}

func (f *planFlags) plan(cmd *cobra.Command) (*reports.Plan, error) {
	question, err := f.question.question()
	if err != nil {
		return nil, err
	}
	given := cmd.Flags().Changed
	switch {
	case f.checks < 1:
		return nil, usagef("--checks %d: a run has at least one check", f.checks)
	case given("requests") && f.requests < 1:
		return nil, usagef("--requests %d: a sample has at least one request", f.requests)
	case f.requests > analysis.MostRequests:
		return nil, usagef("--requests %d: at most %.0g are planned", f.requests, float64(analysis.MostRequests))
	case given("requests") && f.errors != "":
		return nil, usagef("--requests says what a sample without errors can show; leave out --errors, or --requests to plan for them")
	case given("rate") && !(f.rate > 0 && f.rate <= 1e6):
		return nil, usagef("--rate %g is not between 0 and 1000000", f.rate)
	}
	question = analysis.Suite(f.checks, question)
	document, err := f.document(question)
	if err != nil {
		return nil, usage(err)
	}
	if f.rate > 0 {
		document.AtRate(f.rate)
	}
	return document, nil
}

func (f *planFlags) document(question analysis.Question) (*reports.Plan, error) {
	switch {
	case f.errors != "":
		errors, err := share(f.errors)
		if err != nil {
			return nil, usagef("--errors: %w", err)
		}
		plan, err := analysis.PlanForErrors(question, errors)
		if err != nil {
			return nil, err
		}
		document := reports.FromPlan(plan)
		document.Errors = reports.Num(errors)
		return document, nil
	case f.requests > 0:
		plan, err := analysis.PlanFor(question, f.requests)
		if err != nil {
			return nil, err
		}
		chances, err := analysis.ChancesOf(question, f.requests)
		if err != nil {
			return nil, err
		}
		document := reports.FromPlan(plan)
		document.WithChances(chances, plan.Needed)
		return document, nil
	}
	plan, err := analysis.NewPlan(question)
	if err != nil {
		return nil, err
	}
	others, err := analysis.PlansByMargin(question)
	if err != nil {
		return nil, err
	}
	document := reports.FromPlan(plan)
	document.WithMargins(others)
	return document, nil
}
