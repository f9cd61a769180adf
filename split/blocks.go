package split

// mostBlocks bounds the number of blocks: beyond it, blocks double.
const mostBlocks = 1024

// Blocks counts answers by when they were dispatched: in blocks of equally many
// requests, as many blocks as limited memory allows. A test of drift needs no
// more than this. A request's number alone says which block it is in, so
// tallies of several workers merge exactly, in any order. If the workers'
// numbers belong to one sequence, they merge into the blocks of that sequence;
// if each worker counts from 0, they merge into blocks of about the same time.
type Blocks struct {
	// Size is the number of requests in a block, a power of two: the least
	// with which no more than 1024 blocks are needed. It is 0 if the order of the
	// hits is not known.
	Size uint64 `json:"size,omitempty"`
	// Hits[v][b] counts the hits on version v among the requests with the
	// numbers b·Size to (b+1)·Size-1. It ends with the last block that has one.
	Hits map[string][]int64 `json:"hits,omitempty"`
	// Lost[b] counts the requests of a block that may have been any version.
	Lost []int64 `json:"lost,omitempty"`
}

func (b *Blocks) add(a Answer) {
	if b.Hits == nil {
		b.Size, b.Hits = 1, map[string][]int64{}
	}
	for a.Number/b.Size >= mostBlocks {
		b.double()
	}
	block := int(a.Number / b.Size)
	if a.Outcome == Hit {
		b.bump(a.Version, block, 1)
		return
	}
	b.Lost = grown(b.Lost, block)
	b.Lost[block]++
}

func (b *Blocks) bump(version string, block int, by int64) {
	b.Hits[version] = grown(b.Hits[version], block)
	b.Hits[version][block] += by
}

// double merges each two blocks into one.
func (b *Blocks) double() {
	b.Size *= 2
	for version, hits := range b.Hits {
		b.Hits[version] = paired(hits)
	}
	b.Lost = paired(b.Lost)
}

func paired(counts []int64) []int64 {
	for i := range counts {
		if i%2 == 0 {
			counts[i/2] = counts[i]
		} else {
			counts[i/2] += counts[i]
		}
	}
	return counts[:(len(counts)+1)/2]
}

// validSize reports whether a block can be of that size.
func validSize(size uint64) bool { return size != 0 && size&(size-1) == 0 && size <= 1<<54 }

// valid reports whether b is what add makes: a tally may have been read from a
// file.
func (b *Blocks) valid() bool {
	if !validSize(b.Size) || len(b.Lost) > mostBlocks {
		return false
	}
	for _, hits := range b.Hits {
		if len(hits) > mostBlocks {
			return false
		}
	}
	return true
}

func (b *Blocks) merge(other Blocks) {
	if !other.valid() {
		return
	}
	if b.Hits == nil {
		b.Size, b.Hits = other.Size, map[string][]int64{}
	}
	for b.Size < other.Size {
		b.double()
	}
	ratio := b.Size / other.Size
	for version, hits := range other.Hits {
		for i, n := range hits {
			if n != 0 {
				b.bump(version, int(uint64(i)/ratio), n)
			}
		}
	}
	for i, n := range other.Lost {
		if block := int(uint64(i) / ratio); n != 0 {
			b.Lost = grown(b.Lost, block)
			b.Lost[block] += n
		}
	}
}
