package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/splitcheck/splitcheck/internal/problems"
	"github.com/splitcheck/splitcheck/internal/runner"
	"github.com/splitcheck/splitcheck/reports"
	"github.com/splitcheck/splitcheck/reports/words"
	"github.com/splitcheck/splitcheck/scenarios"
)

func newScenarios(std streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "scenarios",
		Short: "List, show, check and create scenarios",
		Args:  none,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newScenariosList(std), newScenariosShow(std), newScenariosLint(std), newScenariosInit(std))
	return cmd
}

func newScenariosList(std streams) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the built-in scenarios",
		Args:  none,
		RunE: func(*cobra.Command, []string) error {
			table := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', 0)
			for _, name := range scenarios.BuiltinNames() {
				s, found := scenarios.Builtin(name)
				if s == nil {
					return usage(found)
				}
				fmt.Fprintf(table, "%s\t%s\n", name, firstSentence(s.Description))
			}
			return table.Flush()
		},
	}
}

// firstSentence is what a list has room for.
func firstSentence(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if end := strings.Index(text, ". "); end >= 0 {
		return text[:end+1]
	}
	return text
}

func newScenariosShow(std streams) *cobra.Command {
	return &cobra.Command{
		Use:               "show NAME",
		Short:             "Print a built-in scenario with its manifests",
		ValidArgsFunction: completeBuiltin,
		Example:           `  splitcheck scenarios show version-test-90-10`,
		Args:              one("the name of a built-in scenario"),
		RunE: func(_ *cobra.Command, args []string) error {
			files, err := scenarios.BuiltinFiles(args[0])
			if err != nil {
				return usage(err)
			}
			names := slices.Sorted(maps.Keys(files))
			// The scenario itself first, then what it applies.
			first := args[0] + "/scenario.yaml"
			names = append([]string{first}, slices.DeleteFunc(names, func(name string) bool { return name == first })...)
			var text strings.Builder
			for i, name := range names {
				if i > 0 {
					fmt.Fprintln(&text)
				}
				fmt.Fprintf(&text, "# ==> %s <==\n%s", name, files[name])
			}
			_, err = io.WriteString(std.out, text.String())
			return err
		},
	}
}

func newScenariosLint(std streams) *cobra.Command {
	return &cobra.Command{
		Use:   "lint SCENARIO...",
		Short: "Explain what is wrong with a scenario and its manifests, before any traffic flows",
		Long: `lint reads scenario files, folders or built-in scenarios and explains the traps that
routes fall into; docs/lint.md explains each by its identifier. It also asks every
version of the application for an answer and fails unless each is named as exactly
itself. Exit code 2 if anything would make a check meaningless.`,
		Example: `  splitcheck scenarios lint ./canary
  splitcheck scenarios lint bookinfo-shift`,
		Args:              some("the scenario to check"),
		ValidArgsFunction: completeScenarios,
		RunE: func(_ *cobra.Command, args []string) error {
			var (
				found problems.List
				clean int
				// What no sample can answer has no line of its own in a file.
				unanswerable error
			)
			for _, arg := range args {
				list, mistakes := disk(std).Find(filepath.ToSlash(arg))
				found = append(found, mistakes...)
				runner.Enter(std.secrets, list...)
				for _, s := range list {
					said := append(scenarios.Lint(s), scenarios.LintIdentify(s)...)
					found = append(found, said...)
					err := runner.Answerable([]*scenarios.Scenario{s}, runner.Overrides{})
					unanswerable = errors.Join(unanswerable, err)
					if len(said) == 0 && len(s.Warnings) == 0 && err == nil {
						clean++
					}
				}
			}
			var text strings.Builder
			for _, problem := range found.Sort() {
				fmt.Fprintln(&text, problem)
			}
			if unanswerable != nil {
				fmt.Fprintln(&text, unanswerable)
			}
			if clean > 0 {
				fmt.Fprintf(&text, "%s: no findings\n", words.Plural(int64(clean), "scenario"))
			}
			if _, err := io.WriteString(std.out, std.secrets.Hide(text.String())); err != nil {
				return notMeasured(err)
			}
			if found.Err() != nil || unanswerable != nil {
				return exitWith(reports.ExitUsage)
			}
			return nil
		},
	}
}

func newScenariosInit(std streams) *cobra.Command {
	return &cobra.Command{
		Use:   "init FOLDER",
		Short: "Create a first scenario of your own, ready to run",
		Example: `  splitcheck scenarios init my-canary
  splitcheck run my-canary`,
		Args: one("the name of the new folder"),
		RunE: func(_ *cobra.Command, args []string) error {
			if args[0] == "" {
				return usagef("the folder's name is missing, such as my-canary")
			}
			folder := absolute(std, args[0])
			if _, err := os.Stat(folder); err == nil {
				return usagef("%s is there already; nothing was written", args[0])
			}
			files, err := scenarios.Init(filepath.Base(folder))
			if err != nil {
				return usage(err)
			}
			if err := os.MkdirAll(folder, 0o755); err != nil {
				return usage(err)
			}
			for _, name := range slices.Sorted(maps.Keys(files)) {
				if err := os.WriteFile(filepath.Join(folder, name), files[name], 0o644); err != nil {
					return usage(err)
				}
				fmt.Fprintln(std.out, filepath.ToSlash(filepath.Join(args[0], name)))
			}
			fmt.Fprintf(std.out, "\nRun it with: splitcheck run %s\n", args[0])
			return nil
		},
	}
}
