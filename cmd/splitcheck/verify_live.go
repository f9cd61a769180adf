package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/internal/draw"
	"github.com/splitcheck/splitcheck/internal/gateway"
	"github.com/splitcheck/splitcheck/internal/liveroutes"
	"github.com/splitcheck/splitcheck/internal/outward"
	"github.com/splitcheck/splitcheck/internal/runner"
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/reports"
	"github.com/splitcheck/splitcheck/scenarios"
	"github.com/splitcheck/splitcheck/split"
)

// liveFlags say where the weights stand that a cluster has.
type liveFlags struct {
	virtualService, httpRoute, rule string
	names                           []string
	kubeconfig, context             string
	settle                          time.Duration
}

func (f *liveFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.virtualService, "virtual-service", "", "read the weights from this VirtualService, `NAMESPACE/NAME`")
	flags.StringVar(&f.httpRoute, "http-route", "", "read the weights from this HTTPRoute, `NAMESPACE/NAME`")
	flags.StringVar(&f.rule, "rule", "", "which `RULE` of the object: its name, or http[0], rules[1] (default: the one that the request matches)")
	flags.StringArrayVar(&f.names, "name", nil, "what the answers call a destination, `DESTINATION=VERSION`; repeatable")
	flags.StringVar(&f.kubeconfig, "kubeconfig", "", "`FILE` that names the cluster (default: $KUBECONFIG, else ~/.kube/config)")
	flags.StringVar(&f.context, "context", "", "`CONTEXT` of the kubeconfig (default: its current one)")
}

// namesAsked is how many answers are looked at before the sample, to see whether
// they call the versions as the cluster does.
const namesAsked = 20

func (f *liveFlags) asked() bool { return f.virtualService != "" || f.httpRoute != "" }

// question reads the flags; the error holds every mistake in them.
func (f *liveFlags) question() (q liveroutes.Question, err error) {
	var mistakes []error
	if f.virtualService != "" && f.httpRoute != "" {
		mistakes = append(mistakes, errors.New("--virtual-service and --http-route name two places for the weights; give one"))
	}
	q = liveroutes.Question{Kind: "VirtualService", Rule: f.rule}
	flag, named := "--virtual-service", f.virtualService
	if named == "" {
		q.Kind, flag, named = "HTTPRoute", "--http-route", f.httpRoute
	}
	var found bool
	if q.Namespace, q.Name, found = strings.Cut(named, "/"); !found || q.Namespace == "" || q.Name == "" || strings.Contains(q.Name, "/") {
		mistakes = append(mistakes, fmt.Errorf("%s %s is not NAMESPACE/NAME, such as default/reviews", flag, named))
	}
	if q.Names, err = pairs("name", f.names, "="); err != nil {
		mistakes = append(mistakes, err)
	}
	return q, errors.Join(mistakes...)
}

// runLive verifies a split against the weights that a cluster has.
func (f *verifyFlags) runLive(cmd *cobra.Command, std streams, address string) error {
	q, err := f.live.question()
	if f.question.expect != "" {
		err = errors.Join(err, errors.New("--expect gives weights, and the cluster is asked for them, too; give one of them"))
	}
	base, path, bad := gateway.Split(address)
	if err := errors.Join(err, bad); err != nil {
		return usage(err)
	}
	if q.Request, err = f.request(base, path); err != nil {
		return usage(err)
	}
	config, contextName, err := kubeConfig(std.secrets, f.live.kubeconfig, f.live.context, ", or give the weights with --expect")
	if err != nil {
		return err
	}
	live, err := liveroutes.Connect(config)
	if err != nil {
		return notMeasured(err)
	}
	defer live.Close()
	ctx := cmd.Context()
	weights, err := live.Read(ctx, q)
	switch {
	case errors.Is(err, liveroutes.ErrMistake):
		return usage(err)
	case err != nil:
		return notMeasured(err)
	}
	f.question.weights = weights.Weights
	check, opened, err := f.check(address)
	if err != nil {
		return err
	}
	clusters := map[string]string{}
	for _, d := range weights.Destinations {
		clusters[d.Cluster] = d.Name
	}
	check.Decisive = &scenarios.Decisive{Source: weights.Source, Clusters: clusters, Named: true}
	over := live.Over(opened, q, weights)
	if f.dry {
		return f.dryRun(ctx, std, check, over)
	}
	if err := f.sameNames(ctx, over, check, weights); err != nil {
		return err
	}
	seed := f.load.seed
	options := runner.Options{
		Target:       reports.Target{Kind: target.Cluster, URL: outward.URL(address), Context: contextName},
		Open:         func(context.Context, *scenarios.Scenario) (target.Target, error) { return over, nil },
		Draw:         draw.Options{Rate: liveRate},
		Seed:         seed,
		Reproduction: &reports.Reproduction{Command: commandLine(cmd), Seed: &seed},
	}
	scenario := &scenarios.Scenario{
		Name: "verify", Unnamed: true,
		Description: fmt.Sprintf("The weights are those of %s in the cluster: %s (generation %d).", weights.Source, weights.Weights, weights.Generation),
		Steps: []scenarios.Step{{
			Name: "live", Await: true, Settle: scenarios.Settle{Timeout: f.live.settle}, Checks: []scenarios.Check{check},
		}},
	}
	scenario.Notes = weights.Notes
	return perform(ctx, std, []*scenarios.Scenario{scenario}, options, &f.output)
}

// request is one of those that are sent, as a gateway sees it.
func (f *verifyFlags) request(base, path string) (*http.Request, error) {
	r, err := http.NewRequest(f.method, base+path, nil)
	if err != nil {
		return nil, fmt.Errorf("--request %q: %w", f.method, err)
	}
	headers, err := pairs("header", f.headers, ":")
	cookies, more := pairs("cookie", f.cookies, "=")
	for name, value := range headers {
		if strings.EqualFold(name, "Host") {
			r.Host = value
		}
		r.Header.Set(name, value)
	}
	for name, value := range cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	if f.host != "" {
		r.Host = f.host
	}
	return r, errors.Join(err, more)
}

// sameNames asks for a few answers before the sample. If all of them name
// versions and none a version that the rule has, it is the names that differ and
// not the split, and every answer would look like a leak. The first request without
// an answer ends it: the sample will say so, and has a bar to show meanwhile.
func (f *verifyFlags) sameNames(ctx context.Context, in target.Target, check scenarios.Check, weights *liveroutes.Weights) error {
	check.Load = scenarios.Load{Requests: namesAsked, Connections: 1, Reuse: 1, Timeout: check.Load.Timeout}
	drawing, err := draw.Enter(ctx, in, check, &analysis.Plan{}, draw.Options{Rate: liveRate})
	if err != nil {
		return notMeasured(err)
	}
	defer drawing.Close()
	drawing.Stop = func(t *split.Tally, _ split.Answer) bool { return t.Failed() > 0 }
	sample, _ := drawing.Draw(ctx, nil)
	if sample == nil {
		return nil // The sample itself will say what is wrong.
	}
	var answers []string
	for name := range sample.Tally.Versions {
		if check.Expect.Has(name) {
			return nil
		}
		answers = append(answers, name)
	}
	if len(answers) == 0 {
		return nil
	}
	slices.Sort(answers)
	var have []string
	for _, d := range weights.Destinations {
		have = append(have, d.Name)
	}
	return usagef("answers call the versions %s, and %s calls its destinations %s; say which is which, such as --name %s=%s",
		strings.Join(answers, ", "), weights.Source, strings.Join(have, ", "), have[0], answers[0])
}
