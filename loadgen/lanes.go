package loadgen

import (
	"context"
	"math/rand/v2"
	"net/http"
	"sync"

	"github.com/splitcheck/splitcheck/split"
)

// A lane carries one request at a time.
type lane struct {
	transport *http.Transport
	// connection is what carried the last request, used how many it has
	// carried, and length how many it is to carry; 0 if any number.
	connection   uint64
	used, length int
}

// carries notes that a request goes by a connection.
func (l *lane) carries(connection uint64, reuse int) {
	if connection != l.connection {
		l.connection, l.used, l.length = connection, 0, split.Length(connection, reuse)
	}
	l.used++
}

// usedUp reports whether the connection has carried all that it was to carry.
func (l *lane) usedUp() bool { return l.length > 0 && l.used >= l.length }

// Lanes are those that are free. Which one a request gets is drawn at random: if
// lanes took turns, as in a queue, a gateway whose versions take turns could give
// each of them a version of its own.
type lanes struct {
	free chan struct{} // has as many as there are in idle
	mu   sync.Mutex
	idle []*lane
}

func newLanes(n int) *lanes { return &lanes{free: make(chan struct{}, n)} }

// take waits for a free lane.
func (l *lanes) take(ctx context.Context) (*lane, error) {
	select {
	case <-l.free:
		return l.draw(), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// takeIdle returns a free lane, or nil if there is none.
func (l *lanes) takeIdle() *lane {
	select {
	case <-l.free:
		return l.draw()
	default:
		return nil
	}
}

func (l *lanes) draw() *lane {
	l.mu.Lock()
	defer l.mu.Unlock()
	i, last := rand.IntN(len(l.idle)), len(l.idle)-1
	drawn := l.idle[i]
	l.idle[i], l.idle[last] = l.idle[last], nil
	l.idle = l.idle[:last]
	return drawn
}

func (l *lanes) give(back *lane) {
	l.mu.Lock()
	l.idle = append(l.idle, back)
	l.mu.Unlock()
	l.free <- struct{}{}
}
