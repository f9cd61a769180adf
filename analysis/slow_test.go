package analysis

import (
	"container/heap"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/splitcheck/splitcheck/split"
)

// A loop is a client with some connections in use, each opened afresh when it is
// used up. gap is the time from one request to the next at least: 0 is a closed
// loop. v2 has the share and takes slow times as long as v1.
type loop struct {
	n, connections, reuse int
	share, slow, gap      float64
}

type busy struct {
	until         float64
	connection    uint64
	place, length int
}

type busyLanes []*busy

func (b busyLanes) Len() int           { return len(b) }
func (b busyLanes) Less(i, j int) bool { return b[i].until < b[j].until }
func (b busyLanes) Swap(i, j int)      { b[i], b[j] = b[j], b[i] }
func (b *busyLanes) Push(x any)        { *b = append(*b, x.(*busy)) }
func (b *busyLanes) Pop() any {
	last := (*b)[len(*b)-1]
	*b = (*b)[:len(*b)-1]
	return last
}

func (l loop) tally(random *rand.Rand) *split.Tally {
	tally := &split.Tally{}
	tally.Connections.Reuse = l.reuse
	next := random.Uint64() >> 1
	var lanes busyLanes
	var idle []*busy
	for range l.connections {
		idle = append(idle, &busy{})
	}
	now := 0.
	for i := range l.n {
		for len(lanes) > 0 && (lanes[0].until <= now || len(idle) == 0) {
			now = max(now, lanes[0].until)
			idle = append(idle, heap.Pop(&lanes).(*busy))
		}
		at := random.IntN(len(idle))
		lane := idle[at]
		idle[at] = idle[len(idle)-1]
		idle = idle[:len(idle)-1]
		if lane.place == lane.length {
			lane.connection, lane.place, lane.length = next, 0, split.Length(next, l.reuse)
			next++
		}
		lane.place++
		version, took := "v1", 0.5+random.ExpFloat64()
		if random.Float64() < l.share {
			version, took = "v2", took*l.slow
		}
		tally.Add(split.Answer{
			Number: uint64(i), Connection: lane.connection, Place: lane.place, Ends: lane.place == lane.length, Version: version,
		})
		lane.until = now + took
		heap.Push(&lanes, lane)
		now += l.gap
	}
	tally.Close()
	return tally
}

// A slow version breaks no gate of a correct split. At a level a hundred times
// greater than the default the rates can be seen in few samples; the tests are the
// same.
func TestSlowVersionsBreakNoGate(t *testing.T) {
	const samples, budget = 150, 0.02
	random := rand.New(rand.NewPCG(4, 4))
	var all, broken float64
	for _, test := range []loop{
		{3000, 20, 4, 0.01, 50, 0}, {3000, 20, 4, 0.01, 500, 0}, {1934, 50, 10, 0.1, 500, 0}, {1934, 50, 10, 0.1, 20, 0},
		{1934, 1, 10, 0.1, 500, 0}, {1934, 10, 10, 0.1, 100, 2}, {3000, 20, 4, 0.01, 500, 1}, {1000, 10, 10, 0.5, 50, 0},
	} {
		count := 0.
		for range samples {
			for _, gate := range judgeGates(test.tally(random), budget) {
				if gate.Broken {
					count++
					break
				}
			}
		}
		// 3 are expected at most; 12 come with a probability of 1e-4.
		assert.LessOrEqual(t, count, 12., "%+v", test)
		all, broken = all+samples, broken+count
	}
	assert.LessOrEqual(t, broken/all, budget+3*math.Sqrt(budget/all))
}

// The first request of each connection goes to v1, the others so that 90/10 comes
// out in total: a client with a connection per request would see 100/0.
func TestPlaceFindsFirstRequests(t *testing.T) {
	random := rand.New(rand.NewPCG(12, 1))
	tally := &split.Tally{}
	tally.Connections.Reuse = 10
	const mean = 7.5 // requests on a connection
	connection, place := uint64(0), 0
	for i := range uint64(1934) {
		place++
		a := split.Answer{Number: i, Connection: connection, Place: place, Version: "v1"}
		if place > 1 && random.Float64() < 0.1*mean/(mean-1) {
			a.Version = "v2"
		}
		if a.Ends = place == split.Length(connection, 10); a.Ends {
			connection, place = connection+1, 0
		}
		tally.Add(a)
	}
	tally.Close()
	j := Judge(planned(t, "v1=90,v2=10"), tally)
	assert.Equal(t, Inconclusive, j.Verdict)
	assert.Contains(t, said(j.Reasons[0]), "number 1 of their connection")
	assert.Contains(t, said(j.Advice[0]), "request number 1")
}

// One of two gateways is right, the other sends everything to v2.
func TestAddressFindsTheOtherGateway(t *testing.T) {
	random := rand.New(rand.NewPCG(11, 1))
	tally := &split.Tally{}
	for i := range uint64(4433) {
		a := split.Answer{Number: i, Connection: i, Address: []string{"192.0.2.1:80", "192.0.2.2:80"}[i%2], Version: "v2"}
		if i%2 == 0 && random.IntN(2) == 0 {
			a.Version = "v1"
		}
		tally.Add(a)
	}
	tally.Close()
	j := Judge(planned(t, "v1=25,v2=75"), tally)
	assert.Equal(t, Inconclusive, j.Verdict)
	assert.Contains(t, said(j.Reasons[0]), "the addresses of the target split differently")
	assert.Contains(t, said(j.Reasons[0]), "192.0.2.")
}
