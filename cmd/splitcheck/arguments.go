package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/splitcheck/splitcheck/internal/apps"
	"github.com/splitcheck/splitcheck/internal/problems"
	"github.com/splitcheck/splitcheck/scenarios"
)

// one takes one argument; what says what it is. Arguments are not repeated: an
// address may hold a password.
func one(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) == 0:
			return usagef("%s is missing, such as:\n%s", what, firstExample(cmd))
		case len(args) > 1:
			return usagef("%d arguments are given, and `%s` takes one: %s; quote what the shell would split", len(args), cmd.CommandPath(), what)
		}
		return nil
	}
}

// atMostOne takes one argument or none.
func atMostOne(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > 1 {
			return one(what)(cmd, args)
		}
		return nil
	}
}

// some takes one argument or more.
func some(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return one(what)(cmd, args)
		}
		return nil
	}
}

// firstExample is that of a command's help.
func firstExample(cmd *cobra.Command) string {
	var kept []string
	for line := range strings.Lines(strings.Trim(cmd.Example, "\n")) {
		kept = append(kept, strings.TrimRight(line, "\n"))
		if !strings.HasSuffix(strings.TrimRight(line, "\n"), `\`) {
			break
		}
	}
	return strings.Join(kept, "\n")
}

// none takes no argument. One that is given to a command with subcommands was
// meant for one of them.
func none(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if !cmd.HasAvailableSubCommands() {
		return usagef("`%s` takes no arguments, only flags; see `%s --help`", cmd.CommandPath(), cmd.CommandPath())
	}
	var here, below []string
	for _, each := range cmd.Commands() {
		if !each.IsAvailableCommand() {
			continue
		}
		here = append(here, each.Name())
		for _, child := range each.Commands() {
			if child.Name() == args[0] && each.Name() != "completion" {
				below = append(below, "`"+child.CommandPath()+"`")
			}
		}
	}
	hint := fmt.Sprintf("the commands are %s", strings.Join(here, ", "))
	if nearest := problems.Nearest(args[0], here); nearest != "" {
		hint = fmt.Sprintf("did you mean `%s %s`?", cmd.CommandPath(), nearest)
	} else if len(below) > 0 {
		hint = fmt.Sprintf("did you mean %s?", or(below))
	}
	return usagef("`%s` has no command %q; %s", cmd.CommandPath(), args[0], hint)
}

// flagError is a mistake in a flag, in the user's words.
func flagError(cmd *cobra.Command, err error) error {
	var refused refusedValue
	if errors.As(err, &refused) {
		return usagef("%w; see `%s --help`", refused, cmd.CommandPath())
	}
	if name, unknown := strings.CutPrefix(err.Error(), "unknown flag: --"); unknown {
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
		if nearest := problems.Nearest(name, names); nearest != "" {
			err = fmt.Errorf("%w; did you mean --%s?", err, nearest)
		}
	}
	return usagef("%w; see `%s --help`", err, cmd.CommandPath())
}

// completeScenarios suggests the built-in scenarios, and files by the shell.
func completeScenarios(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return scenarios.BuiltinNames(), cobra.ShellCompDirectiveDefault
}

// completeBuiltin suggests one built-in scenario.
func completeBuiltin(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return scenarios.BuiltinNames(), cobra.ShellCompDirectiveNoFileComp
}

// completeApps suggests an application.
func completeApps(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return apps.Names(), cobra.ShellCompDirectiveNoFileComp
}

// completeSteps suggests the steps of the built-in scenarios that are named.
func completeSteps(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	var names []string
	for _, arg := range args {
		if slices.Contains(scenarios.BuiltinNames(), arg) {
			if s, _ := scenarios.Builtin(arg); s != nil {
				names = append(names, stepNames(s)...)
			}
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// completeFixed suggests words for a flag.
func completeFixed(cmd *cobra.Command, flag string, names ...string) {
	// The only error is that of a flag that does not exist.
	_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp))
}
