package mesh

import (
	"slices"
	"sync"

	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/split"
)

// Lanes say which connection a request goes by: as many lanes as connections are
// in use at once, each of which changes its connection after the number of
// requests that split.Length draws. Of as many consecutive requests each lane has
// one, beginning with one that is drawn anew each time: a client uses whichever
// connection is free. All of it follows from the request's number and the seed,
// whatever the order in which requests are answered.
type lanes struct {
	connections uint64
	reuse       int
	seed        uint64

	mu sync.Mutex
	// ends[l] are, for the connections of a lane, the numbers of requests that the
	// lane has carried at their end.
	ends [][]uint64
}

func newLanes(load target.Load, seed uint64) *lanes {
	l := &lanes{connections: uint64(max(load.Connections, 1)), reuse: max(load.Reuse, 0), seed: seed}
	l.ends = make([][]uint64, l.connections)
	return l
}

// connection returns the connection of a request, its place on it from 0, and
// whether the connection ends with it.
func (l *lanes) connection(number uint64) (connection, place uint64, ends bool) {
	if l.reuse == 1 {
		return number, 0, true
	}
	round, lane := number/l.connections, uint64(0)
	if l.connections > 1 {
		lane = (number%l.connections + mix(l.seed+round*golden)) % l.connections
	}
	if l.reuse == 0 {
		return lane, round, false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	until := l.ends[lane]
	if last := len(until) - 1; round > farAhead && (last < 0 || until[last] < round-farAhead) {
		return number, 0, true
	}
	for len(until) == 0 || until[len(until)-1] <= round {
		var before uint64
		if len(until) > 0 {
			before = until[len(until)-1]
		}
		next := l.name(lane, len(until))
		until = append(until, before+uint64(split.Length(next, l.reuse)))
	}
	l.ends[lane] = until
	at, _ := slices.BinarySearch(until, round+1)
	if at > 0 {
		place = round - until[at-1]
	} else {
		place = round
	}
	return l.name(lane, at), place, round+1 == until[at]
}

// farAhead is how many requests of a lane are not sent before an earlier one. What
// comes later, such as a login, which has the greatest number there is, belongs to
// no lane and has a connection of its own.
const farAhead = 1 << 20

// name numbers the nth connection of a lane.
func (l *lanes) name(lane uint64, n int) uint64 { return uint64(n)*l.connections + lane }
