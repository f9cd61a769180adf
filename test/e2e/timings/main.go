// Command timings turns the reports of the same suite, run several times, into the
// tables of docs/benchmarks.md: what each run took, and each scenario and step of
// them, with the median where there are several. It measures nothing itself.
//
//	go run ./test/e2e/timings run1.json run2.json run3.json
package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"text/template"

	"github.com/splitcheck/splitcheck/reports"
	"github.com/splitcheck/splitcheck/reports/words"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "timings:", err)
		os.Exit(1)
	}
}

func run(files []string, out io.Writer) error {
	if len(files) == 0 {
		return fmt.Errorf("name the JSON reports of one or more runs")
	}
	var runs []*reports.Report
	for _, name := range files {
		report, err := read(name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		runs = append(runs, report)
	}
	return page.Execute(out, tabulate(runs))
}

func read(name string) (*reports.Report, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return reports.Read(file)
}

// Tables are the rows of both tables, their times in seconds.
type tables struct {
	Runs []runRow
	Rows []row
}

type runRow struct {
	Number                      int
	Seconds                     float64
	Scenarios, Checks, Expected int
	Requests                    int64
}

// A row is a step, or where Step is empty a scenario.
type row struct {
	Scenario, Step string
	Requests       int64
	// Deployment and Removal are of scenarios, Live of steps: until the change
	// was in effect.
	Whole, Deployment, Removal, Live, Load median
}

// A median is that of what was measured, and says "–" of nothing.
type median []float64

func (m median) String() string {
	if len(m) == 0 {
		return "–"
	}
	sorted := slices.Sorted(slices.Values(m))
	return fmt.Sprintf("%.1f s", (sorted[(len(sorted)-1)/2]+sorted[len(sorted)/2])/2)
}

// rate is in requests per second.
func (r row) Rate() string {
	var load float64
	for _, each := range r.Load {
		load += each / float64(len(r.Load))
	}
	if load == 0 {
		return "–"
	}
	return fmt.Sprintf("%.0f /s", float64(r.Requests)/load)
}

func tabulate(runs []*reports.Report) tables {
	var t tables
	at := map[[2]string]int{}
	find := func(scenario, step string) *row {
		key := [2]string{scenario, step}
		if _, known := at[key]; !known {
			at[key] = len(t.Rows)
			t.Rows = append(t.Rows, row{Scenario: scenario, Step: step})
		}
		return &t.Rows[at[key]]
	}
	for n, report := range runs {
		whole := runRow{Number: n + 1, Seconds: report.DurationSeconds.Or(0), Scenarios: len(report.Scenarios)}
		for _, s := range report.Scenarios {
			of := find(s.Name, "")
			of.Whole = append(of.Whole, s.DurationSeconds.Or(0))
			of.Deployment = append(of.Deployment, s.DeploymentSeconds.Or(0))
			of.Removal = append(of.Removal, s.RemovalSeconds.Or(0))
			var load float64
			var requests int64
			for _, step := range s.Steps {
				own, sent := samples(step, &whole)
				r := find(s.Name, step.Name)
				r.Whole, r.Load, r.Requests = append(r.Whole, step.DurationSeconds.Or(0)), append(r.Load, own), sent
				if step.Convergence != nil {
					r.Live = append(r.Live, step.Convergence.Seconds.Or(0))
				}
				load, requests = load+own, requests+sent
			}
			of = find(s.Name, "") // The list may have moved.
			of.Load, of.Requests = append(of.Load, load), requests
		}
		t.Runs = append(t.Runs, whole)
	}
	return t
}

// samples sums up the checks of a step, and counts them for the run.
func samples(step reports.Step, whole *runRow) (seconds float64, requests int64) {
	for _, c := range step.Checks {
		seconds += c.DurationSeconds.Or(0)
		requests += c.Requests
		whole.Checks++
		if c.AsExpected() {
			whole.Expected++
		}
	}
	whole.Requests += requests
	return seconds, requests
}

var page = template.Must(template.New("page").Funcs(template.FuncMap{"thousands": words.Count}).Parse(
	`| run | scenarios | checks | as expected | requests | time |
|--:|--:|--:|--:|--:|--:|
{{range .Runs}}| {{.Number}} | {{.Scenarios}} | {{.Checks}} | {{.Expected}} | {{thousands .Requests}} | {{printf "%.0f" .Seconds}} s |
{{end}}
| scenario, step | whole | deployment | live after | load | requests | rate | removal |
|---|--:|--:|--:|--:|--:|--:|--:|
{{range .Rows}}| {{if .Step}}· {{.Step}}{{else}}**{{.Scenario}}**{{end}} | {{.Whole}} | {{.Deployment}} | {{.Live}} | {{.Load}} | {{thousands .Requests}} | {{.Rate}} | {{.Removal}} |
{{end}}`))
