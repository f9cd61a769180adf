package mesh

import (
	"github.com/splitcheck/splitcheck/internal/routing"
)

// A plan is a rule with everything looked up that its requests need.
type plan struct {
	rule  *routing.Rule
	arms  []arm
	total uint64

	leaks []leak
	first *arm // of each connection, where a defect makes it so
	draws drawing
	cycle []uint16 // of arms, for alternation
}

// An arm is one destination of the choice.
type arm struct {
	weight    uint64
	dest      *routing.Destination // nil where a defect or kube-proxy made the arm
	endpoints *endpoints           // nil for a cluster that does not exist
}

// A leak sends a share of the requests to an arm whatever its weight.
type leak struct {
	share float64
	arm   arm
}

// A drawing says what a choice is keyed by. Envoy draws for each request; the
// others are defects.
//
//differential:elsewhere scenario version-test-90-10
type drawing uint8

const (
	perRequest drawing = iota
	perConnection
	perClient
	inTurn
)

func (v *view) makePlan(rule *routing.Rule, called string) *plan {
	p := &plan{rule: rule}
	for i := range rule.Destinations {
		d := &rule.Destinations[i]
		p.arms = append(p.arms, arm{weight: uint64(d.Weight), dest: d, endpoints: v.endpoints(d.Cluster)})
		p.total += uint64(d.Weight)
	}
	if len(v.snap.defects) > 0 && len(p.arms) > 0 {
		return v.disturb(p, called)
	}
	return p
}

// choose draws the arm. The weights stand for consecutive intervals, in which
// a 64-bit number is placed by its remainder, as in Envoy's
// weighted_cluster_specifier. It returns nil where the weights sum to zero.
//
//differential:elsewhere scenario version-test-90-10
func (p *plan) choose(v *view, c *call) *arm {
	for i := range p.leaks {
		if c.choice.below(forLeak, uint64(i), p.leaks[i].share) {
			return &p.leaks[i].arm
		}
	}
	if p.total == 0 {
		return nil
	}
	if p.first != nil && c.origin.place == 0 {
		return p.first
	}
	var value uint64
	switch p.draws {
	case inTurn:
		return &p.arms[p.cycle[c.origin.number%uint64(len(p.cycle))]]
	case perConnection:
		value = request(c.origin.seed, c.origin.connection).draw(forArm, hashed(c.service))
	case perClient:
		value = request(c.origin.seed, hashed(clientIP(c.origin.client))).draw(forArm, hashed(c.service))
	default:
		value = c.choice.draw(forArm, 0)
	}
	value %= p.total
	for i := range p.arms {
		if value < p.arms[i].weight {
			return &p.arms[i]
		}
		value -= p.arms[i].weight
	}
	return nil
}

// maxCycle bounds the length of an alternation.
const maxCycle = 10_000

// turns lays out a strict alternation by smooth weighted round robin: each arm
// comes as often in a cycle as its weight, spread as evenly as can be.
func (p *plan) turns() []uint16 {
	divisor, weights := uint64(0), make([]int64, len(p.arms))
	for _, a := range p.arms {
		divisor = gcd(divisor, a.weight)
	}
	if divisor == 0 {
		return nil
	}
	// Weights that are too fine for a cycle are rounded.
	divisor = max(divisor, (p.total+maxCycle-1)/maxCycle)
	var length, at int64
	for i, a := range p.arms {
		weights[i] = int64((a.weight + divisor/2) / divisor)
		length += weights[i]
	}
	cycle, current := make([]uint16, length), make([]int64, len(p.arms))
	for ; at < length; at++ {
		best := 0
		for i := range current {
			current[i] += weights[i]
			if current[i] > current[best] {
				best = i
			}
		}
		current[best] -= length
		cycle[at] = uint16(best)
	}
	return cycle
}

func gcd(a, b uint64) uint64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
