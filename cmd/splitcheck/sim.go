package main

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/splitcheck/splitcheck/internal/mesh"
	"github.com/splitcheck/splitcheck/internal/runner"
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/reports/words"
	"github.com/splitcheck/splitcheck/scenarios"
)

func newSim(std streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "sim",
		Short: "The simulated mesh",
		Args:  none,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newSimServe(std))
	return cmd
}

func newSimServe(std streams) *cobra.Command {
	var (
		listen, step, service string
		seed                  uint64
	)
	cmd := &cobra.Command{
		Use:   "serve SCENARIO",
		Short: "The simulated mesh on a local port, to curl or open in a browser",
		Long: `serve deploys a scenario's applications in the simulated mesh, applies its steps up
to --step (the first, unless told otherwise), and serves its gateway on a local
port until Ctrl-C.`,
		Example: `  splitcheck sim serve version-test-90-10
  splitcheck sim serve bookinfo-shift --step 50-50      then open /productpage in a browser`,
		Args:              one("the scenario to serve"),
		ValidArgsFunction: completeBuiltin,
		RunE: func(cmd *cobra.Command, args []string) error {
			list, err := findScenarios(std, args)
			if err != nil {
				return err
			}
			if len(list) != 1 {
				return usagef("%s holds %d scenarios; name one of its files", args[0], len(list))
			}
			s := list[0]
			if step == "" {
				step = s.Steps[0].Name
			}
			if !slices.Contains(stepNames(s), step) {
				return usagef("%s has no step %q; its steps are %s", s.Name, step, strings.Join(stepNames(s), ", "))
			}
			via, err := entry(s, step, service)
			if err != nil {
				return err
			}
			world := mesh.New(mesh.Options{Seed: seed})
			defer func() { err = errors.Join(err, world.Close(cmd.Context())) }()
			warnings, err := runner.Prepare(cmd.Context(), s, step, world)
			for _, warning := range warnings {
				fmt.Fprintln(std.err, "warning:", std.secrets.Hide(words.English(warning)))
			}
			if err != nil {
				return notMeasured(err)
			}
			if _, err := world.Enter(via, target.Load{}); err != nil {
				return usage(err)
			}
			server := &http.Server{Handler: world.Handler(via), ConnContext: world.ConnContext}
			path, with := asked(s, step)
			return serve(cmd.Context(), std, listen, server, fmt.Sprintf("%s / %s on the simulated mesh", s.Name, step)+with, path)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&listen, "listen", "127.0.0.1:8080", "address to listen on; port 0 is any free one")
	flags.StringVar(&step, "step", "", "apply the scenario up to this step (default: the first)")
	flags.StringVar(&service, "service", "", "send requests to this Service, [NAMESPACE/]NAME, and not to a gateway (default: as the step's first check does)")
	flags.Uint64Var(&seed, "seed", 1, "seed of all random numbers")
	return cmd
}

// asked is the path that the step's first check asks for, or that of the scenario's
// first where the step has none, and what it must be asked with.
func asked(s *scenarios.Scenario, step string) (path, with string) {
	var first *scenarios.Check
	for i := range s.Steps {
		for j := range s.Steps[i].Checks {
			if first == nil || s.Steps[i].Name == step && j == 0 {
				first = &s.Steps[i].Checks[j]
			}
		}
	}
	if first == nil {
		return "", ""
	}
	if first.Request.Host != "" {
		with = fmt.Sprintf(", with the header \"Host: %s\",", first.Request.Host)
	}
	return first.Request.Path, with
}

// entry is where requests to the port go in: where the step's checks do, unless
// the user says otherwise.
func entry(s *scenarios.Scenario, step, service string) (target.Via, error) {
	if service != "" {
		namespace, name, found := strings.Cut(service, "/")
		if !found {
			namespace, name = "default", service
		}
		return target.Via{Namespace: namespace, Service: name}, nil
	}
	for _, each := range s.Steps {
		if each.Name == step && len(each.Checks) > 0 {
			return each.Checks[0].Request.Via, nil
		}
	}
	return target.Via{}, nil
}
