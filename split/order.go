package split

import "maps"

// A Sequence counts which version followed which, in dispatch order. Errors and
// unidentified answers are left out. One unbroken sequence is one segment; the
// step from one merged tally to the next is not a transition.
type Sequence struct {
	// Transitions[a][b] counts hits on b that followed a hit on a.
	Transitions map[string]map[string]int64 `json:"transitions,omitempty"`
	// Segments is the number of unbroken sequences that were merged, 0 if the
	// order is not known. A segment has one hit more than it has transitions.
	Segments int64 `json:"segments,omitempty"`

	last string
	open bool
}

func (s *Sequence) add(version string) {
	if s.open {
		if s.Transitions == nil {
			s.Transitions = map[string]map[string]int64{}
		}
		row := s.Transitions[s.last]
		if row == nil {
			row = map[string]int64{}
			s.Transitions[s.last] = row
		}
		row[version]++
	} else {
		s.Segments++
	}
	s.last, s.open = version, true
}

func (s *Sequence) close() { s.last, s.open = "", false }

func (s *Sequence) merge(other Sequence) {
	for from, row := range other.Transitions {
		if s.Transitions == nil {
			s.Transitions = map[string]map[string]int64{}
		}
		if s.Transitions[from] == nil {
			s.Transitions[from] = maps.Clone(row)
			continue
		}
		for to, n := range row {
			s.Transitions[from][to] += n
		}
	}
	s.Segments += other.Segments
}
