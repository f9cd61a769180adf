package runner

import (
	"maps"
	"slices"

	"github.com/splitcheck/splitcheck/internal/draw"
	"github.com/splitcheck/splitcheck/reports"
	"github.com/splitcheck/splitcheck/split"
)

// settled is what was read before a sample, as a report has it.
func settled(s *draw.Settling) *reports.Settling {
	report := &reports.Settling{Settled: s.Settled, Requests: s.Answers(), Seconds: reports.Num(s.Took.Seconds())}
	for _, each := range s.Windows {
		report.Windows = append(report.Windows, reports.Window{
			Requests: each.Requests(), Errors: each.Failed(), Unidentified: each.Unknown(), Versions: maps.Clone(each.Versions),
		})
	}
	return report
}

// unsteady says of a split that was not steady at once what it was like: the answers
// of before are not judged, and whoever reads the report would look for them.
func unsteady(s *draw.Settling) []split.Finding {
	if len(s.Windows) <= 2 && s.Settled {
		return nil
	}
	values := split.Values{
		"requests": s.Answers(), "windows": len(s.Windows),
		"first": shares(s.Windows[0]), "last": shares(s.Windows[len(s.Windows)-1]),
	}
	if s.Settled {
		return []split.Finding{split.Found("settled-late", values)}
	}
	return []split.Finding{split.Found("not-settled", values)}
}

// shares are those of the versions in a window.
func shares(t *split.Tally) []split.Values {
	var list []split.Values
	for _, version := range slices.Sorted(maps.Keys(t.Versions)) {
		list = append(list, split.Values{"version": version, "share": float64(t.Versions[version]) / float64(t.Hits())})
	}
	return list
}
