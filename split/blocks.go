package split

// mostBlocks bounds the number of blocks: beyond it, blocks double.
const mostBlocks = 64

// Blocks counts hits by when they were dispatched: in blocks of equally many
// requests, as many blocks as limited memory allows. A test of drift needs no
// more than this. A request's number alone says which block it is in, so
// tallies of several workers merge exactly, in any order. If the workers'
// numbers belong to one sequence, they merge into the blocks of that sequence;
// if each worker counts from 0, they merge into blocks of about the same time.
type Blocks struct {
	// Size is the number of requests in a block, a power of two: the least
	// with which no more than 64 blocks are needed. It is 0 if the order of the
	// hits is not known.
	Size uint64 `json:"size,omitempty"`
	// Hits[v][b] counts the hits on version v among the requests with the
	// numbers b·Size to (b+1)·Size-1. It ends with the last block that has one.
	Hits map[string][]int64 `json:"hits,omitempty"`
}

func (b *Blocks) add(number uint64, version string) {
	if b.Hits == nil {
		b.Size, b.Hits = 1, map[string][]int64{}
	}
	for number/b.Size >= mostBlocks {
		b.double()
	}
	b.bump(version, int(number/b.Size), 1)
}

func (b *Blocks) bump(version string, block int, by int64) {
	hits := b.Hits[version]
	if lacks := block + 1 - len(hits); lacks > 0 {
		hits = append(hits, make([]int64, lacks)...)
		b.Hits[version] = hits
	}
	hits[block] += by
}

// double merges each two blocks into one.
func (b *Blocks) double() {
	b.Size *= 2
	for version, hits := range b.Hits {
		for i := range hits {
			if i%2 == 0 {
				hits[i/2] = hits[i]
			} else {
				hits[i/2] += hits[i]
			}
		}
		b.Hits[version] = hits[:(len(hits)+1)/2]
	}
}

// valid reports whether b is what add makes: a tally may have been read from a
// file.
func (b *Blocks) valid() bool {
	if b.Size == 0 || b.Size&(b.Size-1) != 0 || b.Size > 1<<58 {
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
}
