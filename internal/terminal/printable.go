package terminal

import (
	"encoding/json"

	"github.com/splitcheck/splitcheck/internal/outward"
	"github.com/splitcheck/splitcheck/reports"
)

// printableReport returns a copy of r in which every text is harmless, so that no
// rendering for people can forget one.
func printableReport(r *reports.Report) (*reports.Report, error) {
	data, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	safe := &reports.Report{}
	if err := json.Unmarshal(data, safe); err != nil {
		return nil, err
	}
	outward.Document(safe, func(text string, form outward.Form) string {
		if form == outward.ManyLines {
			return outward.Lines(text)
		}
		return outward.Line(text)
	})
	return safe, nil
}
