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

// openConnections is how many connections are counted at the same time before
// the oldest is assumed to be closed. It limits memory if a server closes
// connections early. A connection that is counted as closed too soon and used
// again counts as two; this weakens the test of homogeneity but never breaks
// it.
const openConnections = 1 << 14

// Connections counts how the hits of each connection were spread over the
// versions: the number of connections for each combination. A test of
// homogeneity needs no more than this, it merges exactly, and it is small if
// the number of requests on a connection is limited.
type Connections struct {
	// Count is the number of connections that carried at least one hit.
	Count int64 `json:"count,omitempty"`
	// Sizes[n] is the number of connections that carried n hits.
	Sizes map[int]int64 `json:"sizes,omitempty"`
	// Hits[v][n][x] is the number of connections that carried n hits of which
	// x, at least 1, fell to version v.
	Hits map[string]map[int]map[int]int64 `json:"hits,omitempty"`

	// Reuse is the greatest number of requests on a connection, 0 if unbounded.
	Reuse int `json:"reuse,omitempty"`

	open  map[uint64]*connection
	order []uint64
}

type connection struct {
	hits     int
	versions map[string]int
}

// Seen returns the number of connections that have carried a hit so far, open
// ones included.
func (c *Connections) Seen() int64 { return c.Count + int64(len(c.open)) }

func (c *Connections) add(id uint64, version string) {
	if c.Reuse == 1 {
		c.fold(&connection{hits: 1, versions: map[string]int{version: 1}})
		return
	}
	if c.open == nil {
		c.open = map[uint64]*connection{}
	}
	each := c.open[id]
	if each == nil {
		each = &connection{versions: map[string]int{}}
		c.open[id] = each
		c.order = append(c.order, id)
		if len(c.order) > openConnections {
			c.closeOldest()
		}
	}
	each.hits++
	each.versions[version]++
	if each.hits == c.Reuse {
		// It carries nothing more, so it need not wait to become the oldest.
		c.fold(each)
		delete(c.open, id)
	}
}

func (c *Connections) closeOldest() {
	id := c.order[0]
	c.order = c.order[1:]
	if each := c.open[id]; each != nil {
		c.fold(each)
		delete(c.open, id)
	}
}

func (c *Connections) fold(each *connection) {
	if c.Sizes == nil {
		c.Sizes = map[int]int64{}
		c.Hits = map[string]map[int]map[int]int64{}
	}
	c.Count++
	c.Sizes[each.hits]++
	for version, x := range each.versions {
		c.bump(version, each.hits, x, 1)
	}
}

func (c *Connections) bump(version string, n, x int, by int64) {
	if c.Hits[version] == nil {
		c.Hits[version] = map[int]map[int]int64{}
	}
	if c.Hits[version][n] == nil {
		c.Hits[version][n] = map[int]int64{}
	}
	c.Hits[version][n][x] += by
}

func (c *Connections) close() {
	for len(c.order) > 0 {
		c.closeOldest()
	}
	c.open, c.order = nil, nil
}

func (c *Connections) merge(other Connections) {
	if other.Count == 0 {
		return
	}
	if c.Sizes == nil {
		c.Sizes = map[int]int64{}
		c.Hits = map[string]map[int]map[int]int64{}
	}
	c.Count += other.Count
	c.Reuse = max(c.Reuse, other.Reuse)
	for n, count := range other.Sizes {
		c.Sizes[n] += count
	}
	for version, bySize := range other.Hits {
		for n, byHits := range bySize {
			for x, count := range byHits {
				c.bump(version, n, x, count)
			}
		}
	}
}
