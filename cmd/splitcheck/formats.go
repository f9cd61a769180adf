package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/splitcheck/splitcheck/internal/terminal"
	"github.com/splitcheck/splitcheck/reports"
)

// A format is one form that documents are written in; what it has no function
// for cannot be written in it.
type format struct {
	name       string
	report     func(terminal.Options) reports.Format[*reports.Report]
	plan       func(terminal.Options) reports.Format[*reports.Plan]
	simulation func(terminal.Options) reports.Format[*reports.Simulation]
}

// formats is the one table of formats: -o, its help and its completion are made
// of it, and docs/report.md is held against it. A format without any function
// is promised and not built yet.
var formats = []format{
	{"text", terminal.Text, terminal.PlanText, terminal.SimulationText},
	{"json", always(reports.JSON), always(reports.PlanJSON), always(reports.SimulationJSON)},
	{name: "junit"},
	{name: "markdown"},
	{name: "html"},
	{name: "csv"},
	{name: "svg"},
	{name: "openmetrics"},
}

// always is a format that looks the same wherever it goes.
func always[D any](f reports.Format[D]) func(terminal.Options) reports.Format[D] {
	return func(terminal.Options) reports.Format[D] { return f }
}

// A kind of document picks its function out of a format.
type kind[D any] func(format) func(terminal.Options) reports.Format[D]

var (
	reportKind     kind[*reports.Report]     = func(f format) func(terminal.Options) reports.Format[*reports.Report] { return f.report }
	planKind       kind[*reports.Plan]       = func(f format) func(terminal.Options) reports.Format[*reports.Plan] { return f.plan }
	simulationKind kind[*reports.Simulation] = func(f format) func(terminal.Options) reports.Format[*reports.Simulation] { return f.simulation }
)

// built are the names of the formats that this kind of document has.
func (k kind[D]) built() []string {
	var names []string
	for _, f := range formats {
		if k(f) != nil {
			names = append(names, f.name)
		}
	}
	return names
}

// format returns the format of that name.
func (k kind[D]) format(name string, o terminal.Options) (reports.Format[D], error) {
	built := strings.Join(k.built(), ", ")
	i := slices.IndexFunc(formats, func(f format) bool { return f.name == name })
	switch {
	case i < 0:
		return nil, fmt.Errorf("there is no format %q; there are: %s", name, built)
	case k(formats[i]) == nil:
		return nil, fmt.Errorf("the format %s is not built yet; built are: %s", name, built)
	}
	return k(formats[i])(o), nil
}

// complete suggests the formats for -o.
func (k kind[D]) complete(cmd *cobra.Command) {
	// The only error is that of a flag that does not exist.
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(k.built(), cobra.ShellCompDirectiveNoSpace))
}

// outputUsage explains -o, of a command that has these formats.
func outputUsage(names []string) string {
	return "`FORMAT` to standard output (" + strings.Join(names, ", ") + "), or FORMAT=FILE to a file"
}
