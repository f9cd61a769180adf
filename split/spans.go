package split

// A Part is a share of what a connection carried, in units of 2^-32: parts of
// many connections add up exactly, in any order.
type Part = int64

// WholePart is all that a connection carried.
const WholePart = 1 << 32

// Spans says of the connections that have carried all that they were to carry
// when they began and ended, and what part of each fell to each version. With it,
// the connections of any stretch of a sample can be told from those that reach
// beyond it.
type Spans struct {
	// Size is the number of requests in a block, as for Blocks.
	Size uint64 `json:"size,omitempty"`
	// Begun are the connections by the block in which they began, Ended the same
	// ones by the block in which they ended.
	Begun []Span `json:"begun,omitempty"`
	Ended []Span `json:"ended,omitempty"`
}

// A Span is some connections.
type Span struct {
	Connections int64 `json:"connections,omitempty"`
	// Parts[v] is the sum of what part of each fell to version v; Lost is that of
	// the requests which may have been any version.
	Parts map[string]Part `json:"parts,omitempty"`
	Lost  Part            `json:"lost,omitempty"`
}

// Add adds other to s.
func (s *Span) Add(other Span) {
	s.Connections += other.Connections
	s.Lost += other.Lost
	for version, part := range other.Parts {
		if s.Parts == nil {
			s.Parts = make(map[string]Part, 2)
		}
		s.Parts[version] += part
	}
}

// Between returns the connections that began with the request of the number from
// or later and ended before that of the number to; from is 0, or to is beyond the
// last request. A connection of a block that is cut by such a bound is left out.
func (s *Spans) Between(from, to uint64) Span {
	var sum Span
	if s.Size == 0 {
		return sum
	}
	if from == 0 {
		for i, each := range s.Ended {
			if uint64(i+1)*s.Size <= to {
				sum.Add(each)
			}
		}
		return sum
	}
	for i, each := range s.Begun {
		if uint64(i)*s.Size >= from {
			sum.Add(each)
		}
	}
	return sum
}

func (s *Spans) add(c *connection, ended uint64) {
	span := Span{Connections: 1, Parts: make(map[string]Part, len(c.versions))}
	for version, n := range c.versions {
		span.Parts[version] = Part(n) * WholePart / Part(c.requests)
	}
	span.Lost = Part(c.requests-c.hits) * WholePart / Part(c.requests)
	if s.Size == 0 {
		s.Size = 1
	}
	for ended/s.Size >= mostBlocks || c.began/s.Size >= mostBlocks {
		s.double()
	}
	s.Begun = put(s.Begun, int(c.began/s.Size), span)
	s.Ended = put(s.Ended, int(ended/s.Size), span)
}

func put(spans []Span, at int, span Span) []Span {
	if lacks := at + 1 - len(spans); lacks > 0 {
		spans = append(spans, make([]Span, lacks)...)
	}
	spans[at].Add(span)
	return spans
}

func (s *Spans) double() {
	s.Size *= 2
	s.Begun, s.Ended = halved(s.Begun), halved(s.Ended)
}

func halved(spans []Span) []Span {
	var half []Span
	for i, each := range spans {
		half = put(half, i/2, each)
	}
	return half
}

// valid reports whether s is what add makes: a tally may have been read from a
// file.
func (s *Spans) valid() bool {
	return validSize(s.Size) && len(s.Begun) <= mostBlocks && len(s.Ended) <= mostBlocks
}

func (s *Spans) merge(other Spans) {
	if !other.valid() {
		return
	}
	if s.Size == 0 {
		s.Size = other.Size
	}
	for s.Size < other.Size {
		s.double()
	}
	ratio := s.Size / other.Size
	for i, each := range other.Begun {
		s.Begun = put(s.Begun, int(uint64(i)/ratio), each)
	}
	for i, each := range other.Ended {
		s.Ended = put(s.Ended, int(uint64(i)/ratio), each)
	}
}

// IsZero reports whether nothing is known.
func (s Spans) IsZero() bool { return s.Size == 0 }
