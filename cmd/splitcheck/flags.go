package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/identify"
	"github.com/splitcheck/splitcheck/split"
)

// questionFlags are what is asked of a sample. They mean the same in every
// command that has them.
type questionFlags struct {
	expect, margin     string
	weights            split.Weights // those that a cluster has, instead of expect
	alpha, power, leak string
	maxErrors          string
	method             string
}

func (f *questionFlags) register(cmd *cobra.Command, expect bool) {
	flags := cmd.Flags()
	if expect {
		flags.StringVar(&f.expect, "expect", "", "expected `WEIGHTS`, such as v1=90,v2=10; 0 means never")
	}
	flags.StringVar(&f.margin, "margin", "", "how far each `SHARE` may be off: 0.05 or 5%, or v1=5%,v2=1% (default: 5%, or the version's own weight if that is less)")
	flags.StringVar(&f.alpha, "alpha", "", "highest `PROBABILITY` of a wrong verdict (default 0.0005)")
	flags.StringVar(&f.power, "power", "", "lowest `PROBABILITY` of a right verdict (default 0.999)")
	flags.StringVar(&f.leak, "leak", "", "`SHARE` that a version of weight 0 must be shown not to get (default 0.002)")
	flags.StringVar(&f.maxErrors, "max-errors", "", "`SHARE` of errors above which the split counts as not measured (default 1%)")
	flags.StringVar(&f.method, "method", "", "`METHOD`: chi-square (a sample of fixed size) or sequential (stops as soon as the answer is clear) (default chi-square)")
	completeFixed(cmd, "method", analysis.ChiSquare, analysis.Sequentially)
}

// question reads the flags; the error holds every mistake in them.
func (f *questionFlags) question() (analysis.Question, error) {
	var (
		q        analysis.Question
		mistakes []string
		note     = func(err error) {
			if err != nil {
				mistakes = append(mistakes, err.Error())
			}
		}
		err error
	)
	switch {
	case f.weights != nil:
		q.Weights = f.weights
		note(q.Weights.Validate())
	case f.expect == "":
		mistakes = append(mistakes, "--expect is missing: say which weights you expect, such as --expect v1=90,v2=10")
	default:
		if q.Weights, err = split.ParseWeights(f.expect); err != nil {
			mistakes = append(mistakes, "--expect: "+err.Error())
		}
	}
	note(f.settings(&q))
	if len(mistakes) > 0 {
		return q, usagef("%s", strings.Join(mistakes, "\n"))
	}
	return q, nil
}

// settings reads everything but the weights into q. A margin for all versions
// needs q.Weights to be there.
func (f *questionFlags) settings(q *analysis.Question) error {
	var mistakes []string
	read := func(name, text string, to *float64) {
		if text == "" {
			return
		}
		value, err := share(text)
		if err != nil {
			mistakes = append(mistakes, fmt.Sprintf("--%s: %v", name, err))
			return
		}
		if value == 0 && name != "max-errors" {
			mistakes = append(mistakes, fmt.Sprintf("--%s must be more than 0", name))
			return
		}
		*to = value
	}
	q.MaxErrors = -1
	read("alpha", f.alpha, &q.Alpha)
	read("power", f.power, &q.Power)
	read("leak", f.leak, &q.Leak)
	read("max-errors", f.maxErrors, &q.MaxErrors)
	if f.margin != "" {
		margins, err := parseMargins(f.margin, q.Weights)
		if err != nil {
			mistakes = append(mistakes, "--margin: "+err.Error())
		}
		q.Margins = margins
	}
	switch f.method {
	case "", analysis.ChiSquare, analysis.Sequentially:
		q.Method = f.method
	default:
		mistakes = append(mistakes, fmt.Sprintf("--method %q is unknown; use %s or %s", f.method, analysis.ChiSquare, analysis.Sequentially))
	}
	if len(mistakes) > 0 {
		return fmt.Errorf("%s", strings.Join(mistakes, "\n"))
	}
	return nil
}

// parseMargins reads one margin for all versions, or one for each.
func parseMargins(text string, weights split.Weights) (map[string]float64, error) {
	margins := map[string]float64{}
	if !strings.Contains(text, "=") {
		value, err := share(text)
		if err != nil {
			return nil, err
		}
		for _, each := range weights {
			if each.Weight > 0 {
				margins[each.Version] = value
			}
		}
		return margins, nil
	}
	for _, part := range strings.Split(text, ",") {
		version, number, found := strings.Cut(strings.TrimSpace(part), "=")
		if !found {
			return nil, fmt.Errorf("%q is not VERSION=MARGIN", part)
		}
		value, err := share(number)
		if err != nil {
			return nil, err
		}
		if weights != nil && !weights.Has(version) {
			return nil, fmt.Errorf("%s is not among the expected versions (%s)", version, weights)
		}
		if _, given := margins[version]; given {
			return nil, fmt.Errorf("the margin of %s is given twice", version)
		}
		margins[version] = value
	}
	return margins, nil
}

// share reads a number between 0 and 1, written 0.05 or 5%.
func share(text string) (float64, error) {
	number, percent := strings.CutSuffix(strings.TrimSpace(text), "%")
	value, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not a number; write 0.05 or 5%%", text)
	}
	if percent {
		value /= 100
	}
	if !(value >= 0 && value <= 1) {
		return 0, fmt.Errorf("%s is not between 0 and 1%s", text, asShare(value, percent))
	}
	return value, nil
}

// asShare says how a number that is too large for a share was probably meant.
func asShare(value float64, percent bool) string {
	if percent || !(value > 1 && value <= 100) {
		return "; write 0.05 or 5%"
	}
	return fmt.Sprintf("; write %g%% or %g", value, value/100)
}

// identifyFlags say how an answer names its version.
type identifyFlags struct{ rules []string }

func (f *identifyFlags) register(cmd *cobra.Command, short string) {
	cmd.Flags().StringArrayVar(&f.rules, "identify", nil, short+": `RULE` is body:REGEXP, header:NAME[:REGEXP], json:PATH or status; repeatable, the first match wins")
}

func (f *identifyFlags) parse() (identify.Rules, error) {
	var (
		rules    identify.Rules
		mistakes []string
	)
	for _, text := range f.rules {
		rule, err := identify.Parse(text)
		if err != nil {
			mistakes = append(mistakes, fmt.Sprintf("--identify %q: %v", text, err))
			continue
		}
		rules = append(rules, rule)
	}
	if len(mistakes) > 0 {
		return nil, usagef("%s", strings.Join(mistakes, "\n"))
	}
	return rules, nil
}

// loadFlags say how a sample is drawn.
type loadFlags struct {
	requests    int
	rate        float64
	connections int
	reuse       int
	timeout     time.Duration
	seed        uint64
	cmd         *cobra.Command
}

func (f *loadFlags) register(cmd *cobra.Command, rate string) {
	f.cmd = cmd
	flags := cmd.Flags()
	flags.IntVar(&f.requests, "requests", 0, "`N` requests (default: planned from margin, alpha and power)")
	flags.Float64Var(&f.rate, "rate", 0, "`N` requests per second; 0 means as fast as possible (default "+rate+")")
	flags.IntVar(&f.connections, "connections", 0, "`N` connections in use at once (default 10)")
	flags.IntVar(&f.reuse, "reuse", 0, "`N` requests on a connection before a new one is opened; 1 means a connection for each request (default: at most 10)")
	flags.DurationVar(&f.timeout, "timeout", 0, "time limit of each request (default 10s)")
	flags.Uint64Var(&f.seed, "seed", 1, "seed of all random numbers that splitcheck draws")
}

func (f *loadFlags) check() error {
	var mistakes []string
	for _, each := range []struct {
		name  string
		value int
		most  int
	}{{"requests", f.requests, 1_000_000_000}, {"connections", f.connections, 10_000}, {"reuse", f.reuse, 1_000_000}} {
		if !f.cmd.Flags().Changed(each.name) {
			continue
		}
		if each.value < 1 || each.value > each.most {
			mistakes = append(mistakes, fmt.Sprintf("--%s %d is not between 1 and %d", each.name, each.value, each.most))
		}
	}
	if !(f.rate >= 0 && f.rate <= 1e6) {
		mistakes = append(mistakes, fmt.Sprintf("--rate %g is not between 0 and 1000000", f.rate))
	}
	if f.cmd.Flags().Changed("timeout") && (f.timeout <= 0 || f.timeout > longest) {
		mistakes = append(mistakes, fmt.Sprintf("--timeout %s is not between 0 and 1h", f.timeout))
	}
	if len(mistakes) > 0 {
		return usagef("%s", strings.Join(mistakes, "\n"))
	}
	return nil
}
