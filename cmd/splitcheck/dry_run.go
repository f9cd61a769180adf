package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/splitcheck/splitcheck/internal/runner"
	"github.com/splitcheck/splitcheck/reports/words"
	"github.com/splitcheck/splitcheck/scenarios"
)

// dryRun prints what a run would send, and sends nothing: whoever is about to
// load a gateway wants to know how much.
func dryRun(std streams, list []*scenarios.Scenario, overrides runner.Overrides) error {
	planned, err := runner.Planned(list, overrides)
	if err != nil {
		return usage(err)
	}
	table := tabwriter.NewWriter(std.out, 0, 8, 2, ' ', 0)
	var sum int64
	fmt.Fprintln(table, "SCENARIO\tSTEP\tCHECK\tREQUESTS")
	for _, each := range planned {
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\n", each.Scenario, each.Step, each.Check, each.Requests)
		sum += each.Requests
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(std.out, "planned: %s for %s in %s\n", words.Plural(sum, "request"),
		words.Plural(int64(len(planned)), "check"), words.Plural(int64(len(list)), "scenario"))
	return err
}
