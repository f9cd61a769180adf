package split

// openConnections is how many connections are counted at the same time before
// the oldest is assumed to be closed. It limits memory if a server closes
// connections early. A connection that is counted as closed too soon is not
// compared with others; this weakens the test of homogeneity but never breaks
// it.
const openConnections = 1 << 14

// Places within a connection are told apart up to mostPlaces; all later ones are
// counted with the last.
const mostPlaces = 16

// mostPiece is the greatest number of hits on a connection that are compared as
// one.
const mostPiece = 32

// Length is how many requests a connection carries before it is opened afresh,
// where reuse is the greatest number: drawn between half of it and all of it, by
// the connection's number alone. If all were of one length, a gateway whose
// versions take turns could fall in step with them, and each place on a
// connection would always meet the same version.
func Length(connection uint64, reuse int) int {
	if reuse <= 1 {
		return max(0, reuse)
	}
	// The finaliser of splitmix64, see Steele, Lea and Flood (2014).
	x := (connection + 1) * 0x9E3779B97F4A7C15
	x = (x ^ x>>30) * 0xBF58476D1CE4E5B9
	x = (x ^ x>>27) * 0x94D049BB133111EB
	x ^= x >> 31
	least := (reuse + 1) / 2
	return least + int(x%uint64(reuse-least+1))
}

// Connections counts how the hits of each connection were spread over the
// versions: the number of connections for each combination. A test of
// homogeneity needs no more than this, it merges exactly, and it is small if
// the number of requests on a connection is limited.
//
// Only connections that have ended by themselves are comparable: those that
// carried as many requests as they were to carry, or were closed by the server.
// Those that are still open at the end of a sample are the ones that a slow
// answer holds, so they carry more of a slow version. Where a connection may carry
// more than 32 requests, few end or none; then the first 2 hits of each are
// compared, the next 2, the next 4, 8, 16, and from then on each 32.
type Connections struct {
	// Count is the number of connections that carried at least one hit.
	Count int64 `json:"count,omitempty"`
	// Sizes[n] is the number of comparable connections, or such pieces of them,
	// that carried n hits.
	Sizes map[int]int64 `json:"sizes,omitempty"`
	// Hits[v][n][x] is the number of comparable connections that carried n hits
	// of which x, at least 1, fell to version v.
	Hits map[string]map[int]map[int]int64 `json:"hits,omitempty"`
	// Places[v][i] counts the hits on version v that were the request number i
	// of their connection, from 0; the last of 16 counts all later ones too.
	Places map[string][]int64 `json:"places,omitempty"`
	// Spans says when the comparable connections began and ended.
	Spans Spans `json:"spans,omitzero"`

	// Reuse is the greatest number of requests on a connection, 0 if unbounded.
	Reuse int `json:"reuse,omitempty"`

	open  map[uint64]*connection
	order []uint64
}

type connection struct {
	began          uint64 // number of the first request
	requests, hits int
	last           int // place of the request that it ended with, 0 if it has not
	versions       map[string]int
	piece          *piece // the one that is being counted, where they are compared
}

type piece struct {
	before     int // hits of the pieces before it
	size, hits int
	versions   map[string]int
}

// Seen returns the number of connections that have carried a hit so far, open
// ones included.
func (c *Connections) Seen() int64 {
	seen := c.Count
	for _, each := range c.open {
		if each.hits > 0 {
			seen++
		}
	}
	return seen
}

func (c *Connections) add(a Answer) {
	each := c.open[a.Connection]
	if each == nil {
		each = &connection{began: a.Number, versions: make(map[string]int, 2)}
		if c.inPieces() {
			each.piece = &piece{size: 2, versions: make(map[string]int, 2)}
		}
		if c.Reuse != 1 {
			c.keep(a.Connection, each)
		}
	}
	each.requests++
	place := a.Place
	if place < 1 {
		place = each.requests
	}
	if a.Outcome == Hit {
		each.hits++
		each.versions[a.Version]++
		c.place(a.Version, min(place, mostPlaces)-1, 1)
		if each.piece != nil {
			c.cut(each.piece, a.Version)
		}
	}
	if a.Ends {
		each.last = place
	}
	// Requests that were dispatched at the same time may have gone by one connection
	// in another order, so the last one may come before others here.
	if each.requests == each.last || each.requests == c.Reuse {
		// It carries nothing more, so it need not wait to become the oldest.
		c.Spans.add(each, a.Number)
		c.count(each)
		if each.piece == nil {
			c.fold(each.hits, each.versions)
		}
		delete(c.open, a.Connection)
	}
}

// inPieces reports whether connections are compared piece by piece.
func (c *Connections) inPieces() bool { return c.Reuse == 0 || c.Reuse > mostPiece }

// cut adds a hit to a piece, which ends when it is full.
func (c *Connections) cut(p *piece, version string) {
	p.hits++
	p.versions[version]++
	if p.hits < p.size {
		return
	}
	c.fold(p.hits, p.versions)
	p.before += p.hits
	p.size = min(p.before, mostPiece)
	p.hits = 0
	clear(p.versions)
}

func (c *Connections) keep(id uint64, each *connection) {
	if c.open == nil {
		c.open = map[uint64]*connection{}
	}
	c.open[id] = each
	c.order = append(c.order, id)
	if len(c.order) > openConnections {
		c.closeOldest()
	}
}

func (c *Connections) closeOldest() {
	id := c.order[0]
	c.order = c.order[1:]
	if each := c.open[id]; each != nil {
		c.count(each)
		delete(c.open, id)
	}
}

func (c *Connections) count(each *connection) {
	if each.hits > 0 {
		c.Count++
	}
}

func (c *Connections) fold(hits int, versions map[string]int) {
	if hits == 0 {
		return
	}
	if c.Sizes == nil {
		c.Sizes = map[int]int64{}
		c.Hits = map[string]map[int]map[int]int64{}
	}
	c.Sizes[hits]++
	for version, x := range versions {
		c.bump(version, hits, x, 1)
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

func (c *Connections) place(version string, place int, by int64) {
	if c.Places == nil {
		c.Places = map[string][]int64{}
	}
	c.Places[version] = grown(c.Places[version], place)
	c.Places[version][place] += by
}

// grown is counts with a place for i.
func grown(counts []int64, i int) []int64 {
	if lacks := i + 1 - len(counts); lacks > 0 {
		counts = append(counts, make([]int64, lacks)...)
	}
	return counts
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
	c.Spans.merge(other.Spans)
	for version, places := range other.Places {
		for i, n := range places {
			c.place(version, min(i, mostPlaces-1), n)
		}
	}
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
