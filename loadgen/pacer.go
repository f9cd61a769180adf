package loadgen

import (
	"context"
	"time"
)

// A pacer tells vegeta when to send the next request. It waits by itself
// instead of letting vegeta sleep, because vegeta's sleep cannot be cut short,
// and it stops at the wanted count, because vegeta alone stops only by time.
type pacer struct {
	ctx       context.Context
	requests  uint64
	rate      float64 // per second; 0 is as fast as it goes
	collector *collector
}

// Pace returns when the request with number hits is due: hits/rate after the
// beginning. A run that has fallen behind catches up as fast as its connections
// allow.
func (p *pacer) Pace(elapsed time.Duration, hits uint64) (wait time.Duration, stop bool) {
	if hits >= p.requests || p.ctx.Err() != nil {
		return 0, true
	}
	if p.rate > 0 {
		due := time.Duration(float64(hits) / p.rate * float64(time.Second))
		if due > elapsed && !sleep(p.ctx, due-elapsed) {
			return 0, true
		}
	}
	return 0, !p.collector.flow.Admit(p.ctx, hits)
}

// Rate implements vegeta.Pacer.
func (p *pacer) Rate(time.Duration) float64 { return p.rate }

// sleep returns false if ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
