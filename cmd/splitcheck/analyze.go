package main

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/identify"
	"github.com/splitcheck/splitcheck/internal/recorded"
	"github.com/splitcheck/splitcheck/reports"
	"github.com/splitcheck/splitcheck/split"
)

// analyzeFlags are those of `analyze`.
type analyzeFlags struct {
	question questionFlags
	identify identifyFlags
	output   outputFlags
	counts   string
	split    string
	answers  int64
	seed     uint64
}

// curlLoop is how a line of a curl loop's output names its version, unless the
// user says otherwise.
const curlLoop = `body:\b(v[0-9]+)\b`

func newAnalyze(std streams) *cobra.Command {
	f := &analyzeFlags{output: outputFlags{std: std}}
	cmd := &cobra.Command{
		Use:   "analyze FILE|- --expect WEIGHTS",
		Short: "Judge recorded answers: a curl loop's output, vegeta results, or counts",
		Long: `analyze reads answers that were recorded by something else and judges them like a
sample of its own: the output of a curl loop, line by line; vegeta's results as gob,
JSON or CSV; or bare counts with --counts. It sends nothing.

In a text, a line with a marker is an answer. Where answers are not lines, --split
says what is between them, and --answers how many there must be.`,
		Example: `  for i in $(seq 1 100); do curl -s http://127.0.0.1:8080/version.html; done > 1.txt
  splitcheck analyze 1.txt --expect v1=90,v2=10
  vegeta attack … | splitcheck analyze - --expect v1=90,v2=10 --identify header:X-Version
  splitcheck analyze --counts v1=881,v2=119 --expect v1=90,v2=10`,
		Args: atMostOne("the file of the answers, or - for standard input"),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, std, args) },
	}
	flags := cmd.Flags()
	f.question.register(cmd, true)
	f.identify.register(cmd, `how an answer names its version (default: the first v1, v2, … in it)`)
	flags.StringVar(&f.counts, "counts", "", "`COUNTS` instead of a file: v1=881,v2=119; errors=3 and unidentified=2 may be among them")
	flags.StringVar(&f.split, "split", "", "`REGEXP` that matches what is between two answers in a text")
	flags.Int64Var(&f.answers, "answers", 0, "the text must hold `N` answers")
	flags.Uint64Var(&f.seed, "seed", 1, "seed of the random numbers of Monte Carlo tests")
	f.output.register(cmd)
	return cmd
}

func (f *analyzeFlags) run(cmd *cobra.Command, std streams, args []string) error {
	question, err := f.question.question()
	if err != nil {
		return err
	}
	question.Seed = f.seed
	ctx := cmd.Context()
	plan, err := await(ctx, func() (*analysis.Plan, error) { return analysis.NewPlan(analysis.Suite(1, question)) })
	if err != nil {
		return usage(err)
	}
	judge, each := judgeOf(plan)
	var expected []string
	for _, v := range question.Weights {
		expected = append(expected, v.Version)
	}
	record, source, err := f.read(cmd, std, args, expected, each)
	if err != nil {
		return usage(err)
	}
	out, err := f.output.open(ctx)
	if err != nil {
		return err
	}
	judgement, err := await(ctx, func() (*analysis.Judgement, error) { return judge(record.Tally), nil })
	if err != nil {
		return err
	}
	rules, err := f.identify.parse()
	if err != nil {
		return usage(err)
	}
	recorded := split.Found("recorded-answers", split.Values{"source": source, "furniture": furniture(record)})
	measured := reports.Measurement{
		Plan: plan, Tally: record.Tally, Latency: reports.LatencyOf(record.Tally.Latencies()), Warnings: append(doubts(record, rules), longer(plan, record)...),
		Asked: reports.Asked{RequestItem: &recorded, Identify: f.identify.rules},
	}
	check := reports.FromJudgement("split", judgement, measured)
	if record.Fault != nil {
		check = reports.Faulty("split", measured, record.Fault.Reasons, record.Fault.Advice)
	}
	if record.Sorted {
		sortedOrder(&check)
	}
	if f.counts == "" && args[0] != "-" {
		check.Source = &reports.Source{File: disk(std).Relative(filepath.ToSlash(args[0]))}
	}
	seed := f.seed
	report := &reports.Report{
		Generator:    "splitcheck " + buildVersion(),
		Target:       reports.Target{Kind: "recorded", Source: source},
		Reproduction: &reports.Reproduction{Command: commandLine(cmd), Seed: &seed},
		Scenarios: []reports.Scenario{{
			Name: "analyze", Unnamed: true,
			Steps: []reports.Step{{Name: "recorded", Checks: []reports.Check{check}}},
		}},
	}
	std.secrets.Document(report)
	report.Finish()
	if err := out.write(report); err != nil {
		return notMeasured(err)
	}
	return exitWith(report.ExitCode())
}

// judgeOf returns what judges a tally, and what is to be told each answer before,
// if the method wants to know. Whatever was recorded counts, also what came after
// the sequential method would have stopped: a leak there is a leak.
func judgeOf(plan *analysis.Plan) (judge func(*split.Tally) *analysis.Judgement, each func(split.Answer)) {
	if plan.Method == analysis.Sequentially {
		sequential := analysis.NewSequential(plan)
		return sequential.Judge, sequential.Add
	}
	return func(t *split.Tally) *analysis.Judgement { return analysis.Judge(plan, t) }, nil
}

// longer says of a record that has more than was planned that it is for one look: a
// file that grows has no size that was fixed before.
func longer(plan *analysis.Plan, r *recorded.Record) []split.Finding {
	n := r.Tally.Requests()
	if plan.Method == analysis.Sequentially || n <= plan.Requests || r.Tally.Sequence.Segments == 0 {
		return nil
	}
	return []split.Finding{split.Found("record-longer", split.Values{"requests": n, "planned": plan.Requests})}
}

// sortedOrder takes back what the order of sorted answers would say: that they
// follow each other is sort's doing, and no balancer's.
func sortedOrder(check *reports.Check) {
	check.Causes = nil
	again := split.Found("repair-sorted", nil)
	for i := range check.Gates {
		if check.Gates[i].Broken {
			check.Gates[i].RepairItem = &again
			check.AdviceItems = []split.Finding{again}
		}
	}
}

// furniture says how many lines around each answer name no version, where that is
// the same number for all, as in pages of HTML. Else it is 0.
func furniture(r *recorded.Record) int64 {
	if answers := r.Tally.Requests(); r.Other > 0 && r.Other%answers == 0 {
		return r.Other / answers
	}
	return 0
}

// doubts are what the reading itself has to say about a record.
func doubts(r *recorded.Record, rules identify.Rules) []split.Finding {
	var found []split.Finding
	if status, one := r.Tally.OneStatus(); one && status >= 400 && r.Tally.Hits() > 0 && !rules.ByStatus() {
		found = append(found, split.Found("every-status-failed", split.Values{"status": status}))
	}
	if r.Other > 0 && furniture(r) == 0 {
		found = append(found, split.Found("lines-not-counted", split.Values{"lines": r.Other, "first": r.Example}))
	}
	if r.Disordered {
		found = append(found, split.Found("record-disordered", nil))
	}
	if r.Sorted {
		found = append(found, split.Found("record-sorted", nil))
	}
	return found
}

// read reads the answers from wherever they are and tells each of them; source is
// how the user knows the place.
func (f *analyzeFlags) read(cmd *cobra.Command, std streams, args, expected []string, each func(split.Answer)) (record *recorded.Record, source string, err error) {
	switch {
	case f.counts != "" && len(args) > 0:
		return nil, "", errors.New("--counts replaces a file; give one of them")
	case f.counts != "" && (len(f.identify.rules) > 0 || f.split != "" || f.answers != 0):
		return nil, "", errors.New("--counts are counted already; --identify, --split and --answers are for a file")
	case f.counts != "":
		tally, err := recorded.Counts(f.counts)
		return &recorded.Record{Tally: tally}, "--counts", err
	case len(args) == 0:
		return nil, "", errors.New("what is to be judged? name a file, - for standard input, or give --counts v1=881,v2=119")
	}
	if cmd.Flags().Changed("answers") && f.answers < 1 {
		return nil, "", fmt.Errorf("--answers %d: give the number of answers that the text must hold, at least 1", f.answers)
	}
	if cmd.Flags().Changed("split") && f.split == "" {
		return nil, "", errors.New("--split is empty; give a regular expression for what is between two answers, such as --split '^$'")
	}
	options := recorded.Options{Name: args[0], Answers: f.answers, Each: each, Guessed: len(f.identify.rules) == 0, Expected: expected}
	if args[0] == "-" {
		options.Name = "standard input"
	}
	if len(f.identify.rules) == 0 {
		f.identify.rules = []string{curlLoop}
	}
	if options.Identify, err = f.identify.parse(); err != nil {
		return nil, "", err
	}
	if f.split != "" {
		if options.Split, err = recorded.ParseSplit(f.split); err != nil {
			return nil, "", fmt.Errorf("--split: %w", err)
		}
	}
	in, err := openInput(cmd.Context(), std, args[0])
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", args[0], err)
	}
	defer in.Close()
	record, err = recorded.Read(in, options)
	return record, options.Name, err
}
