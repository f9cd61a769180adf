package reports

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/splitcheck/splitcheck/analysis"
	kjson "sigs.k8s.io/json"
)

// maxReport bounds a report that is read, in bytes. The largest real ones are
// some hundred kilobytes.
const maxReport = 64 << 20

// Read reads a saved report. It is strict: an unknown or repeated field,
// another schema, a verdict that its checks do not bear out are errors, and
// every such mistake is named at once.
func Read(r io.Reader) (*Report, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxReport+1))
	if err != nil {
		return nil, fmt.Errorf("cannot read the report: %w", err)
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	switch start := bytes.TrimLeft(data, " \t\r\n"); {
	case len(start) == 0:
		return nil, errors.New("the file is empty; a report is written by -o json=FILE")
	case start[0] != '{':
		return nil, errors.New("this is not a report; a report is written by -o json=FILE")
	case len(data) > maxReport:
		return nil, fmt.Errorf("this is not a report: it is larger than %d MiB", maxReport>>20)
	}
	if err := readSchema(data); err != nil {
		return nil, err
	}
	report := &Report{}
	mistakes, err := kjson.UnmarshalStrict(data, report)
	if err != nil {
		return nil, fmt.Errorf("the report is damaged: %s", err)
	}
	mistakes = append(mistakes, report.mistakes()...)
	if len(mistakes) > 0 {
		return nil, fmt.Errorf("the report is damaged: %w", errors.Join(mistakes...))
	}
	return report, nil
}

// readSchema looks at the schema alone, before the rest is held against this
// version of it.
func readSchema(data []byte) error {
	var head struct {
		Schema string `json:"schema"`
	}
	err := kjson.UnmarshalCaseSensitivePreserveInts(data, &head)
	switch syntax, offset := kjson.SyntaxErrorOffset(err); {
	case syntax && offset >= int64(len(bytes.TrimRight(data, " \t\r\n"))):
		return fmt.Errorf("the report is cut off after %d bytes", len(data))
	case syntax:
		line := 1 + bytes.Count(data[:offset], []byte("\n"))
		return fmt.Errorf("this is not a report: line %d: %s", line, err)
	case err != nil || head.Schema == "":
		return fmt.Errorf("this is not a report: it has no schema; expected %q", Schema)
	case head.Schema == Schema:
		return nil
	case strings.HasPrefix(head.Schema, "splitcheck.dev/report/"):
		return fmt.Errorf("the report has the schema %q; this splitcheck reads %q", head.Schema, Schema)
	default:
		return fmt.Errorf("this is not a report: its schema is %q; expected %q", head.Schema, Schema)
	}
}

// mistakes finishes a document of the right form and returns what it said that
// its checks do not bear out.
func (r *Report) mistakes() []error {
	var found []error
	add := func(format string, args ...any) { found = append(found, fmt.Errorf(format, args...)) }
	if r.Target.Kind == "" {
		add("target: kind is missing")
	}
	if r.Scenarios == nil {
		add("scenarios are missing")
	}
	said := r.verdicts()
	for _, each := range said {
		if rank(each.verdict) < 0 && each.verdict != "" {
			add("%s: %q is not a verdict", each.where, each.verdict)
		}
	}
	if len(found) > 0 {
		return found
	}
	r.Finish()
	for i, each := range r.verdicts() {
		if each.verdict != said[i].verdict {
			add("%s: the verdict is %q, but its checks come to %q", each.where, said[i].verdict, each.verdict)
		}
	}
	return found
}

// A claim is a verdict and where it stands.
type claim struct {
	where   string
	verdict analysis.Verdict
}

// verdicts returns every verdict of the report, from the run down to the checks.
func (r *Report) verdicts() []claim {
	claims := []claim{{"the run", r.Verdict}}
	for _, s := range r.Scenarios {
		claims = append(claims, claim{"scenario " + s.Name, s.Verdict})
		for _, step := range s.Steps {
			where := s.Name + "/" + step.Name
			claims = append(claims, claim{"step " + where, step.Verdict})
			for _, c := range step.Checks {
				where := "check " + where + "/" + c.Name
				verdict := c.Verdict
				if verdict == "" {
					verdict = "no verdict" // A check has one, a step need not.
				}
				claims = append(claims, claim{where, verdict}, claim{where + ": expected_verdict", c.ExpectedVerdict})
			}
		}
	}
	return claims
}
